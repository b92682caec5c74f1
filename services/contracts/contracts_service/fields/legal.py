"""The fields a lawyer asks for first: law, liability, notices, insurance, confidence, assignment."""

from contracts_service.fields.schedule import CURE, OFFSETS
from contracts_service.fields.spec import Choice, FieldSpec, Kind

_CONSENT = r"(?:consent|approval)"
_FORBIDDEN = (
    r"\b(?:(?:shall|may|will|can)\s*not|cannot|no\s+party\s+(?:may|shall)"
    r"|neither\b[^.;]{1,60}?\b(?:may|shall|can))\b"
)
# Between a prohibition and its verb, nothing may be allowed again: "shall not ..., and Buyer may assign".
_UNTIL = r"(?:(?!\bmay\b)[^.;]){0,160}"

ASSIGNMENT = (
    Choice(
        "true",
        (
            rf"{_FORBIDDEN}{_UNTIL}\bassign[^.;]{{0,200}}\bwithout\b[^.;]{{0,80}}\b{_CONSENT}\b",
            rf"{_FORBIDDEN}{_UNTIL}\bwithout\b[^.;]{{0,80}}\b{_CONSENT}\b{_UNTIL}\bassign",
            rf"{_FORBIDDEN}{_UNTIL}\bassign{_UNTIL}\b(?:unless|except\s+with)\b[^.;]{{0,80}}\b{_CONSENT}\b",
            rf"\bassign\w*\b[^.;]{{0,80}}\brequires?\b[^.;]{{0,60}}\b{_CONSENT}\b",
        ),
    ),
    Choice(
        "false",
        (
            rf"\bmay\s+(?:freely\s+)?assign[^.;]{{0,160}}\bwithout\b[^.;]{{0,60}}\b{_CONSENT}\b",
            rf"\bmay\s*,?\s+without\b[^.;]{{0,60}}\b{_CONSENT}\b[^.;]{{0,60}}\bassign",
            r"\bmay\s+freely\s+(?:assign|be\s+assigned)\b",
            r"\bfreely\s+assignable\b",
        ),
    ),
)

_INSURANCE = (r"\binsurance\b", r"\bcoverage\b", r"\bpolic(?:y|ies)\b")
_LIABILITY = (
    r"\b(?:maximum|aggregate|total|cumulative|overall)\s+(?:aggregate\s+)?liability\b",
    r"\bliability\b[^.;]{0,80}\b(?:exceed|limited\s+to|capped)\b",
    r"\b(?:liability\s+cap|limitation\s+of\s+liability)\b",
)

LEGAL = (
    FieldSpec(
        name="governing_law",
        group="legal",
        kind=Kind.JURISDICTION,
        label="Governing law",
        units=("jurisdiction",),
        description="The state or country whose law governs this agreement.",
        cues=(
            r"\bgoverned\b",
            r"\bgoverning\s+law\b",
            r"\b(?:construed|interpreted)\b[^.;]{0,40}\baccordance\b",
        ),
        rivals=(
            r"\b(?:organized|incorporated|existing|formed)\s+(?:and\s+\w+\s+)?(?:under|in)\b",
            r"\barbitrat",
        ),
    ),
    FieldSpec(
        name="liability_cap",
        group="legal",
        kind=Kind.MONEY,
        label="Liability cap",
        units=("USD",),
        description="The most that the seller, provider or operator (or each party alike) can be liable for.",
        cues=_LIABILITY,
        rivals=(*_INSURANCE, r"\bwith\s+respect\s+to\s+(?:owner|buyer|customer|purchaser)\b"),
        akin=("guarantee_cap",),
    ),
    FieldSpec(
        name="liability_cap_owner",
        group="legal",
        kind=Kind.MONEY,
        label="Owner's liability cap",
        units=("USD",),
        description="The most that the owner or buyer can be liable for, where it has a cap of its own.",
        cues=(
            r"\bwith\s+respect\s+to\s+(?:owner|buyer|customer|purchaser)\b",
            r"\b(?:owner|buyer|customer|purchaser)(?:'s)?\b[^.;]{0,60}\b(?:liability|liable)\b[^.;]{0,60}\b(?:exceed|limited|capped|maximum)\b",
            r"\bmaximum\s+liability\s+of\s+(?:the\s+)?(?:owner|buyer|customer|purchaser)\b",
        ),
        rivals=(*_INSURANCE, r"\bwith\s+respect\s+to\s+(?:operator|seller|provider)\b"),
        akin=("liability_cap", "guarantee_cap"),
    ),
    FieldSpec(
        name="termination_notice",
        group="legal",
        kind=Kind.RELATIVE_DATE,
        label="Termination notice",
        units=OFFSETS,
        description="How much notice a party gives to terminate for convenience.",
        cues=(
            r"\b(?:may|right\s+to|elects?\s+to|entitled\s+to)\s+terminate\b",
            r"\bterminat(?:e|ed|ion)\b[^.;]{0,100}\bnotice\b",
            r"\bnotice\s+of\s+(?:\w+\s+)?termination\b",
        ),
        rivals=(
            *CURE,
            r"\binsur",
            r"\bcancell?ation\b",
            r"\bcertificate\b",
            r"\b(?:after|following|of)\s+(?:the\s+)?(?:\w+\s+or\s+)?termination\b",
        ),
        akin=("renewal_notice",),
    ),
    FieldSpec(
        name="force_majeure_notice",
        group="legal",
        kind=Kind.RELATIVE_DATE,
        label="Force majeure notice",
        units=OFFSETS,
        description="How soon after a force majeure event notice of it is due.",
        cues=(r"\bforce\s+majeure\b",),
        rivals=(*CURE, r"\bterminat"),
    ),
    FieldSpec(
        name="insurance_minimum",
        group="legal",
        kind=Kind.MONEY,
        label="Insurance minimum",
        units=("USD",),
        description="The lowest limit of the insurance that must be carried.",
        cues=_INSURANCE,
        rivals=(r"\bdeductible\b", r"\bmaximum\s+liability\b"),
        akin=("liability_cap",),
    ),
    FieldSpec(
        name="confidentiality_years",
        group="legal",
        kind=Kind.QUANTITY,
        label="Confidentiality",
        units=("years",),
        description="How many years the duty of confidentiality lasts after the agreement ends.",
        cues=(r"\bconfidential", r"\bnon-?disclosure\b", r"\bobligations\b[^.;]{0,60}\bsurvive\b"),
        rivals=(r"\bconfidential\s+treatment\b", r"\b(?:audit|records?)\b"),
        akin=("term_years", "renewal_term_years"),
    ),
    FieldSpec(
        name="assignment_consent",
        group="legal",
        kind=Kind.BOOLEAN,
        label="Assignment needs consent",
        units=("bool",),
        description="Whether a party needs the other's consent to assign the agreement.",
        cues=(r"\bassign",),
        choices=ASSIGNMENT,
    ),
)
