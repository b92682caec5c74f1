"""Words in which every part of Envoy's configuration is written."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | Sequence[Value] | None"
Config: TypeAlias = dict[str, "Value"]

_TYPES = "type.googleapis.com/"
_FILTERS = "envoy.extensions.filters.http."


def typed(type_name: str, **fields: Value) -> Config:
    """A configuration of a named type, without the common beginning of its URL."""
    return {"@type": _TYPES + type_name, **fields}


def http_filter(name: str, type_name: str, **fields: Value) -> Config:
    """A filter of the HTTP chain; `type_name` is relative: `cors.v3.Cors`."""
    return {"name": name, "typed_config": typed(_FILTERS + type_name, **fields)}


def per_route(type_name: str, **fields: Value) -> Config:
    """What a route says to one filter; `type_name` as in `http_filter`."""
    return typed(_FILTERS + type_name, **fields)


def header(key: str, value: str, action: str = "OVERWRITE_IF_EXISTS_OR_ADD") -> Config:
    """A header to be set."""
    return {"header": {"key": key, "value": value}, "append_action": action}


def seconds(amount: float) -> str:
    """A duration as Envoy writes it."""
    return f"{amount:g}s"


def socket_address(host: str, port: int) -> Config:
    """Where something listens or is reached."""
    return {"socket_address": {"address": host, "port_value": port}}
