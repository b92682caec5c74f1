"""Lies about a document, made from true claims about it: each kind is false in a way of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from contracts_service.evidence import Claim
from contracts_service.fields import FIELDS, AnswerState, Kind


@dataclass(frozen=True)
class Lie:
    """A false claim and the name of the kind of lie it is; `field` is the claim's."""

    kind: str
    claim: Claim

    @property
    def field(self) -> str:
        return self.claim.field


@dataclass(frozen=True)
class TrueClaim:
    """A true claim, the span of its quote, and the part of the quote that bears the value."""

    claim: Claim
    start: int
    figure: str


#: Claims that only look like lies: the words quoted for the first field also state the second.
ALSO_TRUE = frozenset({("liability_cap_owner", "insurance_minimum")})
_OTHER_UNITS = {
    "MW": ("kW", "kWh", "GW"),
    "kW": ("MW", "kWh"),
    "% LHV": ("% HHV", "% NAMEPLATE"),
    "% NAMEPLATE": ("% LHV", "%/month"),
    "%/month": ("%/year", "%", "% LHV"),
    "USD": ("EUR", "USD/kWh", "%"),
    "USD/kWh": ("USD/MWh", "USD/kW-month", "USD"),
    "USD/kW-year": ("USD/kW-month", "USD/kWh", "USD/cycle"),
    "%/year": ("%/month", "%", "% LHV"),
    "%": ("%/year", "% NAMEPLATE", "% HHV"),
    "kWh": ("MWh", "kW"),
    "V": ("kV", "kW"),
    "years": ("months", "days"),
    "count": ("kW", "years"),
    "BTU/kWh": ("kWh", "MMBtu", "BTU"),
    "date": ("days", "years"),
    "jurisdiction": ("text", "USD"),
}
_OTHER_OFFSETS = {
    "days": ("business days", "months"),
    "business days": ("days", "months"),
    "years": ("months", "days"),
}
_ANCHORS = (
    "receipt of invoice by the bank",
    "termination",
    "the effective date",
    "commercial operation of the plant",
    "end of each quarter",
    "delivery of the insurance certificate",
)
_MARK = re.compile(r"\[\*\*\*\](?! Confidential| Certain)")


def lies(
    text: str, truths: list[TrueClaim], also_true: frozenset[tuple[str, str]] = ALSO_TRUE
) -> Iterator[Lie]:
    """Every lie that can be made of these truths, in a fixed order; each claim is false."""
    for truth in truths:
        yield from _false_values(truth.claim)
        yield from _false_units(truth.claim)
        yield from _false_anchors(truth.claim)
        yield from _false_quotes(text, truth)
        yield from _other_numbers(text, truth)
    yield from _crossed(truths, also_true)
    yield from _redactions(text, truths)


def _lie(kind: str, claim: Claim, **changes: str) -> Lie:
    return Lie(kind, replace(claim, **changes))  # type: ignore[arg-type]  # only strings are changed


def _false_values(claim: Claim) -> Iterator[Lie]:
    amount = _amount(claim.value)
    if amount is not None:
        for other in (amount + 1, amount - 1, amount * 2):
            yield _lie("value perturbed", claim, value=f"{other.normalize():f}")
        for other in (amount * 10, amount / 10, amount * 1000):
            yield _lie("value off by a power of ten", claim, value=f"{other.normalize():f}")
        yield _lie("sign turned", claim, value=f"{-amount:f}")
    elif FIELDS[claim.field].kind is Kind.DATE:
        day = date.fromisoformat(claim.value)
        for shifted in (day + timedelta(1), day - timedelta(31), day.replace(year=day.year + 1)):
            yield _lie("date shifted", claim, value=shifted.isoformat())
    else:
        for name in ("Delaware", "California", "England"):
            yield _lie("value perturbed", claim, value=name)


def _amount(value: str) -> Decimal | None:
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _false_units(claim: Claim) -> Iterator[Lie]:
    for unit in _OTHER_UNITS.get(claim.unit, ()):
        yield _lie("unit wrong", claim, unit=unit)
    for offset, others in _OTHER_OFFSETS.items():
        if claim.unit.startswith((f"{offset} after ", f"{offset} before ")):
            for other in others:
                yield _lie("unit wrong", claim, unit=claim.unit.replace(offset, other, 1))


def _false_anchors(claim: Claim) -> Iterator[Lie]:
    offset, direction, _ = re.split(r" (after|before) |$", claim.unit, maxsplit=1)[:3]
    if not direction:
        return
    for anchor in _ANCHORS:
        yield _lie("anchor swapped", claim, unit=f"{offset} {direction} {anchor}")
    other = "before" if direction == "after" else "after"
    turned = claim.unit.replace(f" {direction} ", f" {other} ", 1)
    yield _lie("direction turned", claim, unit=turned)


