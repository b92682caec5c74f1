"""Answers about a field group: the schema Claude is held to, and the reading of what it sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from contracts_service.fields.catalogue import FIELDS, GROUPS
from contracts_service.fields.spec import FieldSpec, Kind
from contracts_service.fields.wire import AnswerOutsideSchemaError, array_of, load, object_of, string_of

INSTRUCTIONS = "instructions_to_reader"
#: The parts of the answer form that are for lists; an answer about fields leaves them empty.
OF_LISTS = frozenset({"entries", "absent"})

_WIRE_FORM = {
    Kind.DATE: 'value as "YYYY-MM-DD", unit "date"',
    Kind.QUANTITY: "value as a plain decimal number, unit one of {units}",
    Kind.INTEGER: 'value as a plain whole number, unit "count"',
    Kind.MONEY: "value as a plain decimal number without separators, unit one of {units}",
    Kind.RATE: "value as a plain decimal number, unit one of {units}",
    Kind.PERCENT: 'value as a plain decimal number such as "85", unit one of {units}',
    Kind.RELATIVE_DATE: (
        'value as a plain whole number, unit one of {units} followed by "after" or "before" and the words '
        'of the quote that name the event, e.g. "days after receipt of invoice"'
    ),
    Kind.TEXT: 'value copied from the quote character by character, unit "text"',
    Kind.JURISDICTION: 'value as the plain name, e.g. "New York", unit "jurisdiction"',
    Kind.ENUM: 'value one of {codes}, unit "enum"',
    Kind.BOOLEAN: 'value "true" or "false", unit "bool"',
}


class AnswerState(StrEnum):
    """What the reader says about a field before anyone has checked it."""

    FOUND = "FOUND"
    ABSENT = "ABSENT"
    REDACTED = "REDACTED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the document is said to state the field: wire value, wire unit, verbatim quote."""

    value: str
    unit: str
    quote: str


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """The reader's answer about one field; whether state and findings agree is the verifier's to judge."""

    state: AnswerState
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """A whole group's answers, and the sentences in which the document tries to instruct its reader."""

    fields: Mapping[str, FieldAnswer]
    instructions_to_reader: tuple[str, ...]


def _closed(properties: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_STRINGS = {"type": "array", "items": {"type": "string"}}

#: The strict JSON schema of every group's answer. One for all: Claude's prompt cache is keyed by the schema
#: too, so a schema of its own for each group would read (and pay for) the document once a group.
ANSWER_SCHEMA: Mapping[str, object] = MappingProxyType(
    _closed(
        {
            "answers": {
                "type": "array",
                "items": _closed(
                    {
                        "field": {"type": "string", "enum": list(FIELDS)},
                        "state": {"type": "string", "enum": [state.value for state in AnswerState]},
                        "findings": {
                            "type": "array",
                            "items": _closed(
                                {name: {"type": "string"} for name in ("value", "unit", "quote")}
                            ),
                        },
                    }
                ),
            },
            INSTRUCTIONS: _STRINGS,
        }
    )
)


def field_line(spec: FieldSpec) -> str:
    """How the question names a field: its meaning, and the form that a value of it has."""
    return f"- {spec.name}: {spec.label}. {spec.description} A finding has {wire_form(spec)}."


def wire_form(spec: FieldSpec) -> str:
    """The form of a value on the wire, in words."""
    units = ", ".join(f'"{unit}"' for unit in spec.units)
    codes = ", ".join(choice.code for choice in spec.choices)
    return _WIRE_FORM[spec.kind].format(units=units, codes=codes)


def parse_answer(group: str, json_text: str) -> Mapping[str, FieldAnswer]:
    """The field answers in `json_text`; see `parse_group_answer`."""
    return parse_group_answer(group, json_text).fields


def parse_group_answer(group: str, json_text: str) -> GroupAnswer:
    """Reads a group's answer object.

    Raises AnswerOutsideSchemaError where the text is not JSON, departs from `ANSWER_SCHEMA`, or does not
    answer each field of the group once; and KeyError for a group that is not in the catalogue.
    """
    names = [spec.name for spec in GROUPS[group]]
    answer = object_of(load(json_text), "$", {"answers", INSTRUCTIONS}, OF_LISTS)
    if any(answer.get(name) for name in OF_LISTS):
        raise AnswerOutsideSchemaError("$", "holds entries that nobody asked for")
    fields: dict[str, FieldAnswer] = {}
    for i, one in enumerate(array_of(answer["answers"], "$.answers")):
        name, field = _field_answer(one, f"$.answers[{i}]")
        if name in fields or name not in names:
            raise AnswerOutsideSchemaError(
                f"$.answers[{i}].field", "answers a field twice, or one not asked for"
            )
        fields[name] = field
    if missing := [name for name in names if name not in fields]:
        raise AnswerOutsideSchemaError("$.answers", f"lacks {missing}")
    instructions = array_of(answer[INSTRUCTIONS], f"$.{INSTRUCTIONS}")
    sentences = tuple(string_of(one, f"$.{INSTRUCTIONS}[{i}]") for i, one in enumerate(instructions))
    return GroupAnswer(MappingProxyType({name: fields[name] for name in names}), sentences)


def _field_answer(value: object, path: str) -> tuple[str, FieldAnswer]:
    answer = object_of(value, path, {"field", "state", "findings"})
    name = string_of(answer["field"], f"{path}.field")
    try:
        state = AnswerState(string_of(answer["state"], f"{path}.state"))
    except ValueError as error:
        raise AnswerOutsideSchemaError(f"{path}.state", "is not FOUND, ABSENT or REDACTED") from error
    findings = array_of(answer["findings"], f"{path}.findings")
    read = tuple(_finding(one, f"{path}.findings[{i}]") for i, one in enumerate(findings))
    return name, FieldAnswer(state, read)


def _finding(value: object, path: str) -> Finding:
    finding = object_of(value, path, {"value", "unit", "quote"})
    return Finding(*(string_of(finding[name], f"{path}.{name}") for name in ("value", "unit", "quote")))
