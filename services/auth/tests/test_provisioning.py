"""What an identity provider and an administrator may do to users and groups, by the RPCs themselves."""

import asyncio
from uuid import uuid4

import grpc
import pytest

from bloom.auth.v1 import (
    provisioning_service_pb2 as pb,
)
from bloom.auth.v1 import (
    provisioning_service_pb2_grpc,
    role_service_pb2,
)
from bloom.errors.v1 import errors_pb2

EMAIL = pb.DIRECTORY_ATTRIBUTE_EMAIL
MEMBER = pb.DIRECTORY_ATTRIBUTE_MEMBER


class Provider:
    """A caller, by the methods of ProvisioningService."""

    def __init__(self, caller):
        self.caller = caller
        self.stub = provisioning_service_pb2_grpc.ProvisioningServiceStub(caller.mesh.channel)

    def __getattr__(self, method):
        def call(request):
            return getattr(self.stub, method)(request, metadata=self.caller.metadata)

        return call

    async def user(self, **fields):
        email = fields.pop("email", f"{uuid4().hex[:12]}@mail.example")
        return await self.CreateProvisionedUser(pb.CreateProvisionedUserRequest(email=email, **fields))

    async def group(self, *members, **fields):
        request = pb.CreateGroupRequest(display_name="Finance", members=members, **fields)
        return await self.CreateGroup(request)

    async def filled(self, group, *members, etag=""):
        request = pb.ReplaceGroupRequest(
            name=group.name, display_name=group.display_name, members=members, etag=etag
        )
        return await self.ReplaceGroup(request)

    async def mapped(self, group, *roles, custom=()):
        request = pb.SetGroupRolesRequest(name=group.name, roles=roles, custom_roles=custom)
        return await self.SetGroupRoles(request)

    async def active(self, user, active, etag=""):
        request = pb.ReplaceProvisionedUserRequest(name=user.name, active=active, etag=etag)
        return await self.ReplaceProvisionedUser(request)


@pytest.fixture
def provider(owner):
    return Provider(owner)


@pytest.fixture
async def member(mesh, owner, role):
    return await mesh.member(owner, role.VIEWER)


def reason(name):
    return errors_pb2.ErrorReason.Value(f"ERROR_REASON_{name}")


async def permissions(mesh, token):
    return set((await mesh.claims(token))["perms"])


async def test_every_kind_of_token_carries_what_groups_bring(mesh, owner, provider, member, role):
    custom = await owner.create_role("AUDIT_READ")
    group = await provider.group(member.name)
    await provider.mapped(group, role.LEGAL, custom=[custom.name])
    again = await mesh.login(member.email)
    login = await mesh.claims(again.access_token)
    assert login["roles"] == ["LEGAL", "VIEWER"]
    assert {"audit.read", "contracts.delete"} <= set(login["perms"])
    refreshed = await mesh.refresh(again.refresh_token)
    assert (await mesh.claims(refreshed.access_token))["perms"] == login["perms"]
    me = await again.me()
    assert list(me.roles) == [role.LEGAL, role.VIEWER]
    workload = (await mesh.issue("contracts", "only-contracts-knows-this-one")).access_token
    exchanged = await mesh.exchange(member.name, owner.organization, workload)
    assert (await mesh.claims(exchanged.access_token))["perms"] == login["perms"]
    shown = await owner.get_user(member.name)
    assert list(shown.roles) == [role.VIEWER]


async def test_a_key_reaches_as_far_as_its_owners_groups(mesh, owner, provider, role, refusal):
    admin = await mesh.member(owner, role.ADMIN)
    group = await provider.group(admin.name)
    await provider.mapped(group, role.LEGAL)
    admin = await mesh.login(admin.email)
    key = (await admin.create_key("CONTRACTS_DELETE", "USERS_READ")).key
    await owner.update_user((await owner.get_user(admin.name)), "display_name")
    user = await owner.get_user(admin.name)
    user.roles[:] = [role.VIEWER]
    await owner.update_user(user, "roles")
    assert await permissions(mesh, (await mesh.with_key(key)).access_token) == {"contracts.delete"}
    await provider.mapped(group)
    assert await permissions(mesh, (await mesh.with_key(key)).access_token) == set()


