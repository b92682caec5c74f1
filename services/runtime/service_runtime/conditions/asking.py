"""Asks whether a caller's permission holds for a resource, and which resources it holds for.

A permission without conditions costs nothing here. Where a caller has the permission of a method under
conditions alone, the method must ask them: an answer made without asking does not leave (`must_ask`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import grpc

from service_runtime.conditions.cedar import Attributes, Decision, decide
from service_runtime.errors import DomainError, Reason
from service_runtime.identity import Identity
from service_runtime.money import Money

_GRANTED = Decision(allowed=True)


class UnaskedError(Exception):
    """A method used a permission without asking its conditions: a fault of ours."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One way for a resource to be within a caller's reach; what is None asks nothing."""

    creator: str | None = None
    departments: frozenset[str] | None = None
    value_limit: Money | None = None


_asked: ContextVar[set[str] | None] = ContextVar("conditions_asked", default=None)


def decision(identity: Identity, permission: str, resource: Attributes) -> Decision:
    """Whether the caller's `permission` holds for the resource."""
    _note(permission)
    if permission in identity.permissions:
        return _GRANTED
    return decide(identity.subject, identity.conditional, permission, resource)


def require(identity: Identity, permission: str, resource: Attributes) -> None:
    """Raises CONDITION_FORBIDS with the conditions that do not hold."""
    decided = decision(identity, permission, resource)
    if not decided.allowed:
        raise forbidden(permission, decided)


def forbidden(permission: str, decided: Decision) -> DomainError:
    """What the caller is told about a resource that he may see."""
    names = sorted(decided.failing)
    return DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_CONDITION_FORBIDS,
        f"Your roles grant {permission} for some resources only, and not for this one: {', '.join(names)}.",
        {"permission": permission, "conditions": ",".join(names)},
    )


def reaches(identity: Identity, permission: str) -> tuple[Reach, ...] | None:
    """The ways, any of which is enough, for a resource to be within reach; None where everything is.

    For lists: a store makes SQL of them, which finds just those that `decision` allows.
    """
    _note(permission)
    if permission in identity.permissions:
        return None
    held = identity.conditional
    return tuple(
        Reach(
            creator=identity.subject if grant.conditions.own_only else None,
            departments=held.departments if grant.conditions.own_department else None,
            value_limit=grant.conditions.value_limit,
        )
        for grant in held.of(permission)
    )


@contextmanager
def must_ask(permission: str) -> Iterator[None]:
    """Raises UnaskedError when the block ends well without having asked about this permission."""
    asked: set[str] = set()
    reset = _asked.set(asked)
    try:
        yield
    finally:
        _asked.reset(reset)
    if permission not in asked:
        raise UnaskedError(permission)


def of_no_resource(permission: str) -> None:
    """For a method that concerns none: whoever has the permission for some resource may call it."""
    _note(permission)


def _note(permission: str) -> None:
    asked = _asked.get()
    if asked is not None:
        asked.add(permission)
