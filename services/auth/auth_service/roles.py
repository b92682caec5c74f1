"""The roles of the schema, and what several of them grant together."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeAlias, cast

from bloom.options.v1 import policy_pb2
from service_runtime.policy import permissions_of

# The generated module knows this name in its types only.
Role: TypeAlias = "policy_pb2.Role.ValueType"
Roles: TypeAlias = tuple[Role, ...]

OWNER = policy_pb2.ROLE_OWNER


def ordered(roles: Iterable[Role]) -> Roles:
    """Each role once, in the schema's order: the stored form."""
    return tuple(sorted(set(roles)))


def from_stored(numbers: Sequence[int]) -> Roles:
    """The numbers that a row holds; only `ordered` roles were ever written."""
    return cast("Roles", tuple(numbers))


def names(roles: Roles) -> list[str]:
    """As tokens carry them: `CONTRACT_MANAGER`."""
    return [policy_pb2.Role.Name(role).removeprefix("ROLE_") for role in roles]


@cache
def permissions(roles: Roles) -> tuple[str, ...]:
    """All that these roles grant, sorted."""
    return tuple(sorted(frozenset[str]().union(*(permissions_of(role) for role in roles))))
