"""Users: created once, changed with care, seen by their own organization only."""

import asyncio
from uuid import uuid4

import pytest

from bloom.auth.v1 import auth_pb2, directory_service_pb2


async def listed(caller, size: int = 0, token: str = ""):
    request = directory_service_pb2.ListUsersRequest(page_size=size, page_token=token)
    return await caller.mesh.directory.ListUsers(request, metadata=caller.metadata)


async def test_a_created_user_can_sign_in(mesh, owner, role):
    user = await owner.create_user(role.VIEWER, role.FINANCE, role.VIEWER, display_name="Grace")
    assert list(user.roles) == [role.FINANCE, role.VIEWER]
    member = await mesh.login(user.email)
    assert (member.name, member.org_id) == (user.name, owner.org_id)
    assert await owner.get_user(user.name) == user
    assert (await mesh.audited(owner.org_id))[-2]["detail"] == {"roles": "FINANCE,VIEWER"}


async def test_an_email_of_another_organization_is_taken(mesh, owner, refusal, role):
    other = await mesh.register()
    refused = await refusal(owner.create_user(role.VIEWER, email=other.email.title()))
    assert refused.reason_name == "ALREADY_EXISTS"


async def test_the_same_request_id_creates_once(mesh, owner, refusal, role):
    request_id, email = str(uuid4()), f"{uuid4().hex}@mail.example"
    first = await owner.create_user(role.VIEWER, email=email, request_id=request_id)
    again = await owner.create_user(role.VIEWER, email=email, request_id=request_id)
    assert first == again
    for different in ({"email": "else@mail.example"}, {"email": email, "password": "another-lamp-violet"}):
        refused = await refusal(owner.create_user(role.VIEWER, request_id=request_id, **different))
        assert refused.reason_name == "REQUEST_ID_REUSED"


async def test_the_same_request_id_at_once_creates_once(owner, role):
    request_id, email = str(uuid4()), f"{uuid4().hex}@mail.example"
    tries = (owner.create_user(role.VIEWER, email=email, request_id=request_id) for _ in range(5))
    assert len({user.name for user in await asyncio.gather(*tries)}) == 1


@pytest.mark.parametrize(
    ("password", "word"), [("aaaaaaaaaaaaaaa", "repeated"), ("Lakeside Hospital!", "organization")]
)
async def test_a_weak_password_is_refused(owner, refusal, role, password, word):
    refused = await refusal(owner.create_user(role.VIEWER, password=password))
    assert refused.reason_name == "PASSWORD_WEAK"
    assert word in refused.message


async def test_the_list_goes_by_pages_newest_first(owner, role):
    made = [(await owner.create_user(role.VIEWER)).name for _ in range(4)]
    names, token = [], ""
    while True:
        answer = await listed(owner, 2, token)
        names += [user.name for user in answer.users]
        token = answer.next_page_token
        if not token:
            break
    assert names == [*reversed(made), owner.name]


async def test_a_page_token_of_another_list_is_refused(mesh, owner, refusal, role):
    await owner.create_user(role.VIEWER)
    token = (await listed(owner, 1)).next_page_token
    request = directory_service_pb2.ListServiceAccountsRequest(page_token=token)
    refused = await refusal(mesh.directory.ListServiceAccounts(request, metadata=owner.metadata))
    assert refused.reason_name == (await refusal(listed(owner, 1, "x"))).reason_name == "PAGE_TOKEN_INVALID"


async def test_another_organizations_users_do_not_exist(mesh, owner, refusal):
    other = await mesh.register()
    foreign, missing = (
        await refusal(other.get_user(owner.name)),
        await refusal(other.get_user(f"users/{uuid4()}")),
    )
    assert foreign.reason_name == missing.reason_name == "NOT_FOUND"
    stolen = auth_pb2.User(name=owner.name, display_name="Mine")
    assert (await refusal(other.update_user(stolen, "display_name"))).reason_name == "NOT_FOUND"
    assert [user.name for user in (await listed(other)).users] == [other.name]


async def test_only_the_fields_of_the_mask_change(owner, role):
    user = await owner.create_user(role.VIEWER, display_name="Grace")
    wanted = auth_pb2.User(name=user.name, display_name="Ada", roles=[role.LEGAL], disabled=True)
    changed = await owner.update_user(wanted, "display_name")
    assert (changed.display_name, list(changed.roles), changed.disabled) == ("Ada", [role.VIEWER], False)
    assert changed.etag != user.etag
    emptied = await owner.update_user(auth_pb2.User(name=user.name), "display_name")
    assert emptied.display_name == ""


async def test_without_a_mask_the_set_fields_change_and_a_star_means_all(owner, role):
    user = await owner.create_user(role.VIEWER, display_name="Grace")
    changed = await owner.update_user(auth_pb2.User(name=user.name, roles=[role.LEGAL]))
    assert (changed.display_name, list(changed.roles)) == ("Grace", [role.LEGAL])
    changed = await owner.update_user(auth_pb2.User(name=user.name, roles=[role.FINANCE]), "*")
    assert (changed.display_name, list(changed.roles)) == ("", [role.FINANCE])


async def test_a_change_that_changes_nothing_leaves_no_trace(mesh, owner, role):
    user = await owner.create_user(role.VIEWER)
    events = len(await mesh.audited(owner.org_id))
    assert await owner.update_user(user, "roles", "disabled", "display_name") == user
    assert len(await mesh.audited(owner.org_id)) == events


@pytest.mark.parametrize("path", ["email", "name", "etag", "roles.x", "password", ""])
async def test_a_path_that_cannot_be_changed_is_refused(owner, refusal, role, path):
    user = await owner.create_user(role.VIEWER)
    refused = await refusal(owner.update_user(user, path))
    assert refused.reason_name == "INVALID_FIELD"
    assert refused.message.startswith("update_mask")


async def test_a_user_keeps_a_role(owner, refusal, role):
    user = await owner.create_user(role.VIEWER)
    refused = await refusal(owner.update_user(auth_pb2.User(name=user.name), "roles"))
    assert refused.reason_name == "INVALID_FIELD"


async def test_a_stale_etag_is_refused(owner, refusal, role):
    user = await owner.create_user(role.VIEWER)
    fresh = await owner.update_user(auth_pb2.User(name=user.name, display_name="Ada", etag=user.etag))
    refused = await refusal(
        owner.update_user(auth_pb2.User(name=user.name, display_name="Bo", etag=user.etag))
    )
    assert refused.reason_name == "ETAG_MISMATCH"
    assert refused.metadata == {"name": user.name, "etag": fresh.etag}


async def test_a_change_is_audited_with_before_and_after(mesh, owner, role):
    user = await owner.create_user(role.VIEWER)
    user.roles[:] = [role.ADMIN]
    user.disabled = True
    await owner.update_user(user, "roles", "disabled")
    event = (await mesh.audited(owner.org_id))[-1]
    assert (event["action"], event["resource"], event["actor"]) == ("user.updated", user.name, owner.name)
    assert event["detail"] == {"roles_before": "VIEWER", "roles": "ADMIN", "disabled": True}


async def test_a_viewer_sees_no_users(mesh, owner, refusal, role):
    viewer = await mesh.member(owner, role.VIEWER)
    assert (await refusal(listed(viewer))).reason_name == "PERMISSION_DENIED"
    assert (await refusal(viewer.create_user(role.VIEWER))).reason_name == "PERMISSION_DENIED"