async def test_a_role_that_a_group_brought_is_not_kept_by_saving_the_user(
    mesh, owner, provider, member, role
):
    group = await provider.group(member.name)
    await provider.mapped(group, role.LEGAL)
    shown = await owner.get_user(member.name)
    shown.roles.append(role.FINANCE)
    await owner.update_user(shown, "roles")
    await provider.mapped(group)
    again = await mesh.login(member.email)
    assert list((await again.me()).roles) == [role.FINANCE, role.VIEWER]


async def test_nobody_maps_to_more_than_he_has(mesh, owner, provider, role, refusal):
    admin = Provider(await mesh.member(owner, role.ADMIN))
    group = await admin.group()
    await admin.mapped(group, role.LEGAL, role.ADMIN)
    writer = await owner.create_role("USERS_WRITE", "DIRECTORY_PROVISION")
    user = await owner.create_user(role.VIEWER, custom=(writer.name,))
    small = Provider(await mesh.login(user.email))
    refused = await refusal(small.mapped(group, role.LEGAL, role.ADMIN, role.FINANCE))
    assert refused.reason == reason("PERMISSION_DENIED")
    strong = await owner.create_role("AUDIT_READ")
    assert (await refusal(small.mapped(group, custom=[strong.name]))).reason == reason("PERMISSION_DENIED")
    # Taking away raises nobody.
    assert list((await small.mapped(group, role.LEGAL)).roles) == [role.LEGAL]
    assert (await small.mapped(group, role.VIEWER, role.LEGAL)).custom_roles == []


async def test_the_key_of_an_identity_provider_maps_nothing(mesh, owner, provider, role, refusal):
    group = await provider.group()
    key = Provider(await mesh.with_key((await owner.create_key("DIRECTORY_PROVISION")).key))
    assert (await refusal(key.mapped(group, role.VIEWER))).reason == reason("PERMISSION_DENIED")
    both = Provider(await mesh.with_key((await owner.create_key("DIRECTORY_PROVISION", "USERS_WRITE")).key))
    assert (await refusal(both.mapped(group, role.VIEWER))).reason == reason("PERMISSION_DENIED")


async def test_a_role_of_another_organization_is_mapped_by_nobody(mesh, provider, refusal):
    stranger = await mesh.register()
    theirs = await stranger.create_role("CONTRACTS_READ")
    group = await provider.group()
    foreign = await refusal(provider.mapped(group, custom=[theirs.name]))
    missing = await refusal(provider.mapped(group, custom=[f"roles/{uuid4()}"]))
    assert foreign.reason == missing.reason == reason("NOT_FOUND")


async def test_a_mapped_role_is_in_use(mesh, owner, provider, refusal):
    custom = await owner.create_role("CONTRACTS_READ")
    group = await provider.group()
    await provider.mapped(group, custom=[custom.name])
    delete = role_service_pb2.DeleteRoleRequest(name=custom.name)
    refused = await refusal(mesh.roles.DeleteRole(delete, metadata=owner.metadata))
    assert refused.reason == reason("STATE_FORBIDS")
    await provider.mapped(group)
    await mesh.roles.DeleteRole(delete, metadata=owner.metadata)


async def test_the_tables_refuse_the_owners_role_too(mesh, owner, provider, member):
    group = await provider.group(member.name)
    for table, name in (("groups", group.name), ("users", member.name)):
        column = "roles" if table == "groups" else "group_roles"
        with pytest.raises(Exception, match="check constraint"):
            await mesh.rows(
                f"UPDATE {table} SET {column} = '{{1}}' WHERE id = $1::text::uuid", name.rpartition("/")[2]
            )


async def test_an_owner_is_neither_taken_away_nor_given_back(mesh, owner, provider, role, refusal):
    second = await owner.create_user(role.OWNER)
    for call in (
        provider.active(second, active=False),
        provider.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=second.name)),
        provider.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=owner.name)),
    ):
        refused = await refusal(call)
        assert refused.reason == reason("OWNER_PROVISIONED")
        assert refused.code is grpc.StatusCode.PERMISSION_DENIED
    second.disabled = True
    await owner.update_user(second, "disabled")
    assert (await refusal(provider.active(second, active=True))).reason == reason("OWNER_PROVISIONED")
    assert (await provider.active(second, active=False)).active is False
    delete = pb.DeleteProvisionedUserRequest(name=second.name)
    assert (await refusal(provider.DeleteProvisionedUser(delete))).reason == reason("OWNER_PROVISIONED")


