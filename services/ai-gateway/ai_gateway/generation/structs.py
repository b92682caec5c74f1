"""JSON in a protobuf Struct, both ways."""

import math
from collections.abc import Mapping

from google.protobuf import json_format, struct_pb2

from service_runtime.errors import invalid


def to_json(struct: struct_pb2.Struct, path: str) -> dict[str, object]:
    """In the order of its names: a Struct has none, and equal prompts must be equal bytes to be cached.

    Raises DomainError with the path of what JSON has not.
    """
    return {name: _plain(struct.fields[name], f"{path}.{name}") for name in sorted(struct.fields)}


def to_struct(value: Mapping[str, object]) -> struct_pb2.Struct:
    """The same back."""
    return json_format.ParseDict(dict(value), struct_pb2.Struct())


def _plain(value: struct_pb2.Value, path: str) -> object:
    """The JSON value; whole numbers become integers again, which a Struct cannot hold."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return to_json(value.struct_value, path)
        case "list_value":
            return [_plain(part, path) for part in value.list_value.values]
        case "number_value":
            number = value.number_value
            if not math.isfinite(number):
                raise invalid(path, "a number must be finite")
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None
