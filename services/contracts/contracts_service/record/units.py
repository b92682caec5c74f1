"""Terms by path: the pieces that a person writes or leaves as a whole, and the way to messages and back."""

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import MessageToDict, ParseDict

from bloom.contracts.v1 import record_pb2

#: Below `terms`: `parties`, `dates.expiration`, `price.escalator`. Renewal is written piece by piece.
_OPENED = frozenset({"term.renewal"})


def _paths(descriptor: Descriptor, above: str = "") -> list[str]:
    paths = []
    for field in descriptor.fields:
        path, inner = f"{above}{field.name}", field.message_type
        if inner is not None and not field.is_repeated and (not above or path in _OPENED):
            paths += _paths(inner, f"{path}.")
        else:
            paths.append(path)
    return paths


PATHS: tuple[str, ...] = tuple(_paths(record_pb2.ContractTerms.DESCRIPTOR))


def flat(terms: record_pb2.ContractTerms) -> dict[str, Any]:
    """What is set, by path, as JSON."""
    whole = MessageToDict(terms, preserving_proto_field_name=True)
    found = ((path, _at(whole, path)) for path in PATHS)
    return {path: value for path, value in found if value is not None}


def is_path(path: str) -> bool:
    """Whether an update mask may name it: a field below the terms, at most the whole of a list."""
    inner: Descriptor | None = record_pb2.ContractTerms.DESCRIPTOR
    for name in path.split("."):
        field = inner.fields_by_name.get(name) if inner else None
        if field is None:
            return False
        inner = None if field.is_repeated else field.message_type
    return True


def merged(
    now: record_pb2.ContractTerms, new: record_pb2.ContractTerms, paths: Iterable[str]
) -> record_pb2.ContractTerms:
    """`now` with everything at `paths` as `new` has it, or has it not."""
    after, source = (MessageToDict(one, preserving_proto_field_name=True) for one in (now, new))
    for path in paths:
        *groups, leaf = path.split(".")
        place, value = after, _at(source, path)
        for group in groups:
            place = place.setdefault(group, {})
        place.pop(leaf, None)
        if value is not None:
            place[leaf] = value
    return message(after)


def nested(by_path: Mapping[str, Any]) -> dict[str, Any]:
    """The same as one JSON object."""
    whole: dict[str, Any] = {}
    for path, value in by_path.items():
        *groups, leaf = path.split(".")
        place = whole
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    return whole


def message(whole: Mapping[str, Any]) -> record_pb2.ContractTerms:
    """A stored snapshot as a message; what a later schema has dropped is left out."""
    return ParseDict(dict(whole), record_pb2.ContractTerms(), ignore_unknown_fields=True)


def _at(whole: Mapping[str, Any], path: str) -> Any:
    place: Any = whole
    for name in path.split("."):
        if not isinstance(place, Mapping) or name not in place:
            return None
        place = place[name]
    return place
