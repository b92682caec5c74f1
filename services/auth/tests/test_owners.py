"""Ownership: given and taken by owners only, and never lost."""

import asyncio

import pytest

from bloom.auth.v1 import auth_pb2, directory_service_pb2


async def without_ownership(caller, name: str, role):
    return await caller.update_user(auth_pb2.User(name=name, roles=[role.VIEWER]), "roles")


@pytest.fixture
async def admin(mesh, owner, role):
    return await mesh.member(owner, role.ADMIN)


async def test_an_administrator_makes_no_owner(mesh, admin, refusal, role):
    assert (await refusal(admin.create_user(role.OWNER))).reason_name == "PERMISSION_DENIED"
    for name in (admin.name, (await admin.create_user(role.VIEWER)).name):
        wanted = auth_pb2.User(name=name, roles=[role.OWNER])
        assert (await refusal(admin.update_user(wanted, "roles"))).reason_name == "PERMISSION_DENIED"


async def test_an_administrator_neither_demotes_nor_disables_an_owner(owner, admin, refusal, role):
    second = await owner.create_user(role.OWNER)
    assert (await refusal(without_ownership(admin, second.name, role))).reason_name == "PERMISSION_DENIED"
    disabled = auth_pb2.User(name=second.name, disabled=True)
    assert (await refusal(admin.update_user(disabled, "disabled"))).reason_name == "PERMISSION_DENIED"
    await owner.update_user(disabled, "disabled")
    # Not on the way round either: a disabled owner is enabled, or demoted, by owners only.
    assert (await refusal(without_ownership(admin, second.name, role))).reason_name == "PERMISSION_DENIED"
    enabled = auth_pb2.User(name=second.name)
    assert (await refusal(admin.update_user(enabled, "disabled"))).reason_name == "PERMISSION_DENIED"


async def test_an_administrator_may_rename_an_owner_and_give_it_more_roles(owner, admin, role):
    wanted = auth_pb2.User(name=owner.name, display_name="Ada", roles=[role.OWNER, role.FINANCE])
    assert (await admin.update_user(wanted, "display_name", "roles")).display_name == "Ada"


async def test_a_service_account_makes_no_owner(mesh, owner, refusal, role):
    made = await owner.create_service_account(role.ADMIN)
    token = (await mesh.issue(made.client_id, made.client_secret)).access_token
    program = type(owner)(mesh, token)
    assert await program.create_user(role.VIEWER)
    assert (await refusal(program.create_user(role.OWNER))).reason_name == "PERMISSION_DENIED"


async def test_a_token_older_than_the_loss_of_the_role_does_not_count(mesh, owner, refusal, role):
    second = await mesh.member(owner, role.OWNER)
    await without_ownership(owner, second.name, role)
    assert (await refusal(second.create_user(role.OWNER))).reason_name == "PERMISSION_DENIED"


async def test_the_last_owner_stays(owner, refusal, role):
    assert (await refusal(without_ownership(owner, owner.name, role))).reason_name == "LAST_OWNER"
    disabled = auth_pb2.User(name=owner.name, disabled=True)
    assert (await refusal(owner.update_user(disabled, "disabled"))).reason_name == "LAST_OWNER"
    assert list((await owner.get_user(owner.name)).roles) == [role.OWNER]


async def test_a_disabled_owner_does_not_count(owner, refusal, role):
    second = await owner.create_user(role.OWNER)
    await owner.update_user(auth_pb2.User(name=second.name, disabled=True), "disabled")
    assert (await refusal(without_ownership(owner, owner.name, role))).reason_name == "LAST_OWNER"


async def test_of_owners_who_all_leave_at_once_one_stays(mesh, owner, role):
    owners = [owner, *[await mesh.member(owner, role.OWNER) for _ in range(4)]]
    left = await asyncio.gather(
        *(without_ownership(one, one.name, role) for one in owners), return_exceptions=True
    )
    assert sum(isinstance(one, BaseException) for one in left) == 1
    remaining = await mesh.rows("SELECT FROM users WHERE org_id = $1 AND 1 = ANY(roles)", owner.org_id)
    assert len(remaining) == 1


async def test_of_two_owners_who_demote_each_other_at_once_one_stays(mesh, owner, role):
    second = await mesh.member(owner, role.OWNER)
    done = await asyncio.gather(
        without_ownership(owner, second.name, role),
        without_ownership(second, owner.name, role),
        return_exceptions=True,
    )
    assert sum(isinstance(one, BaseException) for one in done) == 1
    remaining = await mesh.rows("SELECT FROM users WHERE org_id = $1 AND 1 = ANY(roles)", owner.org_id)
    assert len(remaining) == 1


@pytest.mark.parametrize(
    ("change", "reason"), [("disabled", "TOKEN_INVALID"), ("roles", "PERMISSION_DENIED")]
)
async def test_who_lost_access_makes_no_way_back_with_an_older_token(
    owner, admin, refusal, role, change, reason
):
    made = (await owner.create_service_account(role.VIEWER)).service_account
    accomplice = await owner.create_user(role.VIEWER)
    await owner.update_user(auth_pb2.User(name=admin.name, disabled=True, roles=[role.VIEWER]), change)
    deletion = directory_service_pb2.DeleteServiceAccountRequest(name=made.name)
    for call in (
        admin.create_user(role.ADMIN),
        admin.create_service_account(role.ADMIN),
        admin.update_user(auth_pb2.User(name=accomplice.name, roles=[role.ADMIN]), "roles"),
        admin.update_user(auth_pb2.User(name=admin.name, disabled=False, roles=[role.ADMIN]), change),
        admin.mesh.directory.DeleteServiceAccount(deletion, metadata=admin.metadata),
    ):
        assert (await refusal(call)).reason_name == reason


async def test_a_deleted_service_account_makes_no_way_back_with_an_older_token(mesh, owner, refusal, role):
    made = await owner.create_service_account(role.ADMIN)
    program = type(owner)(mesh, (await mesh.issue(made.client_id, made.client_secret)).access_token)
    deletion = directory_service_pb2.DeleteServiceAccountRequest(name=made.service_account.name)
    await mesh.directory.DeleteServiceAccount(deletion, metadata=owner.metadata)
    assert (await refusal(program.create_service_account(role.ADMIN))).reason_name == "TOKEN_INVALID"
