"""The fields that say what a document is and who signed it."""

from contracts_service.fields.spec import Choice, FieldSpec, Kind

_OM = r"(?:operations?\s+(?:and|&)\s+maintenance|o\s?&\s?m)"

AGREEMENT_TYPES = (
    Choice("AMENDMENT", (r"\bamendment\b(?:[^.;]{0,120}\b(?:agreement|contract|lease)\b)?",)),
    Choice("LEASE_SUPPLEMENT", (r"\blease\s+supplement\b",)),
    Choice("SYSTEM_ORDER", (r"\bsystem\s+order\b",)),
    Choice("EPC_ADDENDUM", (r"\b(?:epc|engineering,?\s+procurement)\b[^.]{0,60}\baddendum\b",)),
    Choice("EPC_MASTER", (r"\b(?:epc|engineering,?\s+procurement)\b[^.]{0,60}\b(?:agreement|contract)\b",)),
    Choice("OM_ADDENDUM", (rf"\b{_OM}\b[^.]{{0,40}}\baddendum\b",)),
    Choice("OM_MASTER", (rf"\b{_OM}\b[^.]{{0,40}}\b(?:agreement|contract)\b",)),
    Choice("PPA", (r"\bpower\s+purchase\s+(?:agreement|contract)\b", r"\bppa\b")),
    Choice("ESA", (r"\benergy\s+(?:services?|server\s+services?)\s+agreement\b", r"\besa\b")),
    Choice("FRAMEWORK_PURCHASE", (r"\bframework\b[^.]{0,40}\b(?:purchase|supply)\b",)),
    Choice("MPA", (r"\bmaster\s+(?:energy\s+server\s+)?purchase\s+agreement\b", r"\bmpa\b")),
    Choice("APA", (r"\basset\s+purchase\s+agreement\b", r"\bapa\b")),
    Choice("ASA", (r"\badministrative\s+services?\s+agreement\b", r"\basa\b")),
    Choice("DEFINITIONS", (r"\bdefinitions\s+(?:annex|appendix|agreement|schedule)\b",)),
    Choice("OTHER", ()),
)

_TITLES = (r"\b(?:agreement|contract|lease|supplement|addendum|amendment|order|definitions)\b",)
# A title names a kind of document; a party's name or a number does not.
_TITLE_FORM = (
    r"\b(?:agreements?|contracts?|leases?|supplement|addendum|amendment|orders?|definitions|guarant(?:y|ee)|certificate"
    r"|annex|exhibit|schedule|terms|memorandum|licen[cs]e|deed|note|assignment|consent|warranty|statement)\b"
)
_DEFINED = r"[\"']?agreement[\"']?(?:\s+or\s+[\"'][^\"'()]{1,40}[\"'])?\)"
_THIS_AGREEMENT = rf"\(this\s+{_DEFINED}|\bthis\b[^.;()]{{0,160}}\((?:the|collectively,?\s+the)?\s*{_DEFINED}"

# "This SUPPLY AGREEMENT dated June 1", "THIS LEASE is made and entered into".
_THIS_DATED = r"\bthis\b[^.;()]{0,120}?\b(?:dated|(?:is\s+)?(?:made|entered\s+into))\b"

IDENTITY = (
    FieldSpec(
        name="agreement_type",
        group="identity",
        kind=Kind.ENUM,
        label="Agreement type",
        units=("enum",),
        description="The kind of document this is, judged by its own title, not by agreements it refers to.",
        cues=(_THIS_AGREEMENT, _THIS_DATED),
        rivals=(r"\bpursuant to\b", r"\bwhereas\b"),
        choices=AGREEMENT_TYPES,
        of_itself=True,
        front_cues=_TITLES,
    ),
    FieldSpec(
        name="title",
        group="identity",
        kind=Kind.TEXT,
        label="Title",
        units=("text",),
        description="The document's own title, as printed on its first page.",
        cues=(_THIS_AGREEMENT, _THIS_DATED),
        rivals=(r"\bpursuant to\b", r"\bwhereas\b"),
        akin=("reference_no",),
        front_cues=_TITLES,
        form=_TITLE_FORM,
        of_itself=True,
    ),
    FieldSpec(
        name="reference_no",
        group="identity",
        kind=Kind.TEXT,
        label="Reference number",
        units=("text",),
        description="The number or code by which this document identifies itself.",
        cues=(
            r"\b(?:reference|contract|agreement|document|order)\s*(?:no\b\.?|number|#|id\b)",
            r"\bref\.?\s*(?:no\.?)?:",
        ),
        akin=("title",),
        of_itself=True,
        form=r"^(?:no\.?\s+)?(?=\S*\d)\S+(?:\s(?=\S*\d)\S+)?$",
    ),
)


def _party(name: str, label: str, role: str, description: str) -> FieldSpec:
    # A role counts where it is a defined term after the name, or a label right before it.
    return FieldSpec(
        name=name,
        group="parties",
        kind=Kind.TEXT,
        label=label,
        units=("text",),
        party=True,
        description=description,
        cues=(rf"[\"'](?:the\s+)?{role}[\"']", rf"\b{role}\s*:"),
    )


PARTIES = (
    _party(
        "buyer",
        "Buyer",
        r"(?:buyer|purchaser|customer|off-?taker)",
        "Full legal name of the party that buys the energy or the systems.",
    ),
    _party(
        "seller",
        "Seller",
        r"(?:seller|provider|supplier|vendor)",
        "Full legal name of the party that sells the energy or the systems.",
    ),
    _party(
        "owner",
        "Owner",
        r"(?:owner|lessor)",
        "Full legal name of the party that owns the systems or the facility.",
    ),
    _party(
        "operator",
        "Operator",
        r"(?:operator|service\s+provider|contractor|o&m\s+provider)",
        "Full legal name of the party that operates or maintains the systems.",
    ),
    _party(
        "guarantor",
        "Guarantor",
        r"guarantor",
        "Full legal name of the party that guarantees another party's obligations.",
    ),
)
