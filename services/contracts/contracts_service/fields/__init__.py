"""The field catalogue: what Claude is asked for, and how its answers are read."""

from contracts_service.fields.answers import (
    ANSWER_SCHEMA,
    AnswerState,
    FieldAnswer,
    Finding,
    GroupAnswer,
    field_line,
    parse_answer,
    parse_group_answer,
    wire_form,
)
from contracts_service.fields.catalogue import FIELDS, GROUPS
from contracts_service.fields.spec import FRONT, Choice, FieldSpec, Kind
from contracts_service.fields.wire import AnswerOutsideSchemaError

__all__ = [
    "ANSWER_SCHEMA",
    "FIELDS",
    "FRONT",
    "GROUPS",
    "AnswerOutsideSchemaError",
    "AnswerState",
    "Choice",
    "FieldAnswer",
    "FieldSpec",
    "Finding",
    "GroupAnswer",
    "Kind",
    "field_line",
    "parse_answer",
    "parse_group_answer",
    "wire_form",
]
