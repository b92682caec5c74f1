"""Which cell says which term: cells as terms, and what a person writes there as a cell's value."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contracts_service.grid.model import Cell

_ToTerm = Callable[[str, str], Any]
_ToCell = Callable[[Any], tuple[str, str] | None]
_RELATIVE = re.compile(r"(business days|days|months|years) (after|before) (.+)", re.DOTALL)
_PER = {
    "kWh": "RATE_PER_KWH",
    "MWh": "RATE_PER_MWH",
    "kW-month": "RATE_PER_KW_MONTH",
    "kW-year": "RATE_PER_KW_YEAR",
    "cycle": "RATE_PER_CYCLE",
}
_LARGER = {"MW": Decimal(1000), "kV": Decimal(1000), "MWh": Decimal(1000)}
_BASIS = {"NAMEPLATE": "PERCENT_BASIS_NAMEPLATE", "LHV": "PERCENT_BASIS_LHV", "HHV": "PERCENT_BASIS_HHV"}


@dataclass(frozen=True, slots=True)
class Reading:
    """A field of the catalogue and the one term that it says, both ways."""

    field: str
    path: str
    to_term: _ToTerm
    to_cell: _ToCell


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date(field: str, path: str) -> Reading:
    def to_cell(term: Any) -> tuple[str, str] | None:
        return (term["date"], "date") if "date" in term else None

    return Reading(field, path, lambda value, _: {"date": value}, to_cell)


def _number(field: str, path: str, unit: str) -> Reading:
    def to_term(value: str, given: str) -> str:
        return _plain(Decimal(value) * _LARGER.get(given, Decimal(1)))

    return Reading(field, path, to_term, lambda term: (_plain(Decimal(term)), unit))


def _whole(field: str, path: str) -> Reading:
    return Reading(field, path, lambda value, _: int(Decimal(value)), lambda term: (str(term), "count"))


def _code(field: str, path: str, prefix: str) -> Reading:
    return Reading(
        field, path, lambda value, _: prefix + value, lambda term: (term.removeprefix(prefix), "enum")
    )


def _words(field: str, path: str, unit: str) -> Reading:
    return Reading(field, path, lambda value, _: value, lambda term: (term, unit))


def _money(field: str, path: str) -> Reading:
    return Reading(
        field,
        path,
        lambda value, unit: {"amount": value, "currency": unit},
        lambda term: (term["amount"], term["currency"]),
    )


def _rate(value: str, unit: str) -> dict[str, Any]:
    currency, _, per = unit.partition("/")
    return {"amount": {"amount": value, "currency": currency}, "per": _PER[per]}


def _rated(field: str, path: str) -> Reading:
    def to_cell(term: Any) -> tuple[str, str]:
        per = next(name for name, code in _PER.items() if code == term["per"])
        return term["amount"]["amount"], f"{term['amount']['currency']}/{per}"

    return Reading(field, path, _rate, to_cell)


def _relative(value: str, unit: str) -> dict[str, Any] | None:
    told = _RELATIVE.fullmatch(unit)
    if told is None:
        return None
    offset = int(Decimal(value)) * (1 if told[2] == "after" else -1)
    return {
        "anchor": told[3],
        "offset": offset,
        "unit": f"OFFSET_UNIT_{told[1].replace(' ', '_').upper()}",
    }


def _notice(field: str, path: str) -> Reading:
    def to_cell(term: Any) -> tuple[str, str]:
        offset = int(term.get("offset", 0))
        unit = term["unit"].removeprefix("OFFSET_UNIT_").replace("_", " ").lower()
        return str(abs(offset)), f"{unit} {'after' if offset >= 0 else 'before'} {term['anchor']}"

    return Reading(field, path, _relative, to_cell)


def _days(field: str, path: str) -> Reading:
    """Only days are days: what is told in months stays a cell."""

    def to_term(value: str, unit: str) -> int | None:
        return int(Decimal(value)) if unit.startswith("days after ") else None

    return Reading(field, path, to_term, lambda _: None)


READINGS: tuple[Reading, ...] = (
    _date("agreement_date", "dates.agreement"),
    _date("effective_date", "dates.effective"),
    _date("scheduled_cod", "dates.scheduled_cod"),
    _date("guaranteed_cod", "dates.guaranteed_cod"),
    _date("expiration_date", "dates.expiration"),
    _number("term_years", "term.term_years", "years"),
    _number("renewal_term_years", "term.renewal.term_years", "years"),
    _notice("renewal_notice", "term.renewal.notice"),
    _number("capacity", "system.capacity_kw", "kW"),
    _number("system_nameplate", "system.nameplate_kw", "kW"),
    _whole("system_count", "system.system_count"),
    _number("voltage", "system.voltage_v", "V"),
    _code("solution_type", "system.solution_type", "SOLUTION_TYPE_"),
    _number("take_or_pay", "price.take_or_pay_kwh", "kWh"),
    _rated("price_floor", "price.floor"),
    _rated("price_cap", "price.cap"),
    _days("invoice_due", "billing.due_days"),
    _days("dispute_notice", "billing.dispute_days"),
    _number("critical_output", "demand.critical_output_kw", "kW"),
    _words("governing_law", "legal.governing_law", "jurisdiction"),
    _money("liability_cap", "legal.liability_cap"),
)
BY_PATH: Mapping[str, Reading] = {reading.path: reading for reading in READINGS}

_PARTIES = ("buyer", "seller", "owner", "operator", "guarantor")
_PRICES = {"energy_price": "ENERGY", "capacity_price": "CAPACITY", "service_fee": "SERVICE_FEE"}
_GUARANTEES = {
    "output_month": ("OUTPUT", "PERIOD_MONTH"),
    "output_year": ("OUTPUT", "PERIOD_YEAR"),
    "efficiency": ("EFFICIENCY", ""),
    "availability": ("AVAILABILITY", ""),
    "heat_rate": ("HEAT_RATE", ""),
}


def read(cells: Mapping[str, Cell]) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Terms by path, each with the fields that say it. Only what holds counts."""
    held = {name: cell for name, cell in cells.items() if cell.holds}
    found: dict[str, tuple[Any, tuple[str, ...]]] = {}
    for reading in READINGS:
        cell = held.get(reading.field)
        term = reading.to_term(cell.value, cell.unit) if cell else None
        if term is not None:
            found[reading.path] = (term, (reading.field,))
    for path, several in (
        ("parties", _parties(held)),
        ("price.components", _prices(held)),
        ("guarantees", _guarantees(held)),
    ):
        if several:
            found[path] = ([item for item, _ in several], tuple(field for _, field in several))
    return found | _groups(held)


