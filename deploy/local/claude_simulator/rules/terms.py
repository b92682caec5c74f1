"""Rules for who, what and when: identity, parties, dates and the term."""
# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from claude_simulator.rules import refine
from claude_simulator.rules.rule import Rule

_OPENING = 8_000  # characters; later ones speak of other agreements as often as of this one
_TITLE_WORDS = r"(?:AGREEMENT|AMENDMENT|ADDENDUM|SUPPLEMENT|ORDER|CONTRACT|DEFINITIONS)"
_LINE_SPACE = r"[^\S\n]"
_HEADING = (
    rf"(?-i:(?:\A|\n){_LINE_SPACE}*<<(?P<text>(?:[A-Z0-9&,.'’/()-]+{_LINE_SPACE}+){{1,10}}?{_TITLE_WORDS}"
    rf"(?:{_LINE_SPACE}+NO\.?{_LINE_SPACE}+\w+)?)>>{_LINE_SPACE}*(?=\n|\Z))"
)
_AMENDMENT = rf"(?-i:(?:\A|\n){_LINE_SPACE}*<<(?:[A-Z]+ ){{0,3}}AMENDMENT(?: NO\.? \w+)?>>(?= TO\b))"
_NAMED = (
    rf"this <<(?P<text>(?-i:(?:[A-Z][\w&-]*\s+(?:(?:and|of|for|to)\s+)?){{1,8}}?(?i:{_TITLE_WORDS})))>>"
    r",? (?:is |dated|\(|made|between|covers|effective)"
)
_CALLED = (
    r",? (?:an?|the) [^()\"“]{3,120}?\([^()\"“]{0,20}[\"“](?:[^\"”]{0,20}[\"”][^\"“()]{0,60}[\"“])?(?:the )?"
)
_BARE = r" \([^()\"“]{0,12}[\"“](?:the )?"
_AS = r"[\"”]"


def _party(field: str, roles: str) -> Rule:
    labelled = rf"(?:^|\n)\s*(?:{roles})\s*:\s+<<{{name}}>>"
    acting = rf"<<{{name}} (?:shall act|acts|shall serve|serves|is appointed) as (?:the )?(?:{roles})\b(?:[^.]{{0,60}}?[\"“](?:{roles}){_AS}\)?)?>>"
    signing = rf"<<{{name}},? as (?:the )?(?:\w+(?:,|,? and) (?:the )?){{0,2}}(?:{roles})\b>>"
    return Rule(
        field,
        (rf"<<{{name}}{_CALLED}(?:{roles}){_AS}>>", rf"<<{{name}}{_BARE}(?:{roles}){_AS}>>", acting),
        otherwise=(labelled, signing),
        first_characters=3 * _OPENING,
    )


def _dated(field: str, name: str) -> Rule:
    return Rule(
        field,
        (
            rf"<<{name}(?: date)?[\"”)]{{0,2}}(?: (?:means|is|shall be|of|will be|shall occur|no later than|on or before|by))*:? {{date}}>>",
            rf"<<{name}[^.\d()\"“”]{{0,90}}?{{date}}>>",
            rf"<<{{date}},? \((?:the )?[\"“]{name}(?: date)?[\"”]?\)?>>",
        ),
    )


IDENTITY = (
    Rule(
        "agreement_type",
        (_AMENDMENT, _HEADING, _NAMED),
        refine=refine.agreement_type,
        first_characters=_OPENING,
        single=True,
    ),
    Rule(
        "title",
        (_HEADING,),
        otherwise=(_NAMED,),
        refine=lambda _reading, match, _document: (" ".join(match["quote"].split()), "text"),
        first_characters=_OPENING,
        single=True,
    ),
    Rule(
        "reference_no",
        (
            (
                r"<<(?:agreement|contract|reference|document|amendment)\s*(?:no|number|ref)\.?\s*:?\s*"
                r"(?P<text>(?-i:[A-Z]{2,}[A-Z0-9/.-]*\d[A-Z0-9/-]*|\d{3,}[A-Z0-9/-]*))>>"
            ),
        ),
        refine=lambda _reading, match, _document: (match["text"], "text"),
        first_characters=_OPENING,
        single=True,
    ),
)

