"""Reads a pack of rules: data with a version, whose every rule is looked at before any is used."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

LATEST = "record/1"


class Severity(StrEnum):
    """HARD refuses; WARNING tells."""

    HARD = "HARD"
    WARNING = "WARNING"


class Kind(StrEnum):
    """What a rule asks; its data is told in the pack's own head."""

    RANGE = "range"
    ONE_OF = "one_of"
    MULTIPLE_OF = "multiple_of"
    ORDERED = "ordered"
    SAME = "same"
    SUM_OF = "sum_of"
    SUM_AT_MOST = "sum_at_most"
    NEEDS = "needs"
    COMPOUNDS = "compounds"
    SOME_OF = "some_of"


@dataclass(frozen=True, slots=True)
class Where:
    """The rule is for records in which `path` has one of `values`."""

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the pack has it. Bounds are Decimals; `at` names a state whose move alone asks it."""

    id: str
    kind: Kind
    severity: Severity
    message: str
    path: str = ""
    paths: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    values: tuple[str, ...] = ()
    items: str = ""
    years: str = ""
    above: Decimal | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    below: Decimal | None = None
    of: Decimal | None = None
    strict: bool = False
    at: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """`version` is kept with whatever it judged."""

    version: str
    rules: tuple[Rule, ...]


@cache
def load(version: str = LATEST) -> Pack:
    """Raises FileNotFoundError for a pack that is not there, ValueError or TypeError for nonsense in it."""
    name = version.replace("/", "-")
    text = resources.files("contracts_service.rules").joinpath(f"packs/{name}.toml").read_text("utf-8")
    return parse(text)


def parse(text: str) -> Pack:
    """A pack from its TOML. Raises ValueError or TypeError for what is no rule."""
    data = tomllib.loads(text)
    rules = tuple(map(_rule, data["rules"]))
    if len({rule.id for rule in rules}) != len(rules):
        raise ValueError("two rules have one id")
    return Pack(data["version"], rules)


def _rule(data: Mapping[str, Any]) -> Rule:
    read = dict(data)
    read["kind"], read["severity"] = Kind(read["kind"]), Severity(read["severity"])
    wheres = [read.pop(name) for name in ("where", "and") if name in read]
    read["where"] = tuple(Where(one["path"], tuple(one["values"])) for one in wheres)
    for name in ("above", "at_least", "at_most", "below", "of"):
        if name in read:
            read[name] = Decimal(read[name])
    for name in ("paths", "values"):
        read[name] = tuple(read.get(name, ()))
    return Rule(**read)
