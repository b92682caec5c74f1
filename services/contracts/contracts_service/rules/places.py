"""Finds what a rule's path names in a record: `parties[].role` is the role of each party."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """A value and where it stands: `parties[0].role`."""

    path: str
    value: Any

    @property
    def indices(self) -> tuple[str, ...]:
        """Of the lists on the way to it."""
        return tuple(_INDEX.findall(self.path))


def find(terms: Mapping[str, Any], path: str) -> Iterator[Place]:
    """Every place that the path names and that is set."""
    yield from _below(terms, path.split("."), "")


def beside(terms: Mapping[str, Any], path: str, item: Place) -> list[Place]:
    """The places of `path` that belong to the same items of lists as `item`."""
    return [place for place in find(terms, path) if _together(place.indices, item.indices)]


def _together(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    return all(one == other for one, other in zip(first, second, strict=False))


def _below(value: Any, names: list[str], above: str) -> Iterator[Place]:
    if not names:
        yield Place(above, value)
        return
    name, each = names[0].removesuffix("[]"), names[0].endswith("[]")
    if not isinstance(value, Mapping) or name not in value:
        return
    path, inner = (f"{above}.{name}" if above else name), value[name]
    if not each:
        yield from _below(inner, names[1:], path)
        return
    for index, item in enumerate(inner):
        yield from _below(item, names[1:], f"{path}[{index}]")
