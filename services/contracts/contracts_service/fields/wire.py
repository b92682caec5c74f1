"""Reads an answer's JSON strictly: what departs from the asked form is refused, with its path."""

import json
from collections.abc import Iterable

#: Far above what a contract says about one field; it keeps a runaway answer out of memory.
MAX_ITEMS = 100
MAX_STRING = 8_000


class AnswerOutsideSchemaError(ValueError):
    """The answer is not the object that was asked for; `path` says where it departs."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


def load(json_text: str) -> object:
    """The JSON value. Raises AnswerOutsideSchemaError, also for a key that stands twice."""
    try:
        loaded: object = json.loads(json_text, object_pairs_hook=_unique_keys)
    except (json.JSONDecodeError, RecursionError) as error:
        raise AnswerOutsideSchemaError("$", "is not JSON") from error
    return loaded


def _unique_keys(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise AnswerOutsideSchemaError("$", f"has the key {key!r} twice")
        result[key] = value
    return result


def object_of(
    value: object, path: str, keys: set[str], optional: frozenset[str] = frozenset()
) -> dict[str, object]:
    """An object with these keys and no others."""
    if not isinstance(value, dict):
        raise AnswerOutsideSchemaError(path, "is not an object")
    missing, unknown = keys - value.keys(), value.keys() - keys - optional
    if missing or unknown:
        raise AnswerOutsideSchemaError(path, f"lacks {sorted(missing)}, has unknown {sorted(unknown)}")
    return value


def array_of(value: object, path: str, most: int = MAX_ITEMS) -> list[object]:
    """A list of at most `most` items."""
    if not isinstance(value, list):
        raise AnswerOutsideSchemaError(path, "is not an array")
    if len(value) > most:
        raise AnswerOutsideSchemaError(path, f"has more than {most} items")
    return value


def string_of(value: object, path: str) -> str:
    """A string of at most MAX_STRING characters."""
    if not isinstance(value, str):
        raise AnswerOutsideSchemaError(path, "is not a string")
    if len(value) > MAX_STRING:
        raise AnswerOutsideSchemaError(path, f"is longer than {MAX_STRING} characters")
    return value
