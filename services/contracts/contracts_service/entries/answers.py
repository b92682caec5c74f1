"""Answers about a list: the form Claude is held to, and the strict reading of what it sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from contracts_service.entries.spec import ListSpec
from contracts_service.fields.answers import INSTRUCTIONS
from contracts_service.fields.wire import AnswerOutsideSchemaError, array_of, load, object_of, string_of

#: Obligations of a master agreement with all its exhibits; more is no list of a contract.
MAX_ENTRIES = 400
FOUND, REDACTED = "FOUND", "REDACTED"
_WHOLE = {"answers", "entries", "absent", INSTRUCTIONS}
_ENTRY = ("kind", "text", "grade", "quote", "attributes", "absent")
_ATTRIBUTE = ("name", "state", "value", "unit", "quote")
_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}


def _closed(properties: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_ATTRIBUTES = {
    "type": "array",
    "items": _closed(
        {**dict.fromkeys(_ATTRIBUTE, _STRING), "state": {"type": "string", "enum": [FOUND, REDACTED]}}
    ),
}
#: The properties of an answer that are about lists. One form for all: see docs/decisions/0026.
ENTRY_FORM: Mapping[str, object] = MappingProxyType(
    {
        "entries": {
            "type": "array",
            "items": _closed(
                {**dict.fromkeys(_ENTRY, _STRING), "attributes": _ATTRIBUTES, "absent": _STRINGS}
            ),
        },
        "absent": _STRINGS,
    }
)


@dataclass(frozen=True, slots=True)
class Stated:
    """An attribute as the reader reports it; `redacted` where the document blacks its value out."""

    name: str
    redacted: bool
    value: str
    unit: str
    quote: str


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """One entry as the reader reports it, before anyone has checked it."""

    kind: str
    text: str
    grade: str
    quote: str
    attributes: tuple[Stated, ...]


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """A list's entries, the kinds that the document has none of, and what it says to its reader's AI."""

    entries: tuple[EntryAnswer, ...]
    absent: frozenset[str]
    instructions_to_reader: tuple[str, ...]


def parse_list_answer(spec: ListSpec, json_text: str) -> ListAnswer:
    """Reads a list's answer object.

    Raises AnswerOutsideSchemaError where the text is not JSON, departs from the form, or does not answer each
    kind of the list: by an entry, or as absent.
    """
    answer = object_of(load(json_text), "$", _WHOLE)
    if array_of(answer["answers"], "$.answers"):
        raise AnswerOutsideSchemaError("$.answers", "holds fields that nobody asked for")
    listed = array_of(answer["entries"], "$.entries", MAX_ENTRIES)
    entries = tuple(_entry(spec, one, f"$.entries[{i}]") for i, one in enumerate(listed))
    absent = frozenset(_strings(answer["absent"], "$.absent"))
    _check_kinds(spec, {entry.kind for entry in entries}, absent)
    return ListAnswer(entries, absent, _strings(answer[INSTRUCTIONS], f"$.{INSTRUCTIONS}"))


def _check_kinds(spec: ListSpec, present: set[str], absent: frozenset[str]) -> None:
    known = {kind.code for kind in spec.kinds}
    if unknown := (present | absent) - known:
        raise AnswerOutsideSchemaError("$", f"has kinds that nobody asked for: {sorted(unknown)[:5]}")
    if silent := known - present - absent:
        raise AnswerOutsideSchemaError("$", f"says nothing about {sorted(silent)[:5]}")
    if both := present & absent:
        raise AnswerOutsideSchemaError("$", f"has entries of what is absent: {sorted(both)[:5]}")


def _entry(spec: ListSpec, value: object, path: str) -> EntryAnswer:
    entry = object_of(value, path, set(_ENTRY))
    kind, words, grade, quote = (string_of(entry[name], f"{path}.{name}") for name in _ENTRY[:4])
    if grade not in (spec.grades or ("",)):
        raise AnswerOutsideSchemaError(f"{path}.grade", f"is none of {list(spec.grades)}")
    listed = array_of(entry["attributes"], f"{path}.attributes")
    stated = tuple(_stated(one, f"{path}.attributes[{i}]") for i, one in enumerate(listed))
    absent = _strings(entry["absent"], f"{path}.absent")
    named = sorted([*(one.name for one in stated), *absent])
    if named != sorted(attribute.name for attribute in spec.attributes):
        raise AnswerOutsideSchemaError(path, "does not answer each attribute once")
    return EntryAnswer(kind, words, grade, quote, stated)


def _stated(value: object, path: str) -> Stated:
    stated = object_of(value, path, set(_ATTRIBUTE))
    name, state, wire, unit, quote = (string_of(stated[one], f"{path}.{one}") for one in _ATTRIBUTE)
    if state not in (FOUND, REDACTED):
        raise AnswerOutsideSchemaError(f"{path}.state", "is not FOUND or REDACTED")
    return Stated(name, state == REDACTED, wire, unit, quote)


def _strings(value: object, path: str) -> tuple[str, ...]:
    return tuple(string_of(one, f"{path}[{i}]") for i, one in enumerate(array_of(value, path)))
