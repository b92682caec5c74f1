"""A user as an identity provider sees it."""

from dataclasses import dataclass

from auth_service.directory.model import User
from auth_service.provisioning.groups.model import Group


@dataclass(frozen=True, slots=True)
class Profile:
    """What an identity provider writes of a user, beside its access."""

    external_id: str
    display_name: str
    given_name: str
    family_name: str


@dataclass(frozen=True, slots=True)
class ProvisionedUser:
    """`withdrawn` when the identity provider deleted it; `groups` are without their members."""

    user: User
    profile: Profile
    withdrawn: bool = False
    groups: tuple[Group, ...] = ()

    @property
    def hidden(self) -> bool:
        """Deleted, to the identity provider. An administrator may have given the access back since."""
        return self.withdrawn and self.user.disabled
