"""Asks a pack's rules of a record's terms."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from contracts_service.rules.pack import Kind, Pack, Rule, Severity
from contracts_service.rules.places import Place, beside, find


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold, and the field that it is about."""

    rule: str
    severity: Severity
    path: str
    message: str


def check(pack: Pack, terms: Mapping[str, Any], *, imported: bool, at: str = "") -> list[Broken]:
    """What the rules say of the terms (JSON of a ContractTerms), in the pack's order.

    `imported`: it was really signed, so nothing is more than a warning. `at`: the state of a move, whose
    rules are asked as well.
    """
    broken = [
        Broken(rule.id, rule.severity, path, message)
        for rule in pack.rules
        if rule.at in ("", at)
        for path, message in _KINDS[rule.kind](rule, terms)
    ]
    return [replace(one, severity=Severity.WARNING) for one in broken] if imported else broken


_PLACE = re.compile(r"\{(\w+)\}")
_Findings = Iterator[tuple[str, str]]


def _range(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    for place in _asked(rule, terms):
        number = _number(place.value)
        if number is not None and not _within(rule, number):
            yield place.path, rule.message


def _within(rule: Rule, number: Decimal) -> bool:
    return (
        (rule.above is None or number > rule.above)
        and (rule.at_least is None or number >= rule.at_least)
        and (rule.at_most is None or number <= rule.at_most)
        and (rule.below is None or number < rule.below)
    )


def _one_of(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    allowed = {_number(value) for value in rule.values}
    for place in _asked(rule, terms):
        if _number(place.value) not in allowed:
            yield place.path, rule.message


def _multiple_of(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    for place in _asked(rule, terms):
        number = _number(place.value)
        if number is not None and rule.of and number % rule.of:
            yield place.path, rule.message


def _ordered(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    """Each that is set against the nearest one before it that is set."""
    places = [place for path in rule.paths for place in find(terms, path)]
    for before, place in pairwise(places):
        low, high = _comparable(before.value), _comparable(place.value)
        if high < low or (rule.strict and high == low):
            yield place.path, _told(rule, other=before.path, other_value=before.value)


def _same(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    places = [place for path in rule.paths for place in find(terms, path)]
    if len({place.value for place in places}) > 1:
        yield places[-1].path, rule.message


def _sum_of(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    parts = _numbers(terms, rule.items)
    for place in _asked(rule, terms):
        if parts and sum(parts) != _number(place.value):
            yield place.path, _told(rule, sum=f"{sum(parts):f}")


def _sum_at_most(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    total = sum(_numbers(terms, rule.path), Decimal(0))
    if rule.at_most is not None and total > rule.at_most:
        yield rule.path.partition("[]")[0], _told(rule, sum=f"{total:f}")


def _needs(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    for place in _asked(rule, terms):
        for path in rule.paths:
            if not beside(terms, path, place):
                yield _in(path, place), rule.message


def _compounds(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    for place in _asked(rule, terms):
        rate, years = _number(place.value), next(iter(_numbers(terms, rule.years)), None)
        if rate is None or years is None or rule.at_most is None:
            continue
        # The first year has the first price.
        factor = (1 + rate / 100) ** max(int(years) - 1, 0)
        if factor > rule.at_most:
            yield place.path, _told(rule, factor=f"{factor:.2f}")


def _some_of(rule: Rule, terms: Mapping[str, Any]) -> _Findings:
    if not any(place.value in rule.values for place in find(terms, rule.items)):
        yield rule.path, rule.message


_KINDS: Mapping[Kind, Callable[[Rule, Mapping[str, Any]], _Findings]] = {
    Kind.RANGE: _range,
    Kind.ONE_OF: _one_of,
    Kind.MULTIPLE_OF: _multiple_of,
    Kind.ORDERED: _ordered,
    Kind.SAME: _same,
    Kind.SUM_OF: _sum_of,
    Kind.SUM_AT_MOST: _sum_at_most,
    Kind.NEEDS: _needs,
    Kind.COMPOUNDS: _compounds,
    Kind.SOME_OF: _some_of,
}


def _asked(rule: Rule, terms: Mapping[str, Any]) -> Iterator[Place]:
    for place in find(terms, rule.path):
        if all(
            any(other.value in where.values for other in beside(terms, where.path, place))
            for where in rule.where
        ):
            yield place


def _numbers(terms: Mapping[str, Any], path: str) -> list[Decimal]:
    found = (_number(place.value) for place in find(terms, path))
    return [number for number in found if number is not None]


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _comparable(value: object) -> tuple[bool, Decimal, str]:
    """Numbers by size, dates by their ISO text."""
    number = _number(value)
    return (False, number, "") if number is not None else (True, Decimal(0), str(value))


def _told(rule: Rule, **said: str) -> str:
    """The rule's message; `{name}` stands for what is said, once, and what is said is no template."""
    return _PLACE.sub(lambda place: str(said[place[1]]), rule.message)


def _in(path: str, item: Place) -> str:
    """`guarantees[].period` of the item `guarantees[2]`: `guarantees[2].period`."""
    for index in item.indices:
        path = path.replace("[]", f"[{index}]", 1)
    return path
