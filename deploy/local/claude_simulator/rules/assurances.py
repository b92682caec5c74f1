"""Rules for what is promised and who answers for it: guarantees, reports, attributes and the legal terms."""
# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from claude_simulator.rules import refine
from claude_simulator.rules.rule import Rule
from claude_simulator.rules.values import Match, Reading, text

_MONTH = r"(?:one[\s-]month|monthly|(?:each|any|every|a) (?:full )?(?:calendar )?month)"
_YEAR = r"(?:one[\s-]year|annual|(?:each|any|every|a) (?:full )?(?:calendar |contract )?year)"
_OUTPUT = r"(?:power performance|output|minimum power|performance)(?: (?:product|warranty|guarantee|level))*"
_WITHIN = "<<(?:within|no later than|not later than) {duration} {after}>>"
_PERCENT_AFTER = r"[^%.;()]{0,80}?{percent}"  # nothing between that could make it another clause's percentage
_ROLE = r"(?P<text>(?-i:Owner|Buyer|Seller|Customer|Operator|Provider|Purchaser|Lessee|Lessor))"
_RECS = r"(?:\bRECs?\b|renewable energy (?:credits?|certificates?)|environmental attributes?)"
_POLICY = r"[^.;$]{0,200}?(?:not less than|no less than|at least|minimum(?: limits?)?(?: of)?|in the amount of) {money}"


def _text(_reading: Reading, match: Match, _document: str) -> Reading:
    return text(match)


def _output(field: str, period: str) -> Rule:
    return Rule(
        field,
        (
            rf"<<{{percent}}[^%.;\d]{{0,60}}?{period}[\s-]+{_OUTPUT}>>",
            rf"<<{period}[\s-]+{_OUTPUT}{_PERCENT_AFTER}>>",
            rf"<<(?:output|power performance){_PERCENT_AFTER}[^%.;]{{0,60}}?(?:in|during|for|over) {period}>>",
            rf"<<{period}[^%.;]{{0,200}}?(?:not less than|no less than|at least) {{percent}} of (?:\w+ ){{0,3}}?nameplate>>",
        ),
        refine=refine.with_unit("% NAMEPLATE"),
    )


GUARANTEES = (
    _output("output_month", _MONTH),
    _output("output_year", _YEAR),
    Rule(
        "efficiency",
        (
            r"<<efficiency (?:level|warranty|guarantee)[\"”]?{near}{percent}>>",
            r"<<(?:minimum|guaranteed|warranted) (?:\w+ ){0,3}?efficiency{near}{percent}>>",
            r"<<efficiency of[^%.;]{0,90}?(?:not less than |at least |no less than ){percent}(?: (?:LHV|HHV))?>>",
            r"<<efficiency {percent} (?:LHV|HHV)>>",
        ),
        refine=refine.heating_basis,
    ),
    Rule("availability", (r"<<availability[^%;\d]{0,90}?{percent}>>",)),
    Rule("heat_rate", (r"<<heat rate[^.;\d\[]{0,120}?{heat}>>",)),
    Rule("btu_per_kwh", (r"(?:conver\w+|equivalent|constant|factor)[^;\d]{0,40}?<<{heat}>>",)),
    Rule("critical_output", (r"<<critical (?:\w+ )?(?:output|load|power)[^.;\d\[]{0,80}?{power}>>",)),
    Rule(
        "guarantee_cap",
        (
            (
                r"(?:guarant\w+|warrant\w+|performance|liquidated damages|refund)(?:(?!\.\s)[\s\S]){0,450}?"
                r"<<(?:liability|amount|payments?|total){gap}(?:not|never) exceed {money}>>"
            ),
            r"<<(?:total|sum|aggregate) (?:amount )?of (?:all )?(?:credits|payments|damages){gap}(?:not|never) exceed {money}>>",
            r"<<(?:guarantee|warranty|performance|liquidated damages) (?:payments? )?(?:cap|limit)[^.;$\[]{0,80}?{money}>>",
        ),
    ),
)

REPORTING = (
    Rule(
        "annual_report_due",
        (rf"annual (?:\w+ )?reports?{{gap}}{_WITHIN}",),
        otherwise=(rf"{_WITHIN}[^.;]{{0,120}}?annual (?:\w+ )?report",),
    ),
    Rule(
        "service_report_due",
        (
            rf"service reports?{{far}}{_WITHIN}",
            rf"(?:technician|visit){{gap}}\breport{{gap}}{_WITHIN}",
        ),
        otherwise=(rf"{_WITHIN}[^.;]{{0,120}}?service report",),
    ),
    Rule(
        "warranty_determination_due",
        (rf"determin\w+{{gap}}{_WITHIN}",),
        refine=refine.only_anchored_by(r"end of"),
    ),
    Rule(
        "repair_determination_due",
        (rf"determination{{gap}}{_WITHIN}", rf"determine{{gap}}(?:repair|replace){{gap}}{_WITHIN}"),
        refine=refine.only_anchored_by(r"claim|notice|defect|fault"),
    ),
    Rule("gas_reimbursement_due", (rf"(?:reimburse|repay|pay)\b{{gap}}\b(?:gas|fuel)\b{{gap}}{_WITHIN}",)),
)

