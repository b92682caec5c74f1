"""True claims about the contracts, in the ways in which readers quote and printers print."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from contracts_service.fields import FIELDS
from tests.eval.verifier.claims import Told
from tests.eval.verifier.doctored import Edited, told, unit_of
from tests.eval.verifier.facts import Contract, Fact
from tests.eval.verifier.plain import NUMBER_WORD
from tests.eval.verifier.writing import written

_CONVERTED = {"kW": ("MW", 3), "MW": ("kW", -3), "kWh": ("MWh", 3), "MWh": ("kWh", -3)}
#: A reader is told to quote enough to point at one place.
_SHORTEST = 12
_LONG_WORD = re.compile(r"\b[a-z]{8,}\b")


def truths(contract: Contract, random: Random) -> Iterator[Told]:
    """Every true claim, in a fixed order."""
    for fact in contract.facts:
        yield from _as_it_stands(contract, fact)
    yield from told(contract, "printed with ligatures", _with_ligatures, random)
    yield from told(contract, "hyphenated at the line's end", _hyphenated, random)
    for _ in range(3):
        yield from told(contract, "another value put into the contract", restyled, random)


def _as_it_stands(contract: Contract, fact: Fact) -> Iterator[Told]:
    quote = contract.text[fact.start : fact.end]

    def true(kind: str, **other: str) -> Told:
        said = {"value": fact.value, "unit": fact.unit, "quote": quote, **other}
        return Told(kind, contract.document, fact.field, fact.kind, **said)

    yield true("as it stands")
    yield true("lines broken otherwise", quote=re.sub(r"\s+", "\n", quote))
    yield true("plain quotation marks and dashes", quote=quote.translate(str.maketrans("“”’–", '""\'-')))
    if fact.unit in _CONVERTED and (not fact.field or _CONVERTED[fact.unit][0] in FIELDS[fact.field].units):
        unit, places = _CONVERTED[fact.unit]
        yield true("in another unit", value=f"{Decimal(fact.value).scaleb(-places):f}", unit=unit)
    if fact.figure and not fact.field:
        figure = contract.text[fact.figure[0] : fact.figure[1]]
        yield true("in a sentence of an answer", sentence=f"The agreement says {figure}.")


def _with_ligatures(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    printed = quote.replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("fl", "ﬂ").replace("ff", "ﬀ")
    return None if printed == quote else Edited(printed, ((fact.value, fact.unit, quote),))


def _hyphenated(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    words = [
        match
        for match in _LONG_WORD.finditer(quote)
        if not start <= match.start() < end and not NUMBER_WORD.fullmatch(match[0])
    ]
    if not words:
        return None
    word = random.choice(words)
    cut = word.start() + len(word[0]) // 2
    return Edited(f"{quote[:cut]}-\n{quote[cut:]}", ((fact.value, fact.unit, quote),))


def restyled(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    """Another value of the kind, in another style."""
    if re.match(r"\s*\(", quote[end:]):
        return None
    value = other_value(fact, random)
    words = f"{quote[:start]}{written(fact.kind, value, unit_of(fact), random)}{quote[end:]}"
    if len(words) < _SHORTEST:
        return None
    return Edited(words, ((value, fact.unit, words),))


def other_value(fact: Fact, random: Random) -> str:
    """A plausible value of the fact's kind that is none of its true ones."""
    while True:
        value = _drawn(fact, random)
        if value not in fact.accepted and not any(_equal(value, one) for one in fact.accepted):
            return value


def _drawn(fact: Fact, random: Random) -> str:
    if fact.kind == "DATE":
        return (date.fromisoformat(fact.value) + timedelta(random.randint(-900, 900))).isoformat()
    if fact.kind == "MONEY":
        return str(random.choice([random.randint(2, 99) * 1000, random.randint(1, 90) * 250_000]))
    if fact.kind == "PERCENT":
        return str(random.choice([random.randint(2, 99), Decimal(random.randint(11, 199)) / 10]))
    return str(random.randint(2, 400))


def _equal(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except ArithmeticError:
        return one == other
