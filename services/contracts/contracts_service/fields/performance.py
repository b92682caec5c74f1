"""The fields about what is guaranteed, what is reported, and who owns the environmental attributes."""

from contracts_service.fields.schedule import CURE, OFFSETS
from contracts_service.fields.spec import FieldSpec, Kind

_ACTUAL = r"\bactual\b[^.;%]{0,30}"
# Up to a share, without the name of another period in between.
_ONE_PERIOD = r"(?:(?!\b(?:each|any|every|per)\b)[^.;%]){0,200}"
_OUTPUT = r"(?:output|power\s+performance|performance|power)"


def _percent(
    name: str,
    label: str,
    basis: tuple[str, ...],
    description: str,
    cues: tuple[str, ...],
    rivals: tuple[str, ...] = (),
    basis_term: str = "",
) -> FieldSpec:
    units = ("%", *(f"% {one}" for one in basis))
    return FieldSpec(
        name=name,
        group="guarantees",
        kind=Kind.PERCENT,
        label=label,
        units=units,
        description=description,
        cues=cues,
        rivals=(_ACTUAL, r"\bbudget", *rivals),
        basis_term=basis_term,
    )


GUARANTEES = (
    _percent(
        "output_month",
        "Monthly output guarantee",
        ("NAMEPLATE",),
        "The share of nameplate capacity guaranteed as output over one month.",
        (
            rf"\bone-?\s?month\s+{_OUTPUT}\b",
            rf"\bmonthly\s+{_OUTPUT}\b",
            rf"\b{_OUTPUT}\b[^.;%]{{0,60}}\b(?:each|any|every|per)\s+(?:full\s+)?(?:calendar\s+)?month\b",
            r"\b(?:each|any|every)\s+(?:full\s+)?(?:calendar\s+)?month\b[^.;%]{0,60}\bnameplate\b",
            rf"\bin\s+(?:each|any|every)\s+(?:full\s+)?(?:calendar\s+)?month\b{_ONE_PERIOD}%?\)?\s+of\s+(?:the\s+)?nameplate\b",
        ),
        (r"\befficiency\b", r"\bavailability\b"),
    ),
    _percent(
        "output_year",
        "Yearly output guarantee",
        ("NAMEPLATE",),
        "The share of nameplate capacity guaranteed as output over one year.",
        (
            rf"\bone-?\s?year\s+{_OUTPUT}\b",
            rf"\b(?:annual|yearly)\s+{_OUTPUT}\b",
            rf"\b{_OUTPUT}\b[^.;%]{{0,60}}\b(?:each|any|every|per)\s+(?:full\s+)?(?:calendar\s+|contract\s+)?year\b",
            r"\b(?:each|any|every)\s+(?:full\s+)?(?:calendar\s+|contract\s+)?year\b[^.;%]{0,60}\bnameplate\b",
            rf"\bin\s+(?:each|any|every)\s+(?:full\s+)?(?:calendar\s+|contract\s+)?year\b{_ONE_PERIOD}%?\)?\s+of\s+(?:the\s+)?nameplate\b",
        ),
        (r"\befficiency\b", r"\bavailability\b"),
    ),
    _percent(
        "efficiency",
        "Efficiency guarantee",
        ("LHV", "HHV"),
        "The guaranteed electrical efficiency, with the heating value it is based on.",
        (
            r"\bminimum\s+(?:electrical\s+)?efficiency\b",
            r"\bguaranteed\s+(?:electrical\s+)?efficiency\b",
            r"\befficiency\s+(?:level|warranty|guarant\w+)\b",
            r"\befficiency\s+(?:\w+\s+){0,4}(?:at\s+least|(?:not|no)\s+less\s+than|of)\b",
        ),
        (r"\bround[- ]trip\b", r"\befficiency\s+bank\b"),
        basis_term="efficiency",
    ),
    _percent(
        "availability",
        "Availability guarantee",
        (),
        "The guaranteed availability of the systems.",
        (r"\b(?:guaranteed\s+|minimum\s+)?availability\b", r"\buptime\b"),
        (r"\befficiency\b",),
    ),
    FieldSpec(
        name="heat_rate",
        group="guarantees",
        kind=Kind.QUANTITY,
        label="Heat rate guarantee",
        units=("BTU/kWh",),
        description="The guaranteed heat rate, in BTU of fuel for a kilowatt-hour.",
        cues=(r"\bheat\s+rate\b",),
        rivals=(_ACTUAL,),
    ),
    FieldSpec(
        name="btu_per_kwh",
        group="guarantees",
        kind=Kind.QUANTITY,
        label="BTU per kWh conversion",
        units=("BTU/kWh",),
        description="The factor by which the document converts kilowatt-hours into BTU.",
        cues=(r"\bconver(?:sion|ts?|ted)\b", r"\bbtus?\s*(?:per|/)\s*kwhs?\b"),
    ),
    FieldSpec(
        name="critical_output",
        group="guarantees",
        kind=Kind.QUANTITY,
        label="Critical output",
        units=("kW", "MW"),
        description="The power guaranteed to critical load during a grid outage.",
        cues=(r"\bcritical\s+(?:output|load|power)\b",),
        rivals=(r"\bpower\s+product\b",),
    ),
    FieldSpec(
        name="guarantee_cap",
        group="guarantees",
        kind=Kind.MONEY,
        label="Guarantee cap",
        units=("USD",),
        description="The most that is paid for missed guarantees.",
        cues=(
            r"\b(?:guarant\w+|warrant\w+)\b[^.;]{0,80}\b(?:payments?|damages|liability)\b[^.;]{0,60}\b(?:exceed|capped|cap|limit)",
            r"\b(?:guarantee|warranty|performance|liquidated\s+damages)\s+cap\b",
            r"\bcap\s+on\b[^.;]{0,40}\b(?:guarant|warrant)\w*",
        ),
        akin=("liability_cap",),
    ),
)


