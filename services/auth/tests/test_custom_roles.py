"""Custom roles: they add to the fixed ones, and lift nobody above whoever grants them."""

import asyncio
from uuid import uuid4

import pytest

from auth_service import roles
from bloom.auth.v1 import auth_pb2, role_pb2, role_service_pb2
from bloom.options.v1 import policy_pb2
from service_runtime.policy import permissions_of

GONE = f"roles/{uuid4()}"


def numbers(*names: str):
    """`CONTRACTS_READ` as the schema counts it."""
    return [policy_pb2.Permission.Value(f"PERMISSION_{name}") for name in names]


async def updated(caller, role: role_pb2.CustomRole, *paths: str):
    request = role_service_pb2.UpdateRoleRequest(role=role)
    request.update_mask.paths.extend(paths)
    return await caller.mesh.roles.UpdateRole(request, metadata=caller.metadata)


async def changed(caller, name: str, *permissions: str):
    return await updated(
        caller, role_pb2.CustomRole(name=name, permissions=numbers(*permissions)), "permissions"
    )


async def got(caller, name: str):
    return await caller.mesh.roles.GetRole(
        role_service_pb2.GetRoleRequest(name=name), metadata=caller.metadata
    )


async def deleted(caller, name: str) -> None:
    await caller.mesh.roles.DeleteRole(
        role_service_pb2.DeleteRoleRequest(name=name), metadata=caller.metadata
    )


async def listed(caller, size: int = 0, token: str = ""):
    request = role_service_pb2.ListRolesRequest(page_size=size, page_token=token)
    return await caller.mesh.roles.ListRoles(request, metadata=caller.metadata)


@pytest.fixture
async def clerk(mesh, owner, role):
    """A viewer who may also write users, service accounts, keys and roles: all that could lift him."""
    made = await owner.create_role(
        "USERS_READ", "USERS_WRITE", "SERVICEACCOUNTS_WRITE", "APIKEYS_WRITE", "ROLES_WRITE"
    )
    user = await owner.create_user(role.VIEWER)
    await owner.grant(user.name, made.name)
    return await mesh.login(user.email)


async def test_tokens_carry_the_union(mesh, owner, role):
    made = await owner.create_role("CONTRACTS_DELETE", "AI_USAGE_READ")
    member = await mesh.member(owner, role.VIEWER)
    assert list((await owner.grant(member.name, made.name)).custom_roles) == [made.name]
    union = sorted({*permissions_of(role.VIEWER), "contracts.delete", "ai.usage.read"})
    signed_in = await mesh.login(member.email)
    refreshed = await mesh.refresh(signed_in.refresh_token)
    workload = (await mesh.issue("contracts", "only-contracts-knows-this-one")).access_token
    exchanged = await mesh.exchange(member.name, owner.organization, workload)
    for token in (signed_in.access_token, refreshed.access_token, exchanged.access_token):
        claims = await mesh.claims(token)
        assert (claims["perms"], claims["roles"]) == (union, ["VIEWER"])
    assert list((await signed_in.me()).permissions) == union
    account = await owner.create_service_account(role.VIEWER, custom=(made.name,))
    assert list(account.service_account.custom_roles) == [made.name]
    token = (await mesh.issue(account.client_id, account.client_secret)).access_token
    assert (await mesh.claims(token))["perms"] == union
    key = await owner.create_key("AI_USAGE_READ", owner=account.service_account.name)
    assert list((await (await mesh.with_key(key.key)).me()).permissions) == ["ai.usage.read"]


async def test_a_user_is_created_with_custom_roles(mesh, owner, role):
    made = await owner.create_role("CONTRACTS_DELETE")
    created = await owner.create_user(role.VIEWER, custom=(made.name,))
    assert list(created.custom_roles) == [made.name]
    assert (await mesh.audited(owner.org_id))[-1]["detail"]["custom_roles"] == made.name.rpartition("/")[2]


async def test_a_change_ends_nothing_and_counts_at_the_next_token(mesh, owner, role):
    made = await owner.create_role("CONTRACTS_DELETE")
    member = await mesh.member(owner, role.VIEWER)
    await owner.grant(member.name, made.name)
    member = await mesh.login(member.email)
    await changed(owner, made.name, "AI_USAGE_READ")
    assert "contracts.delete" in (await member.me()).permissions
    token = (await mesh.refresh(member.refresh_token)).access_token
    perms = set((await mesh.claims(token))["perms"])
    assert perms == {*permissions_of(role.VIEWER), "ai.usage.read"}