PARTIES = (
    _party("buyer", "Buyer|Customer|Purchaser|Offtaker|Host Customer|Host|Lessee|User"),
    _party("seller", "Seller|Provider|Supplier|Vendor|Lessor|Company"),
    _party("owner", "Owner|Facility Owner|Site Owner|System Owner"),
    _party("operator", "Operator|Service Provider|O&M Provider|Maintenance Provider"),
    Rule(
        "guarantor",
        (
            rf"<<{{name}}{_CALLED}(?:Guarantor|Parent Guarantor){_AS}>>",
            rf"<<{{name}}{_BARE}(?:Guarantor|Parent Guarantor){_AS}>>",
            r"guarant(?:y|ee|eed) (?:\w+ ){0,4}?(?:by|from|of) <<{name}>>",
        ),
    ),
)

DATES = (
    Rule(
        "agreement_date",
        (
            r"(?:\n\s*|\bis |this [^.]{0,120}?)<<dated(?: and effective)? (?:as of |on )?{date}>>",
            (
                r"<<(?:made|made and entered into|entered into)(?: and effective)?"
                r" (?:as of |on )?(?:this )?{date}>>"
            ),
            r"<<date of (?:this )?agreement:? {date}>>",
        ),
        first_characters=_OPENING,
    ),
    Rule(
        "effective_date",
        (
            r"<<[\"“]Effective Date[\"”] (?:means|is|shall mean) {date}>>",
            r"this agreement[^.]{0,60}<<effective (?:as of|on|from) {date}>>",
            r"<<effective date:? {date}>>",
            r"this (?:agreement|amendment) <<takes effect on {date}>>",
            r"<<{date},? \((?:the )?[\"“]Effective Date[\"”]\)>>",
        ),
    ),
    _dated("scheduled_cod", r"(?:scheduled|target|anticipated|expected) (?:commercial operations?|COD)"),
    _dated("guaranteed_cod", r"guaranteed (?:commercial operations?|COD)"),
    Rule(
        "expiration_date",
        (
            r"<<expiration date[\"”]?(?: (?:means|is|shall be|of))?:? {date}>>",
            (
                r"<<(?:expires?|terminates?|continues? (?:in effect )?(?:until|through)"
                r"|end(?:s|ing)?|expire) (?:on |at |[^.\d\[]{0,40}? on ){date}>>"
            ),
        ),
    ),
)

_LONG_TERM = r"(?:(?:initial|delivery|base|contract) term|(?<!extension\s)(?<!renewal\s)\bterm\b)"

TERM = (
    Rule(
        "term_years",
        (
            (
                rf"{_LONG_TERM}(?:(?!renew|exten|\.\s)[\s\S]){{0,160}}?<<(?:for|of|is|be|means)"
                r" (?:a period of |a term of )?(?:approximately )?{years}>>"
            ),
            r"<<initial term:? {years}>>",
        ),
    ),
    Rule(
        "renewal_term_years",
        (r"(?:renew\w*|exten\w+){gap}<<{years}(?: (?:each|periods?|terms?|renewal))?>>",),
    ),
    Rule(
        "renewal_notice",
        (
            (
                r"(?:renew\w*|exten\w+){far}<<(?:at least|not less than|no(?:t)? (?:later|fewer) than|no less than)?"
                r" ?{duration} {before}>>"
            ),
        ),
    ),
    Rule(
        "warranty_end",
        (
            (
                r"<<(?:ending on|ends? on|until|through|expir\w+ on) the {anniversary} of (?P<anchor>[\w\s]{4,80}?)>>"
                r"(?=\s+for\b|\s+and\b|[,.;()])"
            ),
            r"warranty (?:period|term)[\"”]?(?: \w+){0,6}? (?:of|for|is|ends?|expires?|means) <<{duration} {after}>>",
        ),
    ),
)