async def test_one_who_was_deleted_and_then_made_an_owner_does_not_come_back_by_it(
    mesh, owner, provider, role, refusal
):
    user = await provider.user()
    await provider.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=user.name))
    record = await owner.get_user(user.name)
    record.roles[:] = [role.OWNER]
    await owner.update_user(record, "roles")
    for active in (True, False):
        refused = await refusal(provider.user(email=user.email, active=active))
        assert refused.reason == reason("OWNER_PROVISIONED")


async def test_one_to_whom_an_administrator_gave_access_again_is_shown_again(owner, provider, refusal):
    user = await provider.user(external_id="one")
    await provider.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=user.name))
    get = pb.GetProvisionedUserRequest(name=user.name)
    assert (await refusal(provider.GetProvisionedUser(get))).reason == reason("NOT_FOUND")
    record = await owner.get_user(user.name)
    record.disabled = False
    await owner.update_user(record, "disabled")
    assert (await provider.GetProvisionedUser(get)).external_id == "one"
    assert (await refusal(provider.user(email=user.email))).reason == reason("ALREADY_EXISTS")


async def test_an_etag_that_is_old_is_refused(provider, refusal):
    user, group = await provider.user(), await provider.group()
    changed = await provider.active(user, active=False, etag=user.etag)
    assert changed.etag != user.etag
    again = await provider.filled(group, changed.name, etag=group.etag)
    assert again.etag != group.etag
    for call in (
        provider.active(user, active=True, etag=user.etag),
        provider.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=user.name, etag=user.etag)),
        provider.filled(group, etag=group.etag),
        provider.DeleteGroup(pb.DeleteGroupRequest(name=group.name, etag=group.etag)),
    ):
        assert (await refusal(call)).reason == reason("ETAG_MISMATCH")


async def test_what_changes_nothing_is_no_change(mesh, owner, provider, member, role):
    group = await provider.group(member.name)
    mapped = await provider.mapped(group, role.LEGAL)
    before = len(await mesh.audited(owner.org_id))
    assert (await provider.mapped(group, role.LEGAL)).etag == mapped.etag
    assert (await provider.filled(group, member.name)).etag == mapped.etag
    user = await provider.GetProvisionedUser(pb.GetProvisionedUserRequest(name=member.name))
    assert (await provider.active(user, active=True)).etag == user.etag
    assert len(await mesh.audited(owner.org_id)) == before


async def test_a_member_who_is_no_user_is_refused_and_nothing_is_left(mesh, provider, refusal):
    stranger = await mesh.register()
    for name in (stranger.name, f"users/{uuid4()}"):
        assert (await refusal(provider.group(name))).reason == reason("INVALID_FIELD")
    group = await provider.group()
    assert (await refusal(provider.filled(group, stranger.name))).reason == reason("INVALID_FIELD")
    found = await provider.SearchGroups(pb.SearchGroupsRequest(count=10))
    assert (found.total, list(found.groups[0].members)) == (1, [])


async def test_groups_are_found_by_a_member_and_users_not(provider, member, refusal):
    group = await provider.group(member.name)
    await provider.group()
    term = pb.DirectoryTerm(attribute=MEMBER, value=member.name.rpartition("/")[2])
    any_of = [pb.DirectoryTerms(terms=[term])]
    found = await provider.SearchGroups(pb.SearchGroupsRequest(any_of=any_of, count=10))
    assert [one.name for one in found.groups] == [group.name]
    assert [one.user for one in found.groups[0].members] == [member.name]
    brief = await provider.SearchGroups(pb.SearchGroupsRequest(any_of=any_of, count=10, without_members=True))
    assert not brief.groups[0].members
    wrong = pb.SearchProvisionedUsersRequest(any_of=any_of, count=10)
    assert (await refusal(provider.SearchProvisionedUsers(wrong))).reason == reason("INVALID_FIELD")
    term = pb.DirectoryTerm(attribute=EMAIL, value=member.email.upper())
    users = await provider.SearchProvisionedUsers(
        pb.SearchProvisionedUsersRequest(any_of=[pb.DirectoryTerms(terms=[term])], count=10)
    )
    assert [[group.name for group in user.groups] for user in users.users] == [[group.name]]


