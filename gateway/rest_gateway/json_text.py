"""Reads JSON strictly: no key twice, no NaN, no bottomless nesting, UTF-8 only."""

import json
from typing import NoReturn, TypeAlias

from rest_gateway.refusal import JsonRefusedError

Json: TypeAlias = "str | int | float | bool | dict[str, Json] | list[Json] | None"

# The deepest body of the schema has 6 levels, and free-form parts some more.
MAX_DEPTH = 64


def parse(body: bytes) -> Json:
    """The value that the bytes say; raises JsonRefusedError with the place where they stop being JSON."""
    try:
        value: Json = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise JsonRefusedError(f"The body is not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise JsonRefusedError(f"The body is not JSON: {error.msg} at {place}.") from error
    except RecursionError as error:
        raise JsonRefusedError(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise JsonRefusedError("The body holds a number with too many digits.") from error
    _check_depth(value)
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise JsonRefusedError(f"The key {json.dumps(twice)} stands twice in one object.")
    return found


def _constant(name: str) -> NoReturn:
    raise JsonRefusedError(f"The body is not JSON: {name} is not a number.")


def _check_depth(value: Json) -> None:
    level: list[Json] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise JsonRefusedError(f"The body is nested deeper than {MAX_DEPTH} levels.")
