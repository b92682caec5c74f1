"""The roles and permissions of the schema, and what several roles grant together."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeAlias, cast
from uuid import UUID

from bloom.options.v1 import policy_pb2
from service_runtime.policy import permission_name, permissions_of

# The generated module knows this name in its types only.
Role: TypeAlias = "policy_pb2.Role.ValueType"
Roles: TypeAlias = tuple[Role, ...]
Permission: TypeAlias = "policy_pb2.Permission.ValueType"
# As rows hold them: each once, ascending.
Permissions: TypeAlias = tuple[Permission, ...]
CustomRoles: TypeAlias = tuple[UUID, ...]

OWNER = policy_pb2.ROLE_OWNER
DECLARED: Permissions = tuple(number for number in policy_pb2.Permission.values() if number)
# What the schema grants to no other role stays with owners: neither a custom role nor an API key has it.
OWNERS_ALONE = frozenset(
    number
    for number in DECLARED
    if not any(
        permission_name(number) in permissions_of(role) for role in policy_pb2.Role.values() if role != OWNER
    )
)


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


def ordered_permissions(permissions: Iterable[Permission]) -> Permissions:
    """Each permission once, in the schema's order: the stored form."""
    return tuple(sorted(set(permissions)))


def permission_names(permissions: Iterable[Permission]) -> list[str]:
    """As tokens carry them; one that the schema no longer has names nothing."""
    return [permission_name(number) for number in permissions if number in DECLARED]


def effective(fixed: Roles, custom: Permissions) -> tuple[str, ...]:
    """All that fixed roles and the permissions of custom ones grant, sorted."""
    if not custom:
        return permissions(fixed)
    added = permission_names(number for number in custom if number not in OWNERS_ALONE)
    return tuple(sorted({*permissions(fixed), *added}))
