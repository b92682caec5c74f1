"""SCIM groups over auth's groups."""

from dataclasses import dataclass

from bloom.auth.v1 import provisioning_service_pb2 as pb
from scim_gateway import answers, filters
from scim_gateway.directory import Directory
from scim_gateway.resources import Group, WrittenGroup, WrittenMember


@dataclass(frozen=True, slots=True)
class Groups:
    """What the endpoints need to know of groups; `brief` leaves the members out."""

    directory: Directory
    base_url: str
    collection = "groups"
    attributes = filters.GROUP_ATTRIBUTES
    told = Group
    written = WrittenGroup

    def tell(self, found: pb.Group) -> Group:
        """As clients see it."""
        return answers.group(found, self.base_url)

    def as_written(self, found: pb.Group) -> WrittenGroup:
        """As a client would have to write it to change nothing: what a PATCH begins with."""
        return WrittenGroup(
            id=found.name.rpartition("/")[2],
            external_id=found.external_id or None,
            display_name=found.display_name,
            members=[WrittenMember(value=member.user.rpartition("/")[2]) for member in found.members],
        )

    async def create(self, bearer: str, wanted: WrittenGroup) -> pb.Group:
        """Raises DomainError."""
        request = pb.CreateGroupRequest(
            display_name=wanted.display_name or "",
            external_id=wanted.external_id or "",
            members=_members(wanted),
        )
        return await self.directory.call(bearer, self.directory.provisioning.CreateGroup, request)

    async def read(self, bearer: str, name: str, *, brief: bool) -> pb.Group:
        """Raises DomainError."""
        request = pb.GetGroupRequest(name=name, without_members=brief)
        return await self.directory.call(bearer, self.directory.provisioning.GetGroup, request)

    async def search(
        self, bearer: str, any_of: list[pb.DirectoryTerms], skip: int, count: int, *, brief: bool
    ) -> tuple[list[pb.Group], int]:
        """A page, and how many there are in all. Raises DomainError."""
        request = pb.SearchGroupsRequest(any_of=any_of, skip=skip, count=count, without_members=brief)
        found = await self.directory.call(bearer, self.directory.provisioning.SearchGroups, request)
        return list(found.groups), found.total

    async def replace(self, bearer: str, name: str, wanted: WrittenGroup, etag: str) -> pb.Group:
        """Raises DomainError."""
        request = pb.ReplaceGroupRequest(
            name=name,
            display_name=wanted.display_name or "",
            external_id=wanted.external_id or "",
            members=_members(wanted),
            etag=etag,
        )
        return await self.directory.call(bearer, self.directory.provisioning.ReplaceGroup, request)

    async def delete(self, bearer: str, name: str, etag: str) -> None:
        """Raises DomainError."""
        request = pb.DeleteGroupRequest(name=name, etag=etag)
        await self.directory.call(bearer, self.directory.provisioning.DeleteGroup, request)


def _members(wanted: WrittenGroup) -> list[str]:
    return [f"users/{member.value}".lower() for member in wanted.members or [] if member.value]
