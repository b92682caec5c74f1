"""The fields about when: dates fixed in the document, its term, renewal and warranty end."""

from contracts_service.fields.spec import FieldSpec, Kind

CURE = (
    r"\bcure[sd]?\b",
    r"\bfail(?:ure|s|ed)\b",
    r"\bdefault(?:s|ing)?\b",
    r"\bbreach\b",
    r"\b(?:dismissed|vacated|stayed|remedied)\b",
)
OFFSETS = ("days", "business days", "months", "years")


def _date(
    name: str,
    label: str,
    description: str,
    cues: tuple[str, ...],
    front_cues: tuple[str, ...] = (),
    *,
    of_itself: bool = False,
) -> FieldSpec:
    return FieldSpec(
        name=name,
        group="dates",
        kind=Kind.DATE,
        label=label,
        units=("date",),
        description=description,
        cues=cues,
        rivals=(
            r"\bmeans\s+(?:that\s+certain|the)\b(?:[^;\n]{0,160}\b(?:dated|effective)\b(?:\s+as\s+of\b)?)?",
            r"\bamong\b",
            r"\bsource:[^\n]*",
            r"\bas\s+amended\b",
        ),
        front_cues=front_cues,
        of_itself=of_itself,
    )


DATES = (
    _date(
        "agreement_date",
        "Agreement date",
        "The date as of which this very agreement is dated or made.",
        (
            r"\(this\s+[\"']agreement[\"'](?:\s+or\s+[\"'][^\"'()]{1,40}[\"'])?\)",
            r"\bthis\b[^.;]{0,60}\bagreement\b[^.;]{0,60}\b(?:dated|made|entered)\b",
            r"\bmade\s+and\s+entered\s+into\b",
            r"\bagreement\s+date\b",
        ),
        front_cues=(r"\bdated\b", r"\bas\s+of\b", r"\b(?:made|entered\s+into)\b"),
        of_itself=True,
    ),
    _date(
        "effective_date",
        "Effective date",
        "The date on which this agreement takes effect.",
        (
            r"\beffective\s+(?:date|as\s+of|on)\b",
            r"\bcomes?\s+into\s+(?:force|effect)\b",
            r"\btakes?\s+effect\b",
        ),
    ),
    _date(
        "scheduled_cod",
        "Scheduled COD",
        "The scheduled or target date of commercial operation.",
        (
            r"\b(?:scheduled|target(?:ed)?|expected|anticipated)\b[^.;]{0,40}\b(?:commercial\s+operations?|cod)\b",
        ),
    ),
    _date(
        "guaranteed_cod",
        "Guaranteed COD",
        "The latest date of commercial operation that is guaranteed.",
        (r"\bguaranteed\b[^.;]{0,40}\b(?:commercial\s+operations?|cod|completion)\b", r"\boutside\s+date\b"),
    ),
    _date(
        "expiration_date",
        "Expiration date",
        "The calendar date on which this agreement expires, if it names one.",
        (r"\bexpir(?:e|es|ation|y|ing)\b", r"\bterm\b[^.;]{0,60}\b(?:ends?|ending|until)\b"),
    ),
)

TERM = (
    FieldSpec(
        name="term_years",
        group="term",
        kind=Kind.QUANTITY,
        label="Term",
        units=("years",),
        description="The length of the initial term, in years.",
        cues=(
            r"\b(?:initial|delivery|service|base|lease)\s+term\b",
            r"\bterm\s+of\b(?!\s+(?:this|the)\s+agreement\s+and\b)",
            r"\bterm\b[^.;]{0,80}\b(?:shall|will|continues?|commences?)\b",
            r"\bremain\s+(?:effective|in\s+(?:full\s+force|effect))",
            r"\bin\s+effect\s+for\b",
            r"\bterm\s*:",
        ),
        rivals=(r"\bextension\b", r"\bwarrant", r"\bsurviv", r"\bpreceding\b"),
        akin=(),
    ),
    FieldSpec(
        name="renewal_term_years",
        group="term",
        kind=Kind.QUANTITY,
        label="Renewal term",
        units=("years",),
        description="The length of one renewal or extension term, in years.",
        cues=(r"\brenew(?:al|s|ed)?\b", r"\bextension\b", r"\bextend(?:s|ed)?\b"),
        rivals=(r"\bsurviv",),
    ),
    FieldSpec(
        name="renewal_notice",
        group="term",
        kind=Kind.RELATIVE_DATE,
        label="Renewal notice",
        units=OFFSETS,
        description="How long before the term ends a notice of renewal or of non-renewal is due.",
        cues=(
            r"\b(?:non-?)?renew(?:al|s|ed)?\b",
            r"\bext(?:end(?:s|ed)?|ension)\b[^.;]{0,40}\bterm\b",
        ),
        rivals=CURE,
        akin=("termination_notice",),
    ),
    FieldSpec(
        name="warranty_end",
        group="term",
        kind=Kind.RELATIVE_DATE,
        label="Warranty end",
        units=OFFSETS,
        description="When the warranty period ends, relative to the event it is counted from.",
        cues=(
            r"[\"']warranty\s+(?:period|term)[\"']\s+means\b",
            r"\bending\s+on\b",
            r"\bwarrant(?:y|ies)\b[^.;]{0,80}\b(?:ends|(?:shall|will)\s+(?:end|expire)|expires|continues?\s+until)\b",
            r"\bwarranty\s+(?:period|term)\s+(?:of|is|shall)\b",
            r"\b(?:warrant|guarant)\w*\b[^.;]{0,100}\b(?:remain|continue|stay|are|be)\w*\s+in\s+(?:full\s+)?(?:force|effect)[^.;]{0,20}\b(?:until|through|for)\b",
        ),
        rivals=(*CURE, r"\bresidual\s+value\b"),
    ),
)
