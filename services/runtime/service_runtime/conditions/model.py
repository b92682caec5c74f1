"""Conditions, and how rows and tokens carry them. They are written and read here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service_runtime.money import Money

_KNOWN = frozenset({"own", "dept", "max"})


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that are set must hold. Without any there is nothing to ask, and it is false."""

    own_only: bool = False
    own_department: bool = False
    value_limit: Money | None = None

    def __bool__(self) -> bool:
        return self.own_only or self.own_department or self.value_limit is not None

    def stored(self) -> dict[str, object]:
        """What is not set is left out."""
        body: dict[str, object] = {}
        if self.own_only:
            body["own"] = True
        if self.own_department:
            body["dept"] = True
        if self.value_limit is not None:
            body["max"] = [self.value_limit.currency, self.value_limit.text]
        return body

    @classmethod
    def from_stored(cls, body: Mapping[str, Any]) -> "Conditions":
        """Raises ValueError also for a condition that is newer than this code, which could not ask it."""
        if set(body) - _KNOWN:
            raise ValueError("a condition that is not known here")
        limit = body.get("max")
        return cls(
            own_only=_is_true(body.get("own", False)),
            own_department=_is_true(body.get("dept", False)),
            value_limit=None if limit is None else Money.parse(*_texts(limit)),
        )


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role grants, and when."""

    permissions: frozenset[str]
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Conditional:
    """All that a subject may do under conditions, and the departments that it belongs to."""

    grants: tuple[Grant, ...] = ()
    departments: frozenset[str] = frozenset()

    @property
    def permissions(self) -> frozenset[str]:
        """All that any grant has."""
        return frozenset[str]().union(*(grant.permissions for grant in self.grants))

    def of(self, permission: str) -> tuple[Grant, ...]:
        """The grants of this permission: each is enough, when its conditions hold."""
        return tuple(grant for grant in self.grants if permission in grant.permissions)

    def within(self, permissions: frozenset[str]) -> "Conditional":
        """What of it is among these permissions."""
        grants = (Grant(grant.permissions & permissions, grant.conditions) for grant in self.grants)
        return Conditional(tuple(grant for grant in grants if grant.permissions), self.departments)

    def claims(self) -> dict[str, object]:
        """As a token has them; nothing for who has none, so that his token stays as short as it was."""
        if not self.grants:
            return {}
        grants = [{"perms": sorted(grant.permissions), **grant.conditions.stored()} for grant in self.grants]
        return {"conds": grants, "dept": sorted(self.departments)}


NOTHING = Conditional()


def from_claims(claims: Mapping[str, Any]) -> Conditional:
    """Raises ValueError for claims that `Conditional.claims` did not write."""
    if "conds" not in claims:
        return NOTHING
    try:
        grants = tuple(_grant(dict(body)) for body in claims["conds"])
        return Conditional(grants, frozenset(_texts(claims["dept"])))
    except (KeyError, TypeError, ArithmeticError) as broken:
        raise ValueError("conditions that cannot be read") from broken


def _grant(body: dict[str, Any]) -> Grant:
    permissions, conditions = frozenset(_texts(body.pop("perms"))), Conditions.from_stored(body)
    if not conditions:
        raise ValueError("what has no conditions belongs to the permissions")
    return Grant(permissions, conditions)


def _is_true(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a condition is set or it is not")
    return value


def _texts(values: object) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("not a list of texts")
    return values
