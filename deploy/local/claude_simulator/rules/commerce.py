"""Rules for what is supplied and paid: the system, its price and its billing."""
# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from claude_simulator.rules import refine
from claude_simulator.rules.rule import Rule

_ENERGY_RATES = ("USD/kWh", "USD/MWh")
_INVOICED = r"invoice|bill|statement"

SYSTEM = (
    Rule(
        "capacity",
        (
            r"<<aggregate (?:\w+ )?capacity:? (?:of )?(?:up to )?{power}>>",
            (
                r"<<(?:contract(?:ed)?|system|total|facility|installed|project) (?:nameplate )?capacity[\"”]?"
                r"(?: (?:means|of|is|shall be|up to|equal to|the|an?|aggregate|nameplate|capacity))*:? {power}>>"
            ),
            r"<<total(?:ing|s)? {power}>>",
        ),
    ),
    Rule(
        "system_nameplate",
        (
            r"<<(?<!aggregate\s)(?<!total\s)nameplate capacity (?:of each )?{power}>>",
            r"<<{power} (?:for|per) each (?:energy server|system|unit)>>",
            (
                r"<<each (?:\w+ ){1,4}?(?:has|having|with) (?:a |an )?(?:nameplate|rated)"
                r"(?: \w+){0,4}? {power}>>"
            ),
            r"<<(?:rated at|nameplate capacity of|nameplate rating of) {power}>>",
            r"<<{power} (?-i:each)\b>>",
        ),
        refine=refine.only_units("kW"),
    ),
    Rule(
        "system_count",
        (
            r"<<number of (?:\w+ )?(?:systems|energy servers|servers|units):? {integer}>>",
            (
                r"(?<!\badd\s)(?<!adding\s)(?<!remove\s)(?<!removing\s)<<{integer} (?:(?:bloom|new|active|identical|separate|solid oxide|fuel cell|energy server) ){0,3}"
                r"(?:energy servers|systems|fuel cell units)>>"
            ),
        ),
    ),
    Rule(
        "voltage",
        (
            r"<<voltage[^.\d]{0,60}?{volts}>>",
            r"<<{volts},? (?:three|3|single|1)[\s-]phase>>",
            r"<<{volts} (?:nominal|service|interconnection|bus|switchgear)>>",
        ),
    ),
    Rule(
        "solution_type",
        (
            r"<<\b(?:PP|MG)_(?:STANDARD|BATTERY|CONSTRAINED|UNCONSTRAINED)\b>>",
            r"<<solution type[^.\n]{0,20}?:? [^.\n;]{3,80}>>",
            r"<<(?:un)?constrained microgrid>>",
            r"<<microgrid \((?:un)?constrained\)>>",
        ),
        otherwise=(
            r"<<primary power (?:\w+ ){0,3}?(?:with|and) battery>>",
            r"<<(?:grid[\s-]parallel|primary power) standard>>",
        ),
        refine=refine.solution_type,
    ),
    Rule(
        "site_address",
        (
            r"<<(?:site|premises|facility|property|located)[^.;\d\[]{0,60}?(?:\bat|address:?|is) {address}>>",
            r"<<location:? [^.;\d\[\n]{0,60}?{address}>>",
        ),
    ),
)

PRICE = (
    Rule(
        "energy_price",
        (
            r"<<(?:energy|electricity|contract|kWh|tolling|power) (?:price|rate|charge|payment)[^.;$\d\[]{0,120}?{rate}>>",
            r"<<{rate} \((?:the )?[\"“](?:energy|contract|electricity) (?:price|rate|charge)>>",
        ),
        refine=refine.only_units(*_ENERGY_RATES),
    ),
    Rule(
        "capacity_price",
        (r"<<(?:capacity|demand) (?:price|charge|payment|rate|fee)[^.;$\d\[]{0,120}?{rate}>>",),
        refine=refine.only_units("USD/kW-month", "USD/kW-year"),
    ),
    Rule(
        "service_fee", (r"<<(?:service|services|maintenance|O&M) (?:fees?|charge)[^.;$\[]{0,120}?{rate}>>",)
    ),
    Rule(
        "escalator",
        (
            r"(?:escalat\w*|increas\w*|adjust\w*){gap}<<{percent}[^.;%]{0,20}?(?:per (?:contract )?(?:year|annum)|annually|each (?:contract )?year|a year|on each anniversary)>>",
            r"(?:anniversary|annual(?:ly)?|each (?:contract )?year)[^.;]{0,90}?(?:escalat\w*|increas\w*)[^.;%]{0,60}?<<{percent}(?: (?:per|each) (?:contract )?(?:year|annum))?>>",
            r"<<(?:annual|yearly) (?:price )?(?:escalat\w+|increase)[^.;%]{0,60}?{percent}>>",
        ),
        refine=refine.with_unit("%/year"),
    ),
    Rule(
        "take_or_pay",
        (
            r"<<(?:take,?[\s-]or[\s-]pay|minimum (?:annual )?(?:purchase|offtake|energy|quantity|take))[^.;:\d\[]{0,140}?{energy}>>",
        ),
    ),
    Rule(
        "price_floor",
        (
            r"<<(?:price floor|floor price|\bfloor\b)[^.;$\d\[]{0,60}?{rate}>>",
            r"(?:price|rate){gap}<<(?:not|never) (?:be |fall |go )?(?:less than|lower than|below) {rate}>>",
        ),
        refine=refine.only_units(*_ENERGY_RATES),
    ),
    Rule(
        "price_cap",
        (
            r"<<(?:price cap|cap price|price ceiling|\bceiling\b|\bcap\b)[^.;$\d\[]{0,60}?{rate}>>",
            r"(?:price|rate){gap}<<(?:not|never|nor) (?:be |rise )?(?:more than|greater than|exceed|above|over) {rate}>>",
        ),
        refine=refine.only_units(*_ENERGY_RATES),
    ),
)

BILLING = (
    Rule(
        "invoice_due",
        (
            r"(?:payable|pay|paid|due|payment){gap}<<(?:within |no later than |not later than )?{duration} {after}>>",
        ),
        refine=refine.only_anchored_by(_INVOICED),
    ),
    Rule(
        "late_interest",
        (
            r"(?:interest|late|overdue|past due|unpaid){gap}<<monthly rate of {percent}>>",
            r"(?:interest|late|overdue|past due|unpaid){gap}<<annual rate of {percent}>>",
            r"(?:interest|late|overdue|past due|unpaid){gap}<<{percent} (?:per|a|each) (?:calendar )?(?:month|year|annum)>>",
        ),
        refine=refine.interest_period,
    ),
    Rule(
        "dispute_notice",
        (
            (
                r"(?:disput\w+|contest|object){gap}(?:invoice|bill|amount|statement|charge){gap}"
                r"<<(?:within|no later than|not later than) {duration} {after}>>"
            ),
            r"(?:invoice|bill|amount|statement){gap}<<(?:within|no later than|not later than) {duration} {after}>>{gap}disput",
        ),
    ),
)
