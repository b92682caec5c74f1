"""Compiles the AIP-160 filter of ListContracts to SQL: comparisons joined by AND.

`label : "moma" AND state = ACTIVE AND create_time > "2026-01-01"`. Every value travels as an argument.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
from google.protobuf.descriptor import EnumDescriptor

from bloom.contracts.v1 import contract_pb2
from service_runtime.errors import DomainError, Reason

_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(<=|>=|!=|=|<|>|:)|([^\s"=<>!:]+))')
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
FIRST_ARGUMENT = 4


@dataclass(frozen=True, slots=True)
class _Field:
    """A column, the operators it takes, and how a value is read."""

    column: str
    operators: tuple[str, ...]
    read: Callable[[str], object]


def _enum(descriptor: EnumDescriptor, prefix: str) -> Callable[[str], object]:
    codes = {value.name.removeprefix(prefix): value.number for value in descriptor.values if value.number}

    def read(text: str) -> object:
        code = codes.get(text.removeprefix(prefix))
        if code is None:
            raise ValueError(f"one of {', '.join(codes)}")
        return code

    return read


def _time(text: str) -> object:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as broken:
        raise ValueError("a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z") from broken
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_EQUALITY = ("=", "!=")
_TEXT = ("=", "!=", ":")
_FIELDS = {
    "label": _Field("label", _TEXT, str),
    "reference_no": _Field("reference_no", _TEXT, str),
    "tags": _Field("tags", (":",), str),
    "state": _Field("state", _EQUALITY, _enum(contract_pb2.ContractState.DESCRIPTOR, "CONTRACT_STATE_")),
    "office": _Field("office", _EQUALITY, _enum(contract_pb2.Office.DESCRIPTOR, "OFFICE_")),
    "agreement_type": _Field(
        "agreement_type", _EQUALITY, _enum(contract_pb2.AgreementType.DESCRIPTOR, "AGREEMENT_TYPE_")
    ),
    "text_state": _Field("text_state", _EQUALITY, _enum(contract_pb2.TextState.DESCRIPTOR, "TEXT_STATE_")),
    "analysis_state": _Field(
        "analysis_state", _EQUALITY, _enum(contract_pb2.AnalysisState.DESCRIPTOR, "ANALYSIS_STATE_")
    ),
    "create_time": _Field("contracts.created_at", _COMPARISONS, _time),
}


def compile_filter(text: str) -> tuple[str, list[object]]:
    """An SQL condition whose arguments start at $4, and these. Raises FILTER_INVALID with the position."""
    tokens = _tokens(text)
    conditions: list[str] = []
    arguments: list[object] = []
    while tokens:
        condition, argument = _comparison(tokens, f"${FIRST_ARGUMENT + len(arguments)}", len(text))
        conditions.append(condition)
        arguments.append(argument)
        if tokens:
            position, word, quoted = tokens.pop(0)
            if quoted or word != "AND" or not tokens:
                raise _invalid(position, "expected AND and another comparison")
    return " AND ".join(conditions) or "true", arguments


def _tokens(text: str) -> list[tuple[int, str, bool]]:
    """(position, word, whether it was quoted)"""
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _invalid(position, "a quote is not closed, or a character does not belong here")
        quoted, operator, word = match.groups()
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else operator or word
        tokens.append((match.start(), value, quoted is not None))
        position = match.end()
    return tokens


def _comparison(tokens: list[tuple[int, str, bool]], placeholder: str, end: int) -> tuple[str, object]:
    position, name, quoted = tokens.pop(0)
    field = None if quoted else _FIELDS.get(name)
    if field is None:
        raise _invalid(position, f"{name} cannot be filtered; these can: {', '.join(_FIELDS)}")
    if len(tokens) < 2:
        raise _invalid(end, f"{name} needs an operator and a value")
    position, operator, quoted = tokens.pop(0)
    if quoted or operator not in field.operators:
        raise _invalid(position, f"{name} takes {' '.join(field.operators)}")
    position, text, _ = tokens.pop(0)
    if "\0" in text:
        raise _invalid(position, "a value cannot hold a NUL character")
    try:
        value = field.read(text)
    except ValueError as broken:
        raise _invalid(position, f"{name} needs {broken}") from broken
    return _sql(field.column, operator, placeholder), value


def _sql(column: str, operator: str, placeholder: str) -> str:
    if operator != ":":
        return f"{column} {'<>' if operator == '!=' else operator} {placeholder}"
    if column == "tags":
        return f"{placeholder}::text = ANY(tags)"
    return f"strpos(lower({column}), lower({placeholder})) > 0"


def _invalid(position: int, problem: str) -> DomainError:
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_FILTER_INVALID,
        f"filter, at character {position + 1}: {problem}.",
        {"position": str(position + 1)},
        violations={"filter": problem},
    )
