"""What an UpdateUser changes."""

import dataclasses
from collections.abc import Iterable

from auth_service import names, roles
from auth_service.directory.model import User
from auth_service.roles import CustomRoles, Roles
from bloom.auth.v1 import directory_service_pb2
from service_runtime.errors import invalid

_CHANGEABLE = ("display_name", "roles", "custom_roles", "departments", "disabled")


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """New values; None leaves a field as it is."""

    display_name: str | None = None
    roles: Roles | None = None
    custom_roles: CustomRoles | None = None
    disabled: bool | None = None
    departments: tuple[str, ...] | None = None

    def applied_to(self, user: User) -> User:
        """The user after the change."""
        return dataclasses.replace(
            user,
            display_name=user.display_name if self.display_name is None else self.display_name,
            roles=user.roles if self.roles is None else self.roles,
            custom_roles=user.custom_roles if self.custom_roles is None else self.custom_roles,
            disabled=user.disabled if self.disabled is None else self.disabled,
            departments=user.departments if self.departments is None else self.departments,
        )


def ordered(departments: Iterable[str]) -> tuple[str, ...]:
    """Each once, ascending: the stored form."""
    return tuple(sorted(set(departments)))


def of(request: directory_service_pb2.UpdateUserRequest) -> Changes:
    """The fields of the mask, or without a mask those that are set. Raises INVALID_FIELD."""
    user, paths = request.user, list(request.update_mask.paths)
    if paths == ["*"]:
        paths = list(_CHANGEABLE)
    elif not paths:
        paths = [path for path in _CHANGEABLE if getattr(user, path)]
    for path in paths:
        if path not in _CHANGEABLE:
            raise invalid("update_mask", f"{path} cannot be changed; these can: {', '.join(_CHANGEABLE)}")
    if "roles" in paths and not user.roles:
        raise invalid("user.roles", "a user has at least one role; disable it to take away all access")
    return Changes(
        display_name=user.display_name if "display_name" in paths else None,
        roles=roles.ordered(user.roles) if "roles" in paths else None,
        custom_roles=names.ids_of(user.custom_roles) if "custom_roles" in paths else None,
        disabled=user.disabled if "disabled" in paths else None,
        departments=ordered(user.departments) if "departments" in paths else None,
    )
