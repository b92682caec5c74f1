"""The fields about the system sold, its price, and how it is billed."""

from contracts_service.fields.schedule import CURE, OFFSETS
from contracts_service.fields.spec import Choice, FieldSpec, Kind

ENERGY_RATES = ("USD/kWh", "USD/MWh")
CAPACITY_RATES = ("USD/kW-month", "USD/kW-year")
ALL_RATES = (*ENERGY_RATES, *CAPACITY_RATES, "USD/cycle")

SOLUTION_TYPES = (
    Choice(
        "MG_UNCONSTRAINED",
        (r"\bunconstrained\s+micro-?grid\b", r"\bmicro-?grid\b[^.;]{0,20}\bunconstrained\b"),
    ),
    Choice(
        "MG_CONSTRAINED",
        (r"(?<!un)\bconstrained\s+micro-?grid\b", r"\bmicro-?grid\b[^.;]{0,20}(?<!un)\bconstrained\b"),
    ),
    Choice(
        "PP_BATTERY",
        (
            r"\bpower\s*purchase\b[^.;]{0,40}\b(?:battery|storage)\b",
            r"\bpp[- ]battery\b",
            r"\bbattery\s+solution\b",
        ),
    ),
    Choice(
        "PP_STANDARD",
        (
            r"\b(?:standard|grid-parallel)\s+(?:solution|power\s*purchase)\b",
            r"\bpp[- ]standard\b",
            r"\bpower\s*purchase\s*[(,-]?\s*standard\b",
        ),
    ),
)

SYSTEM = (
    FieldSpec(
        name="capacity",
        group="system",
        kind=Kind.QUANTITY,
        label="Capacity",
        units=("kW", "MW"),
        description="The total capacity of all systems under this agreement, not that of one system.",
        cues=(
            r"\b(?:aggregate|total|contract|combined|project|facility|portfolio|system|installed)\b[^.;]{0,40}\bcapacity\b",
            r"(?<!nameplate )\bcapacity\b[^.;\n\d]{0,40}(?=\d)",
            r"\bcapacity\s+of\s+(?:the\s+)?(?:facility|project|portfolio)\b",
        ),
        rivals=(
            r"\bpower\s+product\b",
            r"\b(?:each|per|individual)\s+(?:bloom\s+)?(?:energy\s+)?(?:system|server)\b",
            r"\bminimum\b",
            r"\bload\b",
        ),
    ),
    FieldSpec(
        name="system_nameplate",
        group="system",
        kind=Kind.QUANTITY,
        label="System nameplate",
        units=("kW", "MW"),
        description="The nameplate capacity of one system or energy server.",
        cues=(
            r"\bnameplate(?:\s+(?:capacity|rating|power))?\b",
            r"\b(?:each|per)\s+(?:bloom\s+)?(?:energy\s+)?(?:system|server)\b",
        ),
        rivals=(
            r"\b(?:aggregate|total|combined|portfolio)\b[^.;]{0,40}\bnameplate(?:\s+(?:capacity|rating|power))?\b",
            r"\bpower\s+product\b",
        ),
    ),
    FieldSpec(
        name="system_count",
        group="system",
        kind=Kind.INTEGER,
        label="Number of systems",
        units=("count",),
        description="How many systems or energy servers the agreement covers.",
        cues=(
            r"\bnumber\s+of\s+(?:active\s+)?(?:bloom\s+)?(?:energy\s+)?(?:systems|servers)\b",
            r"\b(?:bloom\s+)?(?:energy\s+)?(?:systems|servers)\b",
        ),
        rivals=(r"\bor\s+more\b", r"\byears?\b", r"\bsection\b", r"\badd(?:s|ed|ing|itional)?\b"),
    ),
    FieldSpec(
        name="voltage",
        group="system",
        kind=Kind.QUANTITY,
        label="Voltage",
        units=("V", "kV"),
        description="The voltage at which the system connects.",
        cues=(r"\bvoltage\b", r"\binterconnect", r"\bdeliver(?:y|ed)\b", r"\bvolts?\b", r"\bconnect"),
        rivals=(r"\btransformers?\b", r"\btelephone\b"),
    ),
    FieldSpec(
        name="solution_type",
        group="system",
        kind=Kind.ENUM,
        label="Solution type",
        units=("enum",),
        description="The solution sold: power purchase, standard or with battery, or a kind of microgrid.",
        cues=(r"\bsolution\b", r"\bmicro-?grid\b", r"\bpower\s*purchase\b"),
        choices=SOLUTION_TYPES,
    ),
    FieldSpec(
        name="site_address",
        group="system",
        kind=Kind.TEXT,
        label="Site address",
        units=("text",),
        description="The postal address of the site where the systems stand, not a party's notice address.",
        cues=(r"\bsite\b", r"\bpremises\b", r"\blocated\s+at\b", r"\bfacility\b"),
        rivals=(
            r"\bnotices?\b",
            r"\battention\b",
            r"\btelephone\b",
            r"\bfax\b",
            r"\bto\s+(?:owner|operator|buyer|seller)\s*:",
        ),
        # A house number or a postcode, or a place and its state; not "Solar Partners 1, LLC".
        form=r"^(?!.*\b(?:inc|ltd|corp|llc|llp|lp|co|l\.l\.c|l\.p)\.?$)(?:.*\d|.*,\s*[a-z]+(?:\s[a-z]+)?\.?$)",
    ),
)