ENVIRONMENTAL = (
    Rule(
        "rec_owner",
        (
            (
                rf"<<{_RECS}[^.]{{0,120}}?(?:owned by|belongs? to|property of|retained by|vests? in|held by|for the account of)"
                rf" (?:the )?{_ROLE}>>"
            ),
            (
                rf"<<{_ROLE} (?:shall |will )?(?:own|owns|retains?|be entitled to|has title to|have title to|hold)"
                rf"[^.]{{0,80}}?{_RECS}>>"
            ),
        ),
        refine=_text,
    ),
    Rule(
        "rec_type",
        (
            (
                r"<<(?P<text>(?-i:CT|MA|NY|CA|RI|NJ|Connecticut|Massachusetts|New York|California)[\s-]+"
                r"(?:class[\s-]+(?-i:I{1,3})|tier[\s-]+\d|(?-i:RPS))\b)>>"
            ),
            r"<<(?P<text>(?-i:RGGI|Green-e))>>",
            r"<<(?P<text>National) (?:RECs?|renewable)>>",
        ),
        refine=_text,
    ),
)

LEGAL = (
    Rule(
        "governing_law",
        (r"<<governed by{gap}laws? of (?:the )?(?:(?:State|Commonwealth) of )?(?:the )?{place}>>",),
    ),
    Rule(
        "liability_cap",
        (
            (
                r"<<(?<!Owner’s\s)(?<!Owner's\s)(?:aggregate |total |cumulative |maximum |entire ){1,3}(?:aggregate )?liability[^.;$]{0,200}?"
                r"(?:exceed|limited to|capped at|shall be|greater than) {money}>>"
            ),
            r"<<liable[^.;$]{0,160}?(?:in excess of|exceeding) {money}>>",
        ),
    ),
    Rule(
        "liability_cap_owner",
        (
            r"<<(?:with respect to|in the case of|for|of) (?:the )?(?:Owner|Buyer|Customer),? {money}>>",
            r"<<(?:Owner|Buyer|Customer)['’]s (?:\w+ ){0,3}?liability[^.;$]{0,200}?(?:exceed|limited to|capped at|be) {money}>>",
        ),
    ),
    Rule(
        "termination_notice",
        (
            (
                r"terminat\w+{gap}<<(?:upon|on|by|with|giving|at least|not less than|no less than)"
                r"(?: (?:giving|providing|upon|at least|not less than|no less than|a minimum of))*"
                r" {duration} (?:prior )?(?:written )?(?:prior )?notice>>"
            ),
            r"termination (?:takes|shall take|will take) effect <<{duration} {after}>>",
            r"<<{duration} (?:prior )?(?:written )?notice of (?:\w+ )?termination>>",
        ),
    ),
    Rule(
        "force_majeure_notice",
        (
            rf"force majeure{{far}}{_WITHIN}",
            rf"(?:claiming|affected) party{{gap}}{_WITHIN}",
            rf"notice{{gap}}(?=[^.;]{{0,160}}force majeure){_WITHIN}",
        ),
        refine=refine.only_anchored_by(r"force majeure|event|occurr|becom|aware|learn|commence|start|begin"),
    ),
    Rule(
        "insurance_minimum",
        (rf"<<general liability(?: insurance)?{_POLICY}>>",),
        otherwise=(rf"<<insurance{_POLICY}>>",),
    ),
    Rule(
        "confidentiality_years",
        (
            (
                r"confidential\w*[\s\S]{0,700}?<<(?:surviv\w+|remain\w*|continu\w*|period of|for|until)"
                r"[^.;\d]{0,60}?{years}(?= (?:after|following|from|beyond))>>"
            ),
        ),
    ),
    Rule(
        "assignment_consent",
        (
            (
                r"<<(?:shall not|may not|will not|neither)[^.;]{0,160}?(?:assign|transfer)[\s\S]{0,200}?"
                r"without [^.;]{0,60}?consent>>"
            ),
        ),
        otherwise=(r"<<no (?:assignment|party)[^.;]{0,120}?without [^.;]{0,60}?consent>>",),
        refine=refine.constant("true", "bool"),
    ),
)
