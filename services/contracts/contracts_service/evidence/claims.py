"""Reads a claim's wire strings into the typed value that the document must bear out."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from contracts_service.evidence.jurisdictions import plain_name
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.values import (
    Code,
    Count,
    DateValue,
    Flag,
    Jurisdiction,
    Money,
    Percent,
    Quantity,
    Rate,
    RelativeDate,
    Text,
    Value,
    content_words,
)
from contracts_service.fields import FieldSpec, Kind

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,9})?")
_RELATIVE_UNIT = re.compile(
    r"(?P<unit>business days|days|months|years) (?P<direction>after|before) (?P<anchor>\S.*)", re.S
)
_MIN_TEXT = 2


def read_claim(spec: FieldSpec, value: str, unit: str) -> Value | Reason:
    """The value that `value` and `unit` claim for a field, or the reason why they claim none."""
    unit = " ".join(unit.split())
    if spec.kind is Kind.RELATIVE_DATE:
        return _relative(spec, value, unit)
    if unit not in spec.units:
        return Reason.UNIT_NOT_ALLOWED
    read = _READERS[spec.kind](spec, value.strip(), unit)
    return Reason.CLAIM_UNREADABLE if read is None else read


def _decimal(value: str) -> Decimal | None:
    return Decimal(value) if _DECIMAL.fullmatch(value) else None


def _relative(spec: FieldSpec, value: str, unit: str) -> Value | Reason:
    match = _RELATIVE_UNIT.fullmatch(unit)
    offset = _decimal(value.strip())
    if match is None or match["unit"] not in spec.units:
        return Reason.UNIT_NOT_ALLOWED
    if offset is None or offset != int(offset) or not content_words(match["anchor"]):
        return Reason.CLAIM_UNREADABLE
    return RelativeDate(offset, match["unit"], match["direction"], match["anchor"])


def _date(_: FieldSpec, value: str, __: str) -> Value | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return DateValue(date.fromisoformat(value))
    except ValueError:
        return None


def _quantity(_: FieldSpec, value: str, unit: str) -> Value | None:
    amount = _decimal(value)
    return None if amount is None else Quantity(amount, unit)


def _count(_: FieldSpec, value: str, __: str) -> Value | None:
    amount = _decimal(value)
    return None if amount is None or amount != int(amount) else Count(amount)


def _money(_: FieldSpec, value: str, unit: str) -> Value | None:
    amount = _decimal(value)
    return None if amount is None else Money(amount, unit)


def _rate(_: FieldSpec, value: str, unit: str) -> Value | None:
    amount = _decimal(value)
    return None if amount is None else Rate(amount, unit)


def _percent(_: FieldSpec, value: str, unit: str) -> Value | None:
    amount = _decimal(value)
    if amount is None:
        return None
    basis = unit.removeprefix("%").strip() if unit.startswith("% ") else None
    return Percent(amount, basis, unit.partition("/")[2] or None)


def _text(spec: FieldSpec, value: str, _: str) -> Value | None:
    fits = re.search(spec.form, value, re.IGNORECASE) is not None
    return Text(value) if fits and sum(map(str.isalnum, value)) >= _MIN_TEXT else None


def _jurisdiction(_: FieldSpec, value: str, __: str) -> Value | None:
    name = plain_name(value)
    return None if name is None else Jurisdiction(name)


def _code(spec: FieldSpec, value: str, _: str) -> Value | None:
    return Code(value) if value in {choice.code for choice in spec.choices} else None


def _flag(_: FieldSpec, value: str, __: str) -> Value | None:
    return Flag(value == "true") if value in ("true", "false") else None


_READERS: dict[Kind, Callable[[FieldSpec, str, str], Value | None]] = {
    Kind.DATE: _date,
    Kind.QUANTITY: _quantity,
    Kind.INTEGER: _count,
    Kind.MONEY: _money,
    Kind.RATE: _rate,
    Kind.PERCENT: _percent,
    Kind.TEXT: _text,
    Kind.JURISDICTION: _jurisdiction,
    Kind.ENUM: _code,
    Kind.BOOLEAN: _flag,
}
