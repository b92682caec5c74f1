"""Who may provision, whom it reaches, and what roles come of it."""

import asyncio
from uuid import uuid4

import grpc
import pytest

from bloom.options.v1 import policy_pb2

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ADMIN, LEGAL, FINANCE, VIEWER = (
    policy_pb2.ROLE_ADMIN, policy_pb2.ROLE_LEGAL, policy_pb2.ROLE_FINANCE, policy_pb2.ROLE_VIEWER
)  # fmt: skip


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


def team(*members, **fields):
    people = [{"value": member} for member in members]
    return {"schemas": [GROUP], "displayName": "Finance", "members": people, **fields}


async def id_of(provider, email):
    (found,) = (await provider.get("/Users", params={"filter": f'userName eq "{email}"'})).json()["Resources"]
    return found["id"]


async def epoch_of(service, user_id):
    return (await service.rows("SELECT epoch FROM users WHERE id = $1::text::uuid", user_id))[0]["epoch"]


async def is_called_back(service, user_id, epoch):
    """Whether it is told to every service that older tokens are over."""
    rows = await service.rows(
        "SELECT payload FROM outbox WHERE topic = 'token.revoked' AND payload ->> 'epoch' = $1::text"
        " AND payload ->> 'key' LIKE '%' || $2 || '%'",
        str(epoch), user_id,
    )  # fmt: skip
    return bool(rows)


async def test_only_who_may_provision_does(organization, make):
    other = await organization.another_key(policy_pb2.PERMISSION_USERS_WRITE)
    async with organization.client(other) as client:
        for answer in (
            await client.get("/Users"),
            await client.get(f"/Users/{organization.owner_id}"),
            await client.post("/Users", json=make()),
            await client.delete(f"/Groups/{uuid4()}"),
        ):
            assert (answer.status_code, answer.json()["status"]) == (403, "403")
    viewer = await organization.colleague(VIEWER)
    async with organization.client(await organization.service.login(viewer.email)) as client:
        assert (await client.get("/Users")).status_code == 403
    async with organization.client(organization.token) as client:
        assert (await client.get("/Users")).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Basic eDp4", "Bearer", "Bearer nonsense", "Bearer bloom_" + "x" * 92]
)
async def test_without_a_good_bearer_nothing_is_told(service, organization, header):
    async with organization.client() as client:
        for method, where in (("GET", "/Users"), ("POST", "/Users"), ("GET", "/Groups")):
            answer = await client.request(method, where, json={}, headers={"authorization": header})
            assert (answer.status_code, answer.headers.get("www-authenticate")) == (401, "Bearer")


async def test_a_deleted_key_changes_nothing_more(organization, provider, make):
    assert (await provider.get("/Users")).status_code == 200  # its token is remembered
    rows = await organization.service.rows(
        "DELETE FROM api_keys WHERE user_id = $1::text::uuid RETURNING id", organization.owner_id
    )
    assert rows
    assert (await provider.post("/Users", json=make())).status_code == 401


async def test_other_organizations_are_not_there(service, organization, provider, make):
    stranger = await service.organization()
    async with stranger.client() as theirs:
        user = (await theirs.post("/Users", json=make())).json()
        group = (await theirs.post("/Groups", json=team(user["id"]))).json()
    for kind, name in (("Users", user["id"]), ("Groups", group["id"])):
        body = make(userName=user["userName"]) if kind == "Users" else team()
        operation = patch({"op": "replace", "path": "displayName", "value": "x"})
        missing = str(uuid4())
        for method, content in (("GET", None), ("PUT", body), ("PATCH", operation), ("DELETE", None)):
            answer = await provider.request(method, f"/{kind}/{name}", json=content)
            absent = await provider.request(method, f"/{kind}/{missing}", json=content)
            assert answer.status_code == absent.status_code == 404
            assert answer.text.replace(name, missing) == absent.text
        found = await provider.get(f"/{kind}", params={"filter": f'id eq "{name}"'})
        assert found.json()["totalResults"] == 0
    answer = await provider.post("/Groups", json=team(user["id"]))
    absent = await provider.post("/Groups", json=team(missing))
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert answer.text.replace(user["id"], missing) == absent.text
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await organization.map(group["id"], LEGAL)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_an_email_has_one_user(service, organization, provider, make):
    user = make()
    assert (await provider.post("/Users", json=user)).status_code == 201
    for again in (
        user,
        make(userName=str(user["userName"]).upper()),
        make(userName=organization.owner.email),
    ):
        answer = await provider.post("/Users", json=again)
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    stranger = await service.organization()
    async with stranger.client() as theirs:
        answer = await theirs.post("/Users", json=user)
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