async def test_giving_and_taking_a_role_ends_the_sessions(mesh, owner, refusal, role):
    made = await owner.create_role("CONTRACTS_DELETE")
    member = await mesh.member(owner, role.VIEWER)
    for custom in ([made.name], []):
        await owner.grant(member.name, *custom)
        assert (await refusal(mesh.refresh(member.refresh_token))).reason_name == "TOKEN_INVALID"
        member = await mesh.login(member.email)
    details = [
        event["detail"] for event in await mesh.audited(owner.org_id) if event["action"] == "user.updated"
    ]
    made_id = made.name.rpartition("/")[2]
    assert [(item["custom_roles_before"], item["custom_roles"]) for item in details] == [
        ("", made_id), (made_id, ""),
    ]  # fmt: skip


async def test_nobody_grants_what_he_does_not_have(mesh, owner, clerk, refusal, role):
    """Every way up that a clerk could think of."""
    strong = await owner.create_role("CONTRACTS_READ", "CONTRACTS_DELETE")
    account = (await owner.create_service_account(role.ADMIN)).service_account.name
    helper = await clerk.create_user(role.VIEWER)
    own = (await clerk.create_role("CONTRACTS_READ")).name
    ways = [
        clerk.create_user(role.ADMIN),
        clerk.create_user(role.LEGAL),
        clerk.create_user(role.VIEWER, custom=(strong.name,)),
        clerk.update_user(auth_pb2.User(name=clerk.name, roles=[role.ADMIN]), "roles"),
        clerk.update_user(auth_pb2.User(name=helper.name, roles=[role.VIEWER, role.LEGAL]), "roles"),
        clerk.grant(clerk.name, strong.name),
        clerk.grant(helper.name, strong.name),
        clerk.create_service_account(role.ADMIN),
        clerk.create_service_account(role.VIEWER, custom=(strong.name,)),
        clerk.create_role("CONTRACTS_DELETE"),
        changed(clerk, own, "CONTRACTS_READ", "CONTRACTS_DELETE"),
        changed(clerk, strong.name, "CONTRACTS_READ", "CONTRACTS_DELETE", "AI_BUDGETS_WRITE"),
        clerk.create_key("CONTRACTS_DELETE", owner=account),
    ]
    for way in ways:
        assert (await refusal(way)).reason_name == "PERMISSION_DENIED"
    assert "contracts.delete" not in (await (await mesh.login(clerk.email)).me()).permissions
    # What he has himself he may give.
    assert await clerk.grant(helper.name, own)
    assert await clerk.create_key("CONTRACTS_READ", owner=account)
    assert await changed(clerk, strong.name, "CONTRACTS_DELETE")


async def test_whoever_lost_a_permission_grants_it_no_more(owner, clerk, refusal):
    """His token still carries it."""
    (mine,) = (await owner.get_user(clerk.name)).custom_roles
    await changed(owner, mine, "ROLES_WRITE")
    assert "users.write" in (await clerk.me()).permissions
    assert (await refusal(clerk.create_role("USERS_WRITE"))).reason_name == "PERMISSION_DENIED"
    assert await clerk.create_role("ROLES_WRITE")


async def test_what_only_owners_have_stays_with_owners(mesh, owner, refusal, role, monkeypatch):
    made = await owner.create_role("CONTRACTS_DELETE", "CONTRACTS_READ")
    member = await mesh.member(owner, role.VIEWER)
    await owner.grant(member.name, made.name)
    key = (await owner.create_key("CONTRACTS_DELETE", "CONTRACTS_READ")).key
    monkeypatch.setattr(roles, "OWNERS_ALONE", frozenset(numbers("CONTRACTS_DELETE")))
    assert "contracts.delete" not in (await (await mesh.login(member.email)).me()).permissions
    assert list((await (await mesh.with_key(key)).me()).permissions) == ["contracts.read"]
    for call in (
        owner.create_role("CONTRACTS_DELETE"),
        owner.create_key("CONTRACTS_DELETE"),
        changed(owner, (await owner.create_role("CONTRACTS_READ")).name, "CONTRACTS_DELETE"),
    ):
        assert (await refusal(call)).reason_name == "INVALID_FIELD"


async def test_a_role_that_somebody_holds_is_not_deleted(mesh, owner, refusal, role):
    made = (await owner.create_role("CONTRACTS_DELETE")).name
    member = await owner.create_user(role.VIEWER)
    await owner.grant(member.name, made)
    await owner.update_user(auth_pb2.User(name=member.name, disabled=True), "disabled")
    refused = await refusal(deleted(owner, made))
    assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "IN_USE"})
    await owner.grant(member.name)
    held = (await owner.create_role("CONTRACTS_READ")).name
    await owner.create_service_account(role.VIEWER, custom=(held,))
    assert (await refusal(deleted(owner, held))).reason_name == "STATE_FORBIDS"
    await deleted(owner, made)
    assert (await refusal(got(owner, made))).reason_name == "NOT_FOUND"
    assert (await refusal(owner.grant(member.name, made))).reason_name == "NOT_FOUND"


