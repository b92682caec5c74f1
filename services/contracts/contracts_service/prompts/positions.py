"""Reads positions from a file beside this one: what a contract is held against is data with an edition."""

import tomllib
from dataclasses import dataclass
from importlib import resources

from contracts_service.entries import KindSpec

#: How grave a departure is. What a document is silent about has the grade that its position names.
ABSENT_IS_GRAVEST = ("HIGH", "MEDIUM", "LOW", "KEPT")


@dataclass(frozen=True, slots=True)
class Positions:
    """An edition of positions, each a kind of entry."""

    edition: str
    kinds: tuple[KindSpec, ...]


def positions(file_name: str) -> Positions:
    """Raises KeyError for a position that lacks a part, and ValueError for one that stands twice."""
    read = tomllib.loads(resources.files(__package__).joinpath(file_name).read_text(encoding="utf-8"))
    kinds = tuple(
        KindSpec(one["code"], one["position"], one["fallback"], one["silence"]) for one in read["position"]
    )
    if len({kind.code for kind in kinds}) != len(kinds):
        raise ValueError(f"{file_name} has a position twice")
    return Positions(str(read["edition"]), kinds)
