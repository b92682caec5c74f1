"""The field catalogue: what Claude is asked for, and how its answers are read."""

from contracts_service.fields.answers import (
    ANSWER_SCHEMA,
    AnswerOutsideSchemaError,
    AnswerState,
    FieldAnswer,
    Finding,
    GroupAnswer,
    field_line,
    parse_answer,
    parse_group_answer,
)
from contracts_service.fields.catalogue import FIELDS, GROUPS
from contracts_service.fields.spec import FRONT, Choice, FieldSpec, Kind

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
]
