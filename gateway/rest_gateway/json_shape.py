"""Holds a JSON value against a message of the schema: every field known, every value of its kind."""

import difflib
import re
from collections.abc import Callable

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from rest_gateway.json_text import Json
from rest_gateway.refusal import UNKNOWN, JsonRefusedError

# Of either alphabet, without its padding.
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*", re.ASCII)
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_REALS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)


def check_shape(value: Json, message: Descriptor, path: str = "") -> None:
    """Raises JsonRefusedError for the first thing that `message` has no place for."""
    special = _WELL_KNOWN.get(message.full_name)
    if special is not None:
        special(value, path)
        return
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)
    _check_fields(value, message, path)


def _check_fields(given: dict[str, Json], message: Descriptor, path: str) -> None:
    fields = {field.name: field for field in message.fields}
    fields |= {field.json_name: field for field in message.fields}
    seen: dict[str, str] = {}
    for name, value in given.items():
        if name not in fields:
            raise _unknown(name, message, path)
        field = fields[name]
        place = f"{path}.{field.name}" if path else field.name
        # A oneof has one place, whichever of its fields is said.
        one_of = field.containing_oneof.name if field.containing_oneof else field.name
        if one_of in seen:
            raise JsonRefusedError(f"{place} and {seen[one_of]} exclude each other.", field=place)
        if value is not None:
            seen[one_of] = field.name
            _check_field(value, field, place)


def _check_field(value: Json, field: FieldDescriptor, path: str) -> None:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        for key, item in value.items():
            _check_one(item, entry.fields_by_name["value"], f"{path}[{key!r}]")
    elif field.is_repeated:
        if not isinstance(value, list):
            raise _wrong(path, "an array", value)
        for index, item in enumerate(value):
            _check_one(item, field, f"{path}[{index}]")
    else:
        _check_one(value, field, path)


def _check_one(value: Json, field: FieldDescriptor, path: str) -> None:
    if field.message_type is not None:
        check_shape(value, field.message_type, path)
    elif field.enum_type is not None:
        _check_enum(value, field.enum_type, path)
    else:
        _check_scalar(value, field, path)


def _check_scalar(value: Json, field: FieldDescriptor, path: str) -> None:
    kind = field.cpp_type
    if kind in _RANGES:
        _check_integer(value, _RANGES[kind], path)
    elif kind in _REALS:
        _check_real(value, path)
    elif kind == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            raise _wrong(path, "true or false", value)
    else:
        _check_string(value, path)
        if field.type == FieldDescriptor.TYPE_BYTES:
            _check_base64(str(value), path)


def _check_enum(value: Json, enum: EnumDescriptor, path: str) -> None:
    known = isinstance(value, str) and value in enum.values_by_name
    if not known and not (_is_integer(value) and value in enum.values_by_number):
        names = ", ".join(item.name for item in enum.values)
        raise JsonRefusedError(f"{path} must be one of {names}.", field=path)


def _check_integer(value: Json, limits: tuple[int, int], path: str) -> None:
    number = _as_integer(value)
    if number is None:
        raise _wrong(path, "a whole number", value)
    if not limits[0] <= number <= limits[1]:
        raise JsonRefusedError(f"{path} must be between {limits[0]} and {limits[1]}.", field=path)


def _as_integer(value: Json) -> int | None:
    """A number, or its decimal digits in a string, as 64-bit numbers are written."""
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _check_real(value: Json, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(path, "a number", value)


def _check_string(value: Json, path: str) -> None:
    if not isinstance(value, str):
        raise _wrong(path, "a string", value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise JsonRefusedError(f"{path} holds half of a surrogate pair.", field=path)


def _check_base64(value: str, path: str) -> None:
    bare = value.rstrip("=")
    if not _BASE64.fullmatch(bare) or len(bare) % 4 == 1 or len(value) - len(bare) not in (0, -len(bare) % 4):
        raise JsonRefusedError(f"{path} must be base64.", field=path)


def _check_time(value: Json, path: str) -> None:
    _check_string(value, path)
    try:
        Timestamp().FromJsonString(str(value))
    except ValueError as error:
        raise JsonRefusedError(f"{path} must be a time such as 2026-01-31T12:00:00Z.", field=path) from error


def _check_duration(value: Json, path: str) -> None:
    _check_string(value, path)
    try:
        Duration().FromJsonString(str(value))
    except ValueError as error:
        raise JsonRefusedError(f"{path} must be seconds such as 1.5s.", field=path) from error


def _check_object(value: Json, path: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)


def _check_array(value: Json, path: str) -> None:
    if not isinstance(value, list):
        raise _wrong(path, "an array", value)


_WELL_KNOWN: dict[str, Callable[[Json, str], None]] = {
    "google.protobuf.Any": _check_object,
    "google.protobuf.Duration": _check_duration,
    "google.protobuf.FieldMask": _check_string,
    "google.protobuf.ListValue": _check_array,
    "google.protobuf.Struct": _check_object,
    "google.protobuf.Timestamp": _check_time,
    "google.protobuf.Value": lambda _value, _path: None,
}


def _is_integer(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong(path: str, wanted: str, value: Json) -> JsonRefusedError:
    kinds = {
        dict: "an object",
        list: "an array",
        str: "a string",
        bool: "a boolean",
        int: "a number",
        float: "a number",
    }
    found = kinds.get(type(value), "null")
    return JsonRefusedError(f"{path or 'The body'} must be {wanted}, not {found}.", field=path)


def _unknown(name: str, message: Descriptor, path: str) -> JsonRefusedError:
    place = f"{path}.{name}" if path else name
    close = difflib.get_close_matches(name, [field.name for field in message.fields], n=1)
    hint = f"; did you mean {close[0]}?" if close else "."
    return JsonRefusedError(
        f"{place[:200]} is not a field of the request{hint}", reason=UNKNOWN, field=place[:200]
    )
