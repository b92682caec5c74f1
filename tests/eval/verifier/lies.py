"""False claims about the contracts as they are: the value, unit, party or quote is another one."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random

from contracts_service.fields import FIELDS, Kind
from tests.eval.verifier.claims import Told
from tests.eval.verifier.doctored import unit_of
from tests.eval.verifier.facts import Contract, Fact
from tests.eval.verifier.truths import other_value
from tests.eval.verifier.writing import styles

_OTHER_UNITS = {
    "days": ("business days", "months", "years"),
    "business days": ("days", "months"),
    "months": ("days", "years"),
    "years": ("months", "days"),
    "kW": ("MW", "kWh", "V"),
    "MW": ("kW", "MWh"),
    "kWh": ("MWh", "kW"),
    "MWh": ("kWh", "MW"),
    "USD": ("EUR", "KRW"),
    "USD/kWh": ("USD/MWh",),
    "USD/kW-year": ("USD/kW-month", "USD/kWh"),
    "BTU/kWh": ("kWh",),
    "V": ("kV",),
}
_NAMES = (Kind.TEXT, Kind.JURISDICTION)
_CODED = (Kind.ENUM, Kind.BOOLEAN)
_STATES = ("Delaware", "California", "New York", "Texas", "Connecticut", "Ohio")
_OTHER_EVENTS = (
    "the end of the Term",
    "receipt of the certificate of insurance",
    "the closing",
    "arbitration",
)
_NEARBY = 3_000
_WIDE = 700


def lies(contract: Contract, random: Random) -> Iterator[Told]:
    """Every one that these ways give, in a fixed order."""
    for fact in contract.facts:
        yield from _other_values(contract, fact, random)
        yield from _other_units(contract, fact)
        yield from _other_quotes(contract, fact, random)
        yield from _neighbours(contract, fact, random)
        yield from _names(contract, fact)
        yield from _events(contract, fact)
        yield from _codes(contract, fact)
        yield from _sentences(contract, fact, random)


def _told(contract: Contract, fact: Fact, kind: str, **other: str) -> Told:
    said = {"value": fact.value, "unit": fact.unit, "quote": contract.text[fact.start : fact.end], **other}
    return Told(kind, contract.document, fact.field, fact.kind, **said)


def _number(fact: Fact) -> Decimal | None:
    try:
        return Decimal(fact.value)
    except ArithmeticError:
        return None


def _false(fact: Fact, value: str) -> bool:
    return all(value != one and _as_number(value) != _as_number(one) for one in fact.accepted)


def _as_number(value: str) -> Decimal | str:
    try:
        return Decimal(value)
    except ArithmeticError:
        return value


def _other_values(contract: Contract, fact: Fact, random: Random) -> Iterator[Told]:
    digits = [i for i, character in enumerate(fact.value) if character.isdigit()]
    for at in random.sample(digits, min(2, len(digits))):
        changed = (
            f"{fact.value[:at]}{(int(fact.value[at]) + random.randint(1, 9)) % 10}{fact.value[at + 1 :]}"
        )
        value = changed if _number(fact) is None else f"{Decimal(changed):f}"
        if _false(fact, value):
            yield _told(contract, fact, "a digit changed", value=value)
            yield from _quote_altered(contract, fact, value)
    number = _number(fact)
    for scale in (-2, -1, 1, 2, 3) if number else ():
        yield _told(
            contract, fact, "off by a power of ten", value=f"{number.scaleb(scale):f}" if number else ""
        )
    if number:
        yield _told(contract, fact, "the sign turned", value=f"{-number:f}")


def _quote_altered(contract: Contract, fact: Fact, value: str) -> Iterator[Told]:
    """The false value written into the quote, too."""
    if not fact.figure or not _possible(fact, value):
        return
    unit = unit_of(fact)
    before, after = contract.text[fact.start : fact.figure[0]], contract.text[fact.figure[1] : fact.end]
    for words in styles(fact.kind, value, unit)[:4:3]:
        quote = f"{before}{words}{after}"
        if not _stands(contract, quote):
            yield _told(contract, fact, "the quote altered to say it", value=value, quote=quote)


def _stands(contract: Contract, quote: str) -> bool:
    return " ".join(quote.lower().split()) in " ".join(contract.text.lower().split())


def _possible(fact: Fact, value: str) -> bool:
    try:
        return fact.kind != "DATE" or bool(date.fromisoformat(value))
    except ValueError:
        return False


def _other_units(contract: Contract, fact: Fact) -> Iterator[Told]:
    unit = unit_of(fact)
    for other in _OTHER_UNITS.get(unit, ()):
        yield _told(contract, fact, "another unit", unit=fact.unit.replace(unit, other, 1))
    yield from _other_percentages(contract, fact)


def _other_percentages(contract: Contract, fact: Fact) -> Iterator[Told]:
    around = contract.text[max(0, fact.start - 900) : fact.end + 900].lower()
    for other, word in (
        ("% LHV", "lhv|lower heating"),
        ("% HHV", "hhv|higher heating"),
        ("% NAMEPLATE", "nameplate"),
    ):
        defined = fact.field and "%" in fact.unit and fact.unit != "%"
        if fact.unit.startswith("%") and other != fact.unit and (defined or not re.search(word, around)):
            yield _told(contract, fact, "a percentage of another basis", unit=other)
    for other in ("%/month", "%/year"):
        if "/" in fact.unit and fact.unit.startswith("%/") and other != fact.unit:
            yield _told(contract, fact, "a percentage for another period", unit=other)


def _other_quotes(contract: Contract, fact: Fact, random: Random) -> Iterator[Told]:
    """The true value with words that do not state it."""
    for other in random.sample(contract.facts, min(3, len(contract.facts))):
        if other.kind != fact.kind or _as_number(other.value) != _as_number(fact.value):
            quote = contract.text[other.start : other.end]
            if not _mentions(quote, fact):
                yield _told(contract, fact, "the quote of another fact", quote=quote)
                joined = f"{contract.text[fact.start : fact.end]} {quote}"
                if not _stands(contract, joined):
                    yield _told(contract, fact, "a quote joined from two places", quote=joined)
    yield from _quotes_from_anywhere(contract, fact, random)
    yield from _words_changed(contract, fact, random)


def _quotes_from_anywhere(contract: Contract, fact: Fact, random: Random) -> Iterator[Told]:
    at = random.randrange(0, max(1, len(contract.text) - 200))
    elsewhere = re.sub(r"^\S*\s|\s\S*$", "", contract.text[at : at + 120])
    if not _mentions(elsewhere, fact) and len(elsewhere) > 20:
        yield _told(contract, fact, "the quote from anywhere", quote=elsewhere)


def _words_changed(contract: Contract, fact: Fact, random: Random) -> Iterator[Told]:
    words = contract.text[fact.start : fact.end].split()
    if len(words) > 5:
        at = random.randrange(1, len(words) - 1)
        more, fewer = (
            " ".join([*words[:at], "always", *words[at:]]),
            " ".join([*words[:at], *words[at + 1 :]]),
        )
        yield _told(contract, fact, "a word put into the quote", quote=more)
        yield _told(contract, fact, "a word left out of the quote", quote=fewer)


def _mentions(quote: str, fact: Fact) -> bool:
    """Whether a quote may state the fact's value after all: it holds its digits, or its name."""
    plain = quote.lower().replace(",", "")
    digits = [one for one in re.findall(r"[0-9]+", fact.value) if one in plain]
    named = fact.value.lower() in " ".join(quote.lower().split())
    # Codes and yes or no are stated in words that this eval does not know.
    return bool(digits) or named or fact.unit in ("enum", "bool") or "one" in plain or "half" in plain


