"""What custom roles grant beside the fixed ones: some of it always, some of it under conditions."""

from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from auth_service import roles
from auth_service.roles import Permissions, Roles
from service_runtime.conditions.model import Conditional, Conditions, Grant
from service_runtime.policy import conditional_permissions

# A token travels in a header of 8 KiB. Grants of equal conditions are one; what is beyond is not granted.
_MOST_GRANTS = 6


@dataclass(frozen=True, slots=True)
class CustomPermissions:
    """`always` has no conditions; `conditional` is by role; `departments` are those of the holder."""

    always: Permissions = ()
    conditional: tuple[tuple[Permissions, Conditions], ...] = ()
    departments: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> "CustomPermissions":
        """From a row with the SQL functions' answers, and with departments where its holder can have any."""
        return cls(
            tuple(row["custom_permissions"]),
            tuple(
                (tuple(role["permissions"]), Conditions.from_stored(role["conditions"]))
                for role in row["conditional_permissions"] or ()
            ),
            tuple(row.get("departments") or ()),
        )


NONE = CustomPermissions()


def effective(fixed: Roles, custom: CustomPermissions) -> tuple[str, ...]:
    """All that holds for every resource, sorted."""
    return roles.effective(fixed, custom.always)


def conditional(fixed: Roles, custom: CustomPermissions) -> Conditional:
    """What holds for some resources only. A permission that holds for all of them has no conditions."""
    always = frozenset(effective(fixed, custom))
    merged: dict[Conditions, set[str]] = {}
    for permissions, conditions in custom.conditional:
        merged.setdefault(conditions, set()).update(_askable(permissions) - always)
    grants = [Grant(frozenset(names), conditions) for conditions, names in merged.items() if names]
    return Conditional(tuple(grants[:_MOST_GRANTS]), frozenset(custom.departments))


def _askable(permissions: Iterable[roles.Permission]) -> frozenset[str]:
    """Whose conditions some method asks; of any other nobody would."""
    return frozenset(
        roles.permission_names(item for item in permissions if item in conditional_permissions())
    )
