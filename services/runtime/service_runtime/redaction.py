"""Messages as they may be written down: a sensitive field shows that it was set, not what it is."""

from collections.abc import Iterable
from typing import TypeAlias, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from bloom.options.v1 import policy_pb2

HIDDEN = "[sensitive]"
# What a log line shows of one text; names and labels are shorter.
_SHOWN_CHARACTERS = 200

Shown: TypeAlias = "str | int | float | bool | dict[str, Shown] | list[Shown]"


def redacted(message: Message) -> dict[str, Shown]:
    """The fields that are set. Bytes and sensitive fields are hidden, long texts cut."""
    return {field.name: _shown(field, value) for field, value in message.ListFields()}


def _shown(field: FieldDescriptor, value: object) -> Shown:
    if field.GetOptions().Extensions[policy_pb2.sensitive] or isinstance(value, bytes):
        return HIDDEN
    if isinstance(value, Message):
        return redacted(value)
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    if isinstance(value, bool | int | float):
        return value
    # protobuf's own containers: a repeated field, or a map, of which the keys say enough
    return [_shown(field, item) for item in cast("Iterable[object]", value)]