_FLOOR = r"\b(?:price\s+floor|floor\s+price|minimum\s+price|floor)\b"
_CAP = r"\b(?:price\s+cap|cap\s+price|maximum\s+price|ceiling|cap)\b"

PRICE = (
    FieldSpec(
        name="energy_price",
        group="price",
        kind=Kind.RATE,
        label="Energy price",
        units=ENERGY_RATES,
        description="The price of a unit of energy in the first contract year.",
        cues=(
            r"\b(?:energy|contract|unit|purchase|electricity|output)\s+(?:price|rate|charge)\b",
            r"\bprice\b",
            r"\brate\s+per\s+kwh\b",
        ),
        rivals=(r"\bgas\b", r"\btariff\b", r"\bfee\b", r"\bdamages\b", r"\bcredit\b"),
    ),
    FieldSpec(
        name="capacity_price",
        group="price",
        kind=Kind.RATE,
        label="Capacity price",
        units=CAPACITY_RATES,
        description="The price of a kilowatt of capacity for a month or a year.",
        cues=(r"\bcapacity\s+(?:price|rate|charge|payment|fee)\b", r"\bdemand\s+charge\b"),
        rivals=(r"\bservice\s+fees?\b",),
    ),
    FieldSpec(
        name="service_fee",
        group="price",
        kind=Kind.RATE,
        label="Service fee",
        units=ALL_RATES,
        description="The fee for operation and maintenance services, with what it is counted per.",
        cues=(r"\b(?:services?|o&m|maintenance|operating)\s+fees?\b",),
    ),
    FieldSpec(
        name="escalator",
        group="price",
        kind=Kind.PERCENT,
        label="Escalator",
        units=("%/year",),
        description="The fixed yearly percentage by which the price or fee rises.",
        cues=(r"\bescalat", r"\bannual\s+increase\b", r"\bincrease[sd]?\b"),
        rivals=(r"\binterest\b", r"\bdegrad", r"\bcpi\b", r"\bconsumer\s+price\b"),
    ),
    FieldSpec(
        name="take_or_pay",
        group="price",
        kind=Kind.QUANTITY,
        label="Take or pay",
        units=("kWh", "MWh"),
        description="The energy that the buyer pays for whether it takes it or not.",
        cues=(r"\btake[- ]or[- ]pay\b", r"\bminimum\s+(?:annual\s+)?(?:purchase|quantity|offtake|energy)\b"),
        rivals=(r"\bactual\b", r"\bunderperformance\b", r"\bminimum\s+kwh\b"),
    ),
    FieldSpec(
        name="price_floor",
        group="price",
        kind=Kind.RATE,
        label="Price floor",
        units=ENERGY_RATES,
        description="The lowest price that an adjustment can lead to.",
        cues=(
            _FLOOR,
            r"\bprice\b[^.;\d]{0,100}\bnot\s+be\s+(?:less|lower)\s+than\b",
            r"\bprice\b[^.;]{0,40}\bless\s+than\b",
        ),
        akin=("energy_price",),
    ),
    FieldSpec(
        name="price_cap",
        group="price",
        kind=Kind.RATE,
        label="Price cap",
        units=ENERGY_RATES,
        description="The highest price that an adjustment can lead to.",
        cues=(
            _CAP,
            r"\bprice\b[^.;\d]{0,160}\bnot\s+(?:exceed|be\s+(?:more|greater|higher)\s+than)\b",
            r"\bprice\b[^.;]{0,40}\bexceed\b",
        ),
        akin=("energy_price",),
    ),
)

BILLING = (
    FieldSpec(
        name="invoice_due",
        group="billing",
        kind=Kind.RELATIVE_DATE,
        label="Invoice due",
        units=OFFSETS,
        description="How long after an invoice it must be paid.",
        cues=(
            r"\b(?:payable|pay|payment|due|paid)\b[^.;]{0,100}\binvoices?\b",
            r"\binvoices?\b(?!\s+dates?\b)",
            r"\bbills?\b(?!\s+of\b)",
        ),
        rivals=(*CURE, r"\binvoiced\s+not\s+later\b", r"\bshall\s+(?:be\s+)?invoiced?\b", r"\breimburse"),
    ),
    FieldSpec(
        name="late_interest",
        group="billing",
        kind=Kind.PERCENT,
        label="Late interest",
        units=("%/month", "%/year"),
        description="The interest rate on overdue amounts, with the month or year it is counted for.",
        cues=(r"\binterest\b", r"\b(?:overdue|past\s+due|late\s+payment)\b"),
        rivals=(r"\bequity\s+interest\b",),
    ),
    FieldSpec(
        name="dispute_notice",
        group="billing",
        kind=Kind.RELATIVE_DATE,
        label="Invoice dispute notice",
        units=OFFSETS,
        description="How long after an invoice the payer may dispute it.",
        cues=(
            r"\bdisput\w*\b[^.;]{0,80}\b(?:invoices?|bills?|statements?|amounts?)\b",
            r"\b(?:invoices?|bills?|statements?|amounts?)\b[^.;]{0,80}\bdisput\w*",
            r"\binvoice\s+dispute",
        ),
        rivals=CURE,
        akin=("invoice_due",),
    ),
)