def _false_quotes(text: str, truth: TrueClaim) -> Iterator[Lie]:
    claim, quote = truth.claim, truth.claim.quote
    for shift in _shifts(text, truth):
        shifted = text[truth.start + shift : truth.start + shift + len(quote)]
        if truth.figure not in shifted:
            yield _lie("span shifted", claim, quote=shifted)
    at = quote.index(truth.figure)
    far = (truth.start + 2000) % (len(text) - 60)
    elsewhere = text[far : far + 60].strip()
    yield _lie("quote joined from two places", claim, quote=f"{quote[: at + len(truth.figure)]} {elsewhere}")
    yield _lie("quote joined from two places", claim, quote=f"{elsewhere} {quote}")
    yield _lie("quote invented", claim, quote=f"The Parties agree that {quote} shall be binding")
    yield _lie("negation slipped in", claim, quote=f"not {quote}")
    yield _lie("quote cut within the figure", claim, quote=quote[: at + max(1, len(truth.figure) - 1)])
    digits = re.sub(r"[0-9]", lambda match: str((int(match[0]) + 1) % 10), truth.figure)
    if digits != truth.figure:
        doctored = quote.replace(truth.figure, digits)
        yield _lie("figures changed in the quote", claim, quote=doctored)
        yield _lie("words and figures apart", claim, quote=doctored, value=_plain(digits, claim.value))


def _shifts(text: str, truth: TrueClaim) -> Iterator[int]:
    """Shifts after which the figure no longer lies wholly in the span."""
    at, length, figure = truth.claim.quote.index(truth.figure), len(truth.claim.quote), len(truth.figure)
    for shift in (at + 1, at + figure, length, length + 25, at + figure - 1 - length, -length, -length - 25):
        if shift and truth.start + shift >= 0 and truth.start + shift + length <= len(text):
            yield shift


def _plain(figure: str, otherwise: str) -> str:
    digits = re.sub(r"[^0-9.]", "", figure)
    return digits if _amount(digits) is not None else otherwise


def _other_numbers(text: str, truth: TrueClaim) -> Iterator[Lie]:
    """Numbers that stand near the quote, claimed with the true quote."""
    if _amount(truth.claim.value) is None:
        return
    around = text[max(0, truth.start - 3000) : truth.start + 3000]
    others = dict.fromkeys(
        found.replace(",", "") for found in re.findall(r"(?<![\w.,])[1-9][0-9,]*\b(?![.,][0-9])", around)
    )
    for other in list(others)[:8]:
        if Decimal(other) != Decimal(truth.claim.value):
            yield _lie("another number from nearby", truth.claim, value=other)


def _crossed(truths: list[TrueClaim], also_true: frozenset[tuple[str, str]]) -> Iterator[Lie]:
    """True values with the quotes of other facts, and true quotes offered for other fields."""
    for truth in truths:
        for other in truths:
            pair = (other.claim.field, truth.claim.field)
            if truth.claim.field != other.claim.field and pair not in also_true:
                yield _lie("quote of another fact", truth.claim, quote=other.claim.quote)
        yield from _wrong_fields(truth.claim, also_true)


def _wrong_fields(claim: Claim, also_true: frozenset[tuple[str, str]]) -> Iterator[Lie]:
    for name, spec in FIELDS.items():
        alike = spec.kind is FIELDS[claim.field].kind and name != claim.field
        if alike and (claim.field, name) not in also_true:
            yield _lie("value of another field", claim, field=name)
            if spec.kind is Kind.PERCENT:
                yield _lie("value of another field", claim, field=name, unit=spec.units[0])


def _redactions(text: str, truths: list[TrueClaim]) -> Iterator[Lie]:
    for truth in truths:
        yield Lie("redacted without a mark", replace(truth.claim, state=AnswerState.REDACTED, value=""))
    for i, mark in enumerate(_MARK.finditer(text)):
        truth = truths[i % len(truths)]
        start, end = max(0, mark.start() - 30), min(len(text), mark.end() + 30)
        quote = text[start:end].partition(" ")[2].rpartition(" ")[0]
        if "[***]" in quote:
            yield _lie("redacted passage claimed as found", truth.claim, quote=quote)


def by_kind(found: list[Lie]) -> Mapping[str, list[Lie]]:
    """The lies of each kind."""
    kinds: dict[str, list[Lie]] = {}
    for lie in found:
        kinds.setdefault(lie.kind, []).append(lie)
    return kinds