async def test_of_many_who_make_the_same_user_at_once_one_does(provider, make):
    user = make()
    answers = await asyncio.gather(*(provider.post("/Users", json=user) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


async def test_a_provisioned_user_has_no_password(service, provider, make):
    user = make(password="correct-horse-battery-9")
    assert (await provider.post("/Users", json=user)).status_code == 201
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.login(str(user["userName"]))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("how", ["patch", "put", "delete"])
async def test_taking_the_access_ends_sessions_and_calls_tokens_back(
    service, organization, provider, make, how
):
    colleague = await organization.colleague(LEGAL)
    token = await service.login(colleague.email)
    user_id = await id_of(provider, colleague.email)
    before = await epoch_of(service, user_id)
    where = f"/Users/{user_id}"
    if how == "patch":
        await provider.patch(where, json=patch({"op": "replace", "path": "active", "value": False}))
    elif how == "put":
        await provider.put(where, json=make(userName=colleague.email, active=False))
    else:
        assert (await provider.delete(where)).status_code == 204
    after = await epoch_of(service, user_id)
    assert after > before
    assert await is_called_back(service, user_id, after)
    open_ones = await service.rows(
        "SELECT FROM sessions WHERE user_id = $1::text::uuid AND ended_at IS NULL", user_id
    )
    assert not open_ones
    with pytest.raises(grpc.aio.AioRpcError):
        await service.me(token)
    with pytest.raises(grpc.aio.AioRpcError):
        await service.login(colleague.email)
    if how != "delete":
        await provider.patch(where, json=patch({"op": "replace", "path": "active", "value": True}))
        assert await service.login(colleague.email)


async def test_who_says_nothing_of_access_leaves_it_as_it_is(provider, make):
    user = make(active=False)
    made = (await provider.post("/Users", json=user)).json()
    assert made["active"] is False
    body = {key: value for key, value in user.items() if key != "active"} | {"displayName": "Ada"}
    changed = (await provider.put(f"/Users/{made['id']}", json=body)).json()
    assert (changed["displayName"], changed["active"]) == ("Ada", False)


async def test_a_deleted_user_is_gone_for_scim_stays_in_the_rows_and_comes_back_as_new(
    service, organization, provider, make
):
    colleague = await organization.colleague(ADMIN)
    user_id = await id_of(provider, colleague.email)
    group = (await provider.post("/Groups", json=team(user_id))).json()
    await organization.map(group["id"], LEGAL)
    assert (await provider.delete(f"/Users/{user_id}")).status_code == 204
    assert (await provider.get(f"/Users/{user_id}")).status_code == 404
    assert (await provider.delete(f"/Users/{user_id}")).status_code == 404
    found = await provider.get("/Users", params={"filter": f'userName eq "{colleague.email}"'})
    assert found.json()["totalResults"] == 0
    assert (await provider.get(f"/Groups/{group['id']}")).json().get("members", []) == []
    assert (await provider.post("/Groups", json=team(user_id))).status_code == 400
    assert await service.rows("SELECT FROM users WHERE id = $1::text::uuid AND disabled", user_id)
    again = (await provider.post("/Users", json=make(userName=colleague.email, externalId="two"))).json()
    assert (again["id"], again["active"], again["externalId"]) == (user_id, True, "two")
    me = await service.me(await service.login(colleague.email))
    assert list(me.roles) == [VIEWER]


async def test_an_owners_access_is_out_of_reach(service, organization, provider, make):
    where, email = f"/Users/{organization.owner_id}", organization.owner.email
    before = await epoch_of(service, organization.owner_id)
    off = patch({"op": "replace", "path": "active", "value": False})
    for answer in (
        await provider.patch(where, json=off),
        await provider.put(where, json=make(userName=email, active=False)),
        await provider.delete(where),
    ):
        assert (answer.status_code, "owner" in answer.json()["detail"]) == (403, True)
    renamed = await provider.put(where, json=make(userName=email, displayName="Boss"))
    assert (renamed.status_code, renamed.json()["active"]) == (200, True)
    group = (await provider.post("/Groups", json=team(organization.owner_id))).json()
    await organization.map(group["id"], LEGAL)
    await provider.delete(f"/Groups/{group['id']}")
    assert await epoch_of(service, organization.owner_id) == before
    assert list((await service.me(organization.token)).roles) == [policy_pb2.ROLE_OWNER]


async def test_an_owner_whom_another_owner_disabled_stays_disabled(service, organization, provider, make):
    second = await organization.colleague(policy_pb2.ROLE_OWNER)
    user_id = await id_of(provider, second.email)
    await service.rows("UPDATE users SET disabled = true WHERE id = $1::text::uuid", user_id)
    on = patch({"op": "replace", "path": "active", "value": True})
    assert (await provider.patch(f"/Users/{user_id}", json=on)).status_code == 403


async def test_nobody_becomes_an_owner_by_a_group(organization, provider, service):
    group = (await provider.post("/Groups", json=team())).json()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await organization.map(group["id"], policy_pb2.ROLE_OWNER)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_groups_roles_come_and_go_with_membership_mapping_and_group(service, organization, provider):
    colleague = await organization.colleague(VIEWER)
    user_id = await id_of(provider, colleague.email)
    group = (await provider.post("/Groups", json=team(user_id))).json()
    where = f"/Groups/{group['id']}"

    async def roles():
        return set((await service.me(await service.login(colleague.email))).roles)

    async def called_back_by(change):
        before, _ = await epoch_of(service, user_id), await service.login(colleague.email)
        await change
        after = await epoch_of(service, user_id)
        assert await is_called_back(service, user_id, after)
        rows = await service.rows(
            "SELECT FROM sessions WHERE user_id = $1::text::uuid AND ended_at IS NULL", user_id
        )
        assert bool(rows) == (after == before)
        return after > before

    assert await roles() == {VIEWER}
    assert await called_back_by(organization.map(group["id"], LEGAL, FINANCE))
    assert await roles() == {VIEWER, LEGAL, FINANCE}
    assert await called_back_by(organization.map(group["id"], FINANCE))
    assert await roles() == {VIEWER, FINANCE}
    remove = patch({"op": "remove", "path": f'members[value eq "{user_id}"]'})
    assert await called_back_by(provider.patch(where, json=remove))
    assert await roles() == {VIEWER}
    add = patch({"op": "add", "path": "members", "value": [{"value": user_id}]})
    assert await called_back_by(provider.patch(where, json=add))
    second = (await provider.post("/Groups", json=team(user_id))).json()
    assert not await called_back_by(organization.map(second["id"], FINANCE, VIEWER))
    assert not await called_back_by(provider.delete(where))
    assert await roles() == {VIEWER, FINANCE}
    assert await called_back_by(provider.delete(f"/Groups/{second['id']}"))
    assert await roles() == {VIEWER}


async def test_what_scim_says_of_roles_is_passed_over(organization, provider, service):
    colleague = await organization.colleague(VIEWER)
    user_id = await id_of(provider, colleague.email)
    body = team(user_id, roles=[{"value": "ADMIN"}], custom_roles=["x"])
    await provider.post("/Groups", json=body)
    operation = {"op": "add", "path": "roles", "value": [{"value": "ADMIN", "primary": True}]}
    await provider.patch(f"/Users/{user_id}", json=patch(operation))
    assert list((await service.me(await service.login(colleague.email))).roles) == [VIEWER]


async def test_members_added_side_by_side_are_all_there(provider, make):
    users = [(await provider.post("/Users", json=make())).json()["id"] for _ in range(4)]
    group = (await provider.post("/Groups", json=team())).json()
    operations = [patch({"op": "add", "path": "members", "value": [{"value": user}]}) for user in users]
    answers = await asyncio.gather(
        *(provider.patch(f"/Groups/{group['id']}", json=operation) for operation in operations)
    )
    assert {answer.status_code for answer in answers} == {200}
    members = (await provider.get(f"/Groups/{group['id']}")).json()["members"]
    assert {member["value"] for member in members} == set(users)