def _due(
    name: str,
    label: str,
    description: str,
    cues: tuple[str, ...],
    rivals: tuple[str, ...] = (),
    akin: tuple[str, ...] = (),
) -> FieldSpec:
    return FieldSpec(
        name=name,
        group="reporting",
        kind=Kind.RELATIVE_DATE,
        label=label,
        units=OFFSETS,
        description=description,
        cues=cues,
        rivals=(*CURE, *rivals),
        akin=akin,
    )


REPORTING = (
    _due(
        "annual_report_due",
        "Annual report due",
        "When the yearly performance report is due.",
        (
            r"\b(?:annual|yearly)\s+(?:\w+\s+){0,2}reports?\b",
            r"\breports?\b[^.;]{0,80}\b(?:calendar|contract|fiscal)\s+year\b",
        ),
        (r"\btechnician\b", r"\bservice\s+reports?\b"),
    ),
    _due(
        "service_report_due",
        "Service report due",
        "When the report of a service visit is due.",
        (
            r"\bservice\s+(?:visit\s+)?reports?\b",
            r"\btechnician\b",
            r"\bdispatch",
            r"\breports?\b[^.;]{0,120}\bservices?\b",
            r"\breports?\b[^.;]{0,40}\bwork\s+(?:done|performed|carried\s+out)\b",
        ),
        (r"\binvoices?\b", r"\bcertificate\b"),
    ),
    _due(
        "warranty_determination_due",
        "Warranty determination due",
        "When it is determined whether the guaranteed performance was met in a period.",
        (
            r"\bshall\s+(?:determine|calculate)\b",
            r"\bperformance\s+warranty\s+period\b",
        ),
        (r"\bclaims?\b", r"\breports?\b", r"\brepairs?\b", r"\bstatement\b"),
    ),
    _due(
        "repair_determination_due",
        "Repair determination due",
        "When it is determined, after a warranty claim, whether to repair, replace or refund.",
        (
            r"\bsuch\s+determination\b",
            r"\brepair\s+or\s+replace",
            r"\bnotice\s+of\s+(?:the|such|a)\s+(?:warranty\s+)?claim\b",
        ),
        (r"\breports?\b", r"\bend\s+of\b[^.;]{0,20}\b(?:month|year)\b", r"\binvoices?\b"),
    ),
    _due(
        "gas_reimbursement_due",
        "Gas reimbursement due",
        "When a shortfall in the cost of gas is reimbursed.",
        (
            r"\bgas\s+(?:payment\s+|cost\s+)?(?:shortfall|reimbursement)\b",
            r"\breimburse\w*\b[^.;]{0,60}\b(?:gas|fuel|shortfall)\b",
        ),
        (r"\binvoices?\b", r"\breports?\b"),
    ),
)

ENVIRONMENTAL = (
    FieldSpec(
        name="rec_owner",
        group="environmental",
        kind=Kind.TEXT,
        label="REC owner",
        units=("text",),
        description="The party that owns the renewable energy credits and other environmental attributes.",
        cues=(
            r"\brecs?\b",
            r"\brenewable\s+energy\s+(?:credits?|certificates?)\b",
            r"\benvironmental\s+attributes?\b",
        ),
        akin=("rec_type",),
        form=r"^(?!.*\b(?:class|tier|recs?|certificates?|credits?)\b)",
    ),
    FieldSpec(
        name="rec_type",
        group="environmental",
        kind=Kind.TEXT,
        label="REC type",
        units=("text",),
        description="The class or tier of the renewable energy credits, as the document names it.",
        cues=(
            r"\brecs?\b",
            r"\brenewable\s+energy\s+(?:credits?|certificates?)\b",
            r"\bclass\s+i{1,2}\b",
            r"\btier\s+[12]\b",
        ),
        akin=("rec_owner",),
        form=r"\b(?:class|tier|recs?|srecs?|zrecs?|lrecs?|renewable|certificates?|credits?|attributes?)\b",
    ),
)