_Items = list[tuple[dict[str, Any], str]]


def _parties(held: Mapping[str, Cell]) -> _Items:
    return [
        ({"legal_name": held[name].value, "role": f"PARTY_ROLE_{name.upper()}"}, name)
        for name in _PARTIES
        if name in held
    ]


def _prices(held: Mapping[str, Cell]) -> _Items:
    return [
        ({"kind": f"PRICE_KIND_{kind}", "rate": _rate(held[name].value, held[name].unit)}, name)
        for name, kind in _PRICES.items()
        if name in held
    ]


def _guarantees(held: Mapping[str, Cell]) -> _Items:
    found: _Items = []
    for name, (metric, period) in _GUARANTEES.items():
        if name in held:
            item = {"metric": f"GUARANTEE_METRIC_{metric}", **_threshold(held[name])}
            found.append((item | ({"period": period} if period else {}), name))
    return found


def _threshold(cell: Cell) -> dict[str, Any]:
    if not cell.unit.startswith("%"):
        return {"quantity": {"value": cell.value, "unit": cell.unit}}
    basis = _BASIS.get(cell.unit.removeprefix("%").strip())
    return {"percent": {"value": cell.value} | ({"basis": basis} if basis else {})}


def _groups(held: Mapping[str, Cell]) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """What one field says of a whole group."""
    found: dict[str, tuple[Any, tuple[str, ...]]] = {}
    if escalator := held.get("escalator"):
        term = {"kind": "ESCALATOR_KIND_FIXED_PCT", "rate": {"value": escalator.value}}
        found["price.escalator"] = (term, ("escalator",))
    if interest := held.get("late_interest"):
        period = f"PERIOD_{interest.unit.partition('/')[2].upper()}"
        found["billing.late_interest"] = (
            {"rate": {"value": interest.value}, "per": period},
            ("late_interest",),
        )
    if address := held.get("site_address"):
        found["sites"] = ([{"address": address.value}], ("site_address",))
    if kind := held.get("rec_type"):
        owner = {"owner": held["rec_owner"].value} if "rec_owner" in held else {}
        found["environmental"] = ([{"type": kind.value, **owner}], ("rec_type", "rec_owner"))
    return found
