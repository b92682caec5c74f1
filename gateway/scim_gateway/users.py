"""SCIM users over auth's provisioned users."""

from dataclasses import dataclass

from bloom.auth.v1 import provisioning_service_pb2 as pb
from scim_gateway import answers, filters
from scim_gateway.directory import Directory
from scim_gateway.resources import Name, User, WrittenUser


@dataclass(frozen=True, slots=True)
class Users:
    """What the endpoints need to know of users."""

    directory: Directory
    base_url: str
    collection = "users"
    attributes = filters.USER_ATTRIBUTES
    told = User
    written = WrittenUser

    def tell(self, found: pb.ProvisionedUser) -> User:
        """As clients see it."""
        return answers.user(found, self.base_url)

    def as_written(self, found: pb.ProvisionedUser) -> WrittenUser:
        """As a client would have to write it to change nothing: what a PATCH begins with."""
        return WrittenUser(
            id=found.name.rpartition("/")[2],
            user_name=found.email,
            external_id=found.external_id or None,
            name=Name(family_name=found.family_name or None, given_name=found.given_name or None),
            display_name=found.display_name or None,
            active=found.active,
        )

    async def create(self, bearer: str, wanted: WrittenUser) -> pb.ProvisionedUser:
        """Raises DomainError."""
        request = pb.CreateProvisionedUserRequest(
            email=(wanted.user_name or "").strip(),
            external_id=wanted.external_id or "",
            display_name=_display_name(wanted),
            given_name=_name(wanted).given_name or "",
            family_name=_name(wanted).family_name or "",
            active=wanted.active,
        )
        stub = self.directory.provisioning
        return await self.directory.call(bearer, stub.CreateProvisionedUser, request)

    async def read(self, bearer: str, name: str, *, brief: bool) -> pb.ProvisionedUser:
        """`brief` changes nothing: users are short. Raises DomainError."""
        request = pb.GetProvisionedUserRequest(name=name)
        return await self.directory.call(bearer, self.directory.provisioning.GetProvisionedUser, request)

    async def search(
        self, bearer: str, any_of: list[pb.DirectoryTerms], skip: int, count: int, *, brief: bool
    ) -> tuple[list[pb.ProvisionedUser], int]:
        """A page, and how many there are in all. Raises DomainError."""
        request = pb.SearchProvisionedUsersRequest(any_of=any_of, skip=skip, count=count)
        stub = self.directory.provisioning
        found = await self.directory.call(bearer, stub.SearchProvisionedUsers, request)
        return list(found.users), found.total

    async def replace(self, bearer: str, name: str, wanted: WrittenUser, etag: str) -> pb.ProvisionedUser:
        """Raises DomainError."""
        request = pb.ReplaceProvisionedUserRequest(
            name=name,
            email=(wanted.user_name or "").strip(),
            external_id=wanted.external_id or "",
            display_name=wanted.display_name or "",
            given_name=_name(wanted).given_name or "",
            family_name=_name(wanted).family_name or "",
            active=wanted.active,
            etag=etag,
        )
        stub = self.directory.provisioning
        return await self.directory.call(bearer, stub.ReplaceProvisionedUser, request)

    async def delete(self, bearer: str, name: str, etag: str) -> None:
        """Raises DomainError."""
        request = pb.DeleteProvisionedUserRequest(name=name, etag=etag)
        await self.directory.call(bearer, self.directory.provisioning.DeleteProvisionedUser, request)


def _name(wanted: WrittenUser) -> Name:
    return wanted.name or Name()


def _display_name(wanted: WrittenUser) -> str:
    """Okta may send a name and no display name; people are shown by it."""
    parts = [part for part in (_name(wanted).given_name, _name(wanted).family_name) if part]
    return wanted.display_name or " ".join(parts)
