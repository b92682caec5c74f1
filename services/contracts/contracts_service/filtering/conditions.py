"""Compiles a filter to an SQL condition on contracts. Every value travels as an argument."""

import re
from decimal import Decimal, InvalidOperation

from bloom.contracts.v1 import contract_pb2
from contracts_service.evidence import Reason
from contracts_service.evidence.claims import read_claim
from contracts_service.fields import FIELDS, FieldSpec, Kind
from contracts_service.filtering.errors import broken
from contracts_service.filtering.names import (
    COLUMNS,
    COMPARISONS,
    EQUALITY,
    FIELD_OF,
    REVIEW,
    STATUS,
    TEXT,
    Column,
)
from contracts_service.filtering.parse import Both, Either, Expression, Not, Restriction, parse
from contracts_service.grid.effective import typed
from contracts_service.grid.model import ACCEPTED, CORRECTED, OPEN

_WORDED = (Kind.TEXT, Kind.JURISDICTION)
_CODED = (Kind.ENUM, Kind.BOOLEAN)
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s*([^\d\s].*))?")
#: On cells: only what is proven, or what a person has said, answers a question.
HOLDS = (
    f"(cells.review IN ({ACCEPTED:d}, {CORRECTED:d})"
    f" OR cells.review = {OPEN:d} AND cells.status = {contract_pb2.VALUE_STATUS_VERIFIED:d})"
)


def compile_filter(text: str, first: int = 4) -> tuple[str, list[object]]:
    """The condition, and its arguments, which start at $first. Raises FILTER_INVALID with the position."""
    expression = parse(text)
    if expression is None:
        return "true", []
    compiler = _Compiler(first)
    return compiler.of(expression), compiler.arguments


class _Compiler:
    def __init__(self, first: int) -> None:
        self._first = first
        self.arguments: list[object] = []

    def of(self, expression: Expression) -> str:
        match expression:
            case Both(parts):
                return "(" + " AND ".join(map(self.of, parts)) + ")"
            case Either(parts):
                return "(" + " OR ".join(map(self.of, parts)) + ")"
            case Not(inner):
                return f"NOT {self.of(inner)}"
            case Restriction():
                return self._restriction(expression)

    def _argument(self, value: object) -> str:
        self.arguments.append(value)
        return f"${self._first + len(self.arguments) - 1}"

    def _restriction(self, asked: Restriction) -> str:
        if not asked.operator:
            return self._words(asked.name.text)
        name = asked.name.text
        if not asked.name.quoted and name in COLUMNS:
            return self._column(asked, COLUMNS[name])
        field, _, state = name.partition(".")
        if asked.name.quoted or field not in FIELD_OF or state not in ("", "status", "review"):
            names = ", ".join((*COLUMNS, *FIELD_OF))
            raise broken(asked.name.position, f"{name} cannot be filtered; these can: {names}")
        if state:
            return self._state(asked, FIELD_OF[field], state)
        return self._field(asked, FIELDS[FIELD_OF[field]])

    def _words(self, text: str) -> str:
        words = f"websearch_to_tsquery('english', {self._argument(_phrase(text))})"
        return f"contracts.document_id IN (SELECT matching_documents({words}))"

    def _column(self, asked: Restriction, column: Column) -> str:
        _require(asked, column.operators)
        value = _read(asked, column)
        mark = self._argument(value)
        if column.sql == "contracts.tags":
            return f"{mark}::text = ANY(contracts.tags)"
        if asked.operator == ":":
            return f"strpos(lower({column.sql}), lower({mark})) > 0"
        return f"{column.sql} {_sql(asked.operator)} {mark}"

    def _state(self, asked: Restriction, field: str, state: str) -> str:
        column = Column(f"cells.{state}", EQUALITY, STATUS if state == "status" else REVIEW)
        _require(asked, column.operators)
        code = self._argument(_read(asked, column))
        return self._cell(field, f"{column.sql} {_sql(asked.operator)} {code}")

    def _field(self, asked: Restriction, spec: FieldSpec) -> str:
        """Also `expiration : *`, which asks whether it is known."""
        if asked.operator == ":" and asked.value.text == "*" and not asked.value.quoted:
            return self._cell(spec.name, HOLDS)
        if spec.kind in _WORDED:
            return self._worded(asked, spec)
        _require(asked, EQUALITY if spec.kind in _CODED else COMPARISONS)
        if spec.kind in _CODED:
            value = self._argument(asked.value.text)
            return self._cell(spec.name, f"{HOLDS} AND cells.value {_sql(asked.operator)} {value}")
        column, measured = (
            ("day", _day(asked)) if spec.kind is Kind.DATE else ("number", _number(asked, spec))
        )
        return self._cell(spec.name, f"cells.{column} {_sql(asked.operator)} {self._argument(measured)}")

    def _worded(self, asked: Restriction, spec: FieldSpec) -> str:
        _require(asked, TEXT)
        value = self._argument(asked.value.text)
        if asked.operator == ":":
            return self._cell(spec.name, f"{HOLDS} AND strpos(lower(cells.value), lower({value})) > 0")
        return self._cell(spec.name, f"{HOLDS} AND lower(cells.value) {_sql(asked.operator)} lower({value})")

    def _cell(self, field: str, condition: str) -> str:
        return f"""EXISTS (SELECT FROM cells WHERE cells.org_id = contracts.org_id
            AND cells.contract_id = contracts.id AND cells.field = {self._argument(field)} AND {condition})"""


def _sql(operator: str) -> str:
    return "<>" if operator == "!=" else operator


def _phrase(text: str) -> str:
    """As one phrase, whatever stands in it; a quote would end it."""
    return '"' + text.replace('"', " ") + '"'


def _require(asked: Restriction, operators: tuple[str, ...]) -> None:
    if asked.operator not in operators:
        raise broken(asked.name.position, f"{asked.name.text} takes {' '.join(operators)}")


def _read(asked: Restriction, column: Column) -> object:
    try:
        return column.read(asked.value.text)
    except ValueError as wrong:
        raise broken(asked.value.position, f"{asked.name.text} needs {wrong}") from wrong


def _day(asked: Restriction) -> object:
    day = typed("agreement_date", asked.value.text, "date").day
    if day is None:
        raise broken(asked.value.position, f"{asked.name.text} needs a date such as 2030-01-31")
    return day


def _number(asked: Restriction, spec: FieldSpec) -> Decimal:
    """In the field's base unit, or with a unit of its own: `capacity > "1.3 MW"`."""
    told = _AMOUNT.fullmatch(asked.value.text)
    units = ", ".join(spec.units)
    if told is None:
        raise broken(asked.value.position, f"{asked.name.text} needs a number, or one with a unit of {units}")
    amount, unit = told.groups()
    if unit is None:
        return _plain(asked, amount)
    if isinstance(read_claim(spec, amount, unit), Reason):
        raise broken(asked.value.position, f"{asked.name.text} has the units {units}")
    number = typed(spec.name, amount, unit).number
    return _plain(asked, amount) if number is None else number


def _plain(asked: Restriction, amount: str) -> Decimal:
    try:
        number = Decimal(amount)
    except InvalidOperation as wrong:
        raise broken(asked.value.position, f"{asked.name.text} needs a number") from wrong
    return number