def _neighbours(contract: Contract, fact: Fact, random: Random) -> Iterator[Told]:
    """Numbers, dates and amounts that do stand nearby, but say something else."""
    alike = [
        one for one in contract.facts if one.figure and one.kind == fact.kind and _false(fact, one.value)
    ]
    near = [one for one in alike if abs(one.start - fact.start) < _NEARBY]
    kind = "another date of the contract" if fact.kind == "DATE" else "a neighbouring number of the same kind"
    for other in random.sample(near, min(4, len(near))):
        quote = contract.text[fact.start : fact.end]
        if not _mentions(quote, other):
            yield _told(contract, fact, kind, value=other.value)
    for other in random.sample(alike, min(12, len(alike))) if fact.field else ():
        if _same_unit(fact, other):
            taken = contract.text[other.start : other.end]
            yield _told(contract, fact, f"{kind}, with its quote", value=other.value, quote=taken)
            both = contract.text[min(fact.start, other.start) : max(fact.end, other.end)]
            if len(both) < _WIDE and "\f" not in both:
                yield _told(contract, fact, f"{kind}, both quoted", value=other.value, quote=both)


def _same_unit(fact: Fact, other: Fact) -> bool:
    return (fact.unit.startswith(unit_of(other)) and fact.unit.count("%") == 0) or (fact.unit == other.unit)


def _names(contract: Contract, fact: Fact) -> Iterator[Told]:
    if not fact.field or FIELDS[fact.field].kind not in _NAMES:
        return
    for other in contract.facts:
        named = other.field and FIELDS[other.field].kind is FIELDS[fact.field].kind
        if named and other.field != fact.field and other.value.lower() not in map(str.lower, fact.accepted):
            yield _told(contract, fact, "another party or name", value=other.value)
            quote = contract.text[other.start : other.end]
            yield _told(
                contract, fact, "another party or name, with its quote", value=other.value, quote=quote
            )
    if FIELDS[fact.field].kind is Kind.JURISDICTION:
        for state in _STATES:
            if state not in fact.accepted:
                yield _told(contract, fact, "another party or name", value=state)


def _codes(contract: Contract, fact: Fact) -> Iterator[Told]:
    """Another kind of document, the other of yes and no."""
    if fact.field and FIELDS[fact.field].kind in _CODED:
        for other in sorted({*_codes_of(fact.field), "true", "false"} - fact.accepted):
            yield _told(contract, fact, "another code, or the other of yes and no", value=other)


def _codes_of(field: str) -> Iterator[str]:
    return (choice.code for choice in FIELDS[field].choices)


def _events(contract: Contract, fact: Fact) -> Iterator[Told]:
    """Another event that the days are counted from, or the other direction."""
    match = re.match(r"(.* )(after|before)( .*)", fact.unit, re.DOTALL)
    if match is None:
        return
    offset, direction, _ = match.groups()
    for event in _OTHER_EVENTS:
        yield _told(contract, fact, "counted from another event", unit=f"{offset}{direction} {event}")
    turned = "before" if direction == "after" else "after"
    yield _told(contract, fact, "counted in the other direction", unit=f"{offset}{turned}{match[3]}")


def _sentences(contract: Contract, fact: Fact, random: Random) -> Iterator[Told]:
    if fact.field or not fact.figure:
        return
    value = other_value(fact, random)
    if not _mentions(contract.text[fact.start : fact.end], _with_value(fact, value)):
        words = random.choice(styles(fact.kind, value, fact.unit))
        yield _told(
            contract, fact, "a sentence that its quote does not bear out", sentence=f"It says {words}."
        )


def _with_value(fact: Fact, value: str) -> Fact:
    return Fact(fact.field, fact.kind, value, fact.unit, fact.start, fact.end, fact.figure, fact.accepted)