async def test_etag_mask_and_fields_are_checked(owner, refusal):
    made = await owner.create_role("CONTRACTS_READ")
    assert await got(owner, made.name) == made
    made.display_name = "Renamed"
    after = await updated(owner, made)
    assert (after.display_name, after.etag) == ("Renamed", '"2"')
    made.display_name = "Again"
    assert (await refusal(updated(owner, made))).reason_name == "ETAG_MISMATCH"
    assert await updated(owner, after, "display_name") == after
    for wrong, path in (
        (role_pb2.CustomRole(name=made.name), "permissions"),
        (role_pb2.CustomRole(name=made.name), "*"),
        (role_pb2.CustomRole(name=made.name), "etag"),
        (role_pb2.CustomRole(name=made.name, permissions=[9000]), "permissions"),
        (role_pb2.CustomRole(name=made.name, display_name="\n"), "display_name"),
    ):
        assert (await refusal(updated(owner, wrong, path))).reason_name == "INVALID_FIELD"


async def test_another_organizations_role_does_not_exist(mesh, owner, refusal, role):
    other, made = await mesh.register(), await owner.create_role("CONTRACTS_READ")
    user = await other.create_user(role.VIEWER)
    for name in (made.name, GONE, f"roles/{'-' * 36}"):
        for call in (
            got(other, name), deleted(other, name), changed(other, name, "CONTRACTS_READ"),
            other.grant(user.name, name), other.create_service_account(role.VIEWER, custom=(name,)),
        ):  # fmt: skip
            assert (await refusal(call)).reason_name == "NOT_FOUND"
    assert not (await listed(other)).roles


async def test_a_foreign_role_in_a_row_would_grant_nothing(mesh, owner, role):
    """Row-level security holds inside of the function that adds up permissions."""
    other, made = await mesh.register(), await owner.create_role("CONTRACTS_DELETE")
    user = await other.create_user(role.VIEWER)
    await mesh.rows(
        "UPDATE users SET custom_roles = ARRAY[$1::text::uuid] WHERE email = $2",
        made.name.rpartition("/")[2], user.email,
    )  # fmt: skip
    assert "contracts.delete" not in (await (await mesh.login(user.email)).me()).permissions


async def test_the_list_goes_by_pages_and_every_change_is_audited(mesh, owner):
    made = [(await owner.create_role("CONTRACTS_READ")).name for _ in range(3)]
    first = await listed(owner, 2)
    second = await listed(owner, 2, first.next_page_token)
    assert [item.name for item in (*first.roles, *second.roles)] == made[::-1]
    await changed(owner, made[0], "USERS_READ")
    await deleted(owner, made[0])
    *_, update, delete = await mesh.audited(owner.org_id)
    assert (update["action"], update["resource"]) == ("role.updated", made[0])
    assert update["detail"] == {"permissions_before": "contracts.read", "permissions": "users.read"}
    assert (delete["action"], delete["resource"]) == ("role.deleted", made[0])


async def test_a_role_that_grows_while_it_is_granted_is_weighed_as_it_becomes(
    mesh, owner, clerk, refusal, role
):
    made = (await owner.create_role("CONTRACTS_READ")).name
    helper = await clerk.create_user(role.VIEWER)
    async with mesh.transaction() as connection:
        await connection.execute(
            "SELECT FROM organizations WHERE org_id = $1 FOR NO KEY UPDATE", owner.org_id
        )
        await connection.execute(
            "UPDATE custom_roles SET permissions = $2 WHERE id = $1::text::uuid",
            made.rpartition("/")[2], numbers("CONTRACTS_DELETE"),
        )  # fmt: skip
        granting = asyncio.create_task(clerk.grant(helper.name, made))
        await mesh.waiting()
    assert (await refusal(granting)).reason_name == "PERMISSION_DENIED"


async def test_a_role_is_deleted_or_granted_never_both(mesh, owner, role):
    for _ in range(5):
        made = (await owner.create_role("CONTRACTS_READ")).name
        user = await owner.create_user(role.VIEWER)
        ends = await asyncio.gather(
            owner.grant(user.name, made), deleted(owner, made), return_exceptions=True
        )
        assert len([end for end in ends if isinstance(end, Exception)]) == 1
        rows = await mesh.rows(
            """SELECT FROM users JOIN custom_roles AS made ON made.id = ANY(custom_roles)
               WHERE users.id = $1::text::uuid""",
            user.name.rpartition("/")[2],
        )
        assert bool(rows) == bool(list((await owner.get_user(user.name)).custom_roles))