async def test_pages_of_groups_with_members_are_shorter(provider):
    await asyncio.gather(*(provider.group() for _ in range(21)))
    full = await provider.SearchGroups(pb.SearchGroupsRequest(count=100))
    assert (len(full.groups), full.total) == (20, 21)
    brief = await provider.SearchGroups(pb.SearchGroupsRequest(count=100, without_members=True))
    assert (len(brief.groups), brief.total) == (21, 21)


async def test_everything_is_in_the_audit_chain_with_whose_key_it_was(mesh, owner, role):
    key = Provider(await mesh.with_key((await owner.create_key("DIRECTORY_PROVISION")).key))
    user = await key.user(given_name="Ada", active=False)
    group = await key.group(user.name)
    await Provider(owner).mapped(group, role.LEGAL)
    await key.active(user, active=True)
    await key.filled(group)
    await key.DeleteGroup(pb.DeleteGroupRequest(name=group.name))
    await key.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=user.name))
    events = [
        event for event in await mesh.audited(owner.org_id)
        if event["action"].startswith(("group.", "user.")) and "registered" not in event["action"]
    ]  # fmt: skip
    assert [event["action"] for event in events] == [
        "user.provisioned", "group.created", "user.regrouped", "group.mapped", "user.reprovisioned",
        "user.regrouped", "group.updated", "group.deleted", "user.deprovisioned",
    ]  # fmt: skip
    assert "Ada" not in str(events)


async def test_what_was_made_is_read_again_and_what_is_not_there_is_not_found(provider, refusal):
    user = await provider.user(given_name="Ann")
    group = await provider.group(user.name)
    assert await provider.GetGroup(pb.GetGroupRequest(name=group.name)) == group
    found = await provider.GetProvisionedUser(pb.GetProvisionedUserRequest(name=user.name))
    assert (found.given_name, [each.name for each in found.groups]) == ("Ann", [group.name])
    nothing = "0" * 8 + "-0000-4000-8000-" + "0" * 12
    for call in (
        provider.GetGroup(pb.GetGroupRequest(name=f"groups/{nothing}")),
        provider.GetProvisionedUser(pb.GetProvisionedUserRequest(name=f"users/{nothing}")),
        provider.DeleteGroup(pb.DeleteGroupRequest(name=f"groups/{nothing}")),
    ):
        assert (await refusal(call)).reason_name == "NOT_FOUND"


async def test_an_email_is_nobody_elses_and_never_another(mesh, owner, provider, refusal):
    user = await provider.user()
    stranger = await mesh.register()
    for taken in (user.email, stranger.email, owner.email):
        assert (await refusal(provider.user(email=taken))).reason_name == "ALREADY_EXISTS"
    request = pb.ReplaceProvisionedUserRequest(name=user.name, email="another@mail.example")
    assert (await refusal(provider.ReplaceProvisionedUser(request))).reason_name == "EMAIL_IMMUTABLE"
    same = pb.ReplaceProvisionedUserRequest(name=user.name, email=user.email.upper(), display_name="Ann")
    assert (await provider.ReplaceProvisionedUser(same)).display_name == "Ann"
    stale = pb.ReplaceProvisionedUserRequest(name=user.name, display_name="Bob", etag=user.etag)
    assert (await refusal(provider.ReplaceProvisionedUser(stale))).reason_name == "ETAG_MISMATCH"


async def test_one_who_is_made_without_access_has_none_until_it_is_given(mesh, provider):
    user = await provider.user(active=False)
    assert not user.active
    assert (await provider.active(user, True)).active


async def test_a_leaver_who_returns_does_not_find_his_old_roles(mesh, owner, provider, role):
    user = await provider.user(display_name="Ann")
    found = await owner.get_user(user.name)
    found.roles[:] = [role.ADMIN]
    await owner.update_user(found, "roles")
    await provider.DeleteProvisionedUser(pb.DeleteProvisionedUserRequest(name=user.name))
    back = await provider.user(email=user.email, display_name="Ann again")
    assert (back.name, back.display_name, back.active) == (user.name, "Ann again", True)
    assert list((await owner.get_user(user.name)).roles) == [role.VIEWER]
