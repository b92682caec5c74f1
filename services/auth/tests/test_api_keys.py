"""API keys: shown once, never more than scopes and owner allow, gone at once."""

import asyncio
import logging
import re
from datetime import timedelta
from uuid import uuid4

import pytest

from auth_service import roles
from auth_service.api_keys.model import KeyText
from bloom.auth.v1 import api_key_service_pb2, auth_pb2, auth_service_pb2, directory_service_pb2
from service_runtime.policy import permission_name

READS = ["contracts.read"]


async def deleted(caller, name: str) -> None:
    request = api_key_service_pb2.DeleteApiKeyRequest(name=name)
    await caller.mesh.api_keys.DeleteApiKey(request, metadata=caller.metadata)


async def got(caller, name: str):
    request = api_key_service_pb2.GetApiKeyRequest(name=name)
    return await caller.mesh.api_keys.GetApiKey(request, metadata=caller.metadata)


async def listed(caller, size: int = 0, token: str = ""):
    request = api_key_service_pb2.ListApiKeysRequest(page_size=size, page_token=token)
    return await caller.mesh.api_keys.ListApiKeys(request, metadata=caller.metadata)


async def perms(mesh, key: str) -> list[str]:
    return (await mesh.claims((await mesh.with_key(key)).access_token))["perms"]


async def test_a_key_gives_a_short_token_with_its_scopes(mesh, owner):
    made = await owner.create_key("CONTRACTS_READ", "USERS_READ")
    caller = await mesh.with_key(made.key)
    claims = await mesh.claims(caller.access_token)
    assert claims["perms"] == ["users.read", "contracts.read"]
    assert (claims["sub"], claims["org"], claims["roles"]) == (owner.name, str(owner.org_id), [])
    assert made.api_key.name == f"apiKeys/{claims['key']}"
    assert claims["exp"] - claims["iat"] == 600
    me = await caller.me()
    assert (me.subject, list(me.permissions)) == (owner.name, ["contracts.read", "users.read"])


async def test_a_key_is_good_for_ninety_days_and_for_a_year_at_most(owner, refusal):
    made = (await owner.create_key("CONTRACTS_READ")).api_key
    lives = made.expire_time.ToDatetime() - made.create_time.ToDatetime()
    assert lives == timedelta(days=90)
    year = (await owner.create_key("CONTRACTS_READ", seconds=365 * 86400)).api_key
    assert year.expire_time.ToDatetime() - year.create_time.ToDatetime() == timedelta(days=365)
    for seconds in (365 * 86400 + 1, 59, -1):
        assert (
            await refusal(owner.create_key("CONTRACTS_READ", seconds=seconds))
        ).reason_name == "INVALID_FIELD"


async def test_a_token_does_not_outlive_its_key(mesh, owner):
    made = await owner.create_key("CONTRACTS_READ", seconds=120)
    pair = (await mesh.tokens.IssueToken(auth_service_pb2.IssueTokenRequest(api_key=made.key))).tokens
    claims = await mesh.claims(pair.access_token)
    assert claims["exp"] - claims["iat"] == pair.expires_in <= 120
    assert pair.refresh_token == ""


async def test_no_key_has_more_than_its_owner_has_now(mesh, owner, role):
    admin = await mesh.member(owner, role.ADMIN)
    made = await admin.create_key("CONTRACTS_READ", "CONTRACTS_DELETE")
    assert await perms(mesh, made.key) == ["contracts.read", "contracts.delete"]
    await owner.update_user(auth_pb2.User(name=admin.name, roles=[role.VIEWER]), "roles")
    assert await perms(mesh, made.key) == READS
    await owner.update_user(auth_pb2.User(name=admin.name, roles=[role.LEGAL]), "roles")
    assert await perms(mesh, made.key) == ["contracts.read", "contracts.delete"]


async def test_a_key_of_a_service_account(mesh, owner, refusal, role):
    account = (await owner.create_service_account(role.VIEWER)).service_account.name
    made = await owner.create_key("CONTRACTS_READ", owner=account)
    assert (await (await mesh.with_key(made.key)).me()).subject == account
    beyond = await refusal(owner.create_key("CONTRACTS_WRITE", owner=account))
    assert beyond.reason_name == "INVALID_FIELD"
    await mesh.directory.DeleteServiceAccount(
        directory_service_pb2.DeleteServiceAccountRequest(name=account), metadata=owner.metadata
    )
    assert (await refusal(mesh.with_key(made.key))).reason_name == "CREDENTIALS_INVALID"
    assert not (await listed(owner)).api_keys


async def test_nobody_makes_a_key_in_another_persons_name(mesh, owner, refusal, role):
    member, other = await mesh.member(owner, role.ADMIN), await mesh.register()
    for caller, target in ((member, owner), (owner, member)):
        refused = await refusal(caller.create_key("CONTRACTS_READ", owner=target.name))
        assert refused.reason_name == "PERMISSION_DENIED"
    for missing in (other.name, f"users/{uuid4()}", f"serviceAccounts/{uuid4()}", f"users/{'-' * 36}"):
        assert (await refusal(owner.create_key("CONTRACTS_READ", owner=missing))).reason_name == "NOT_FOUND"


async def test_scopes_are_declared_permissions_each_once(owner, refusal):
    for scopes in ([], ["UNSPECIFIED"], ["CONTRACTS_READ", "CONTRACTS_READ"]):
        assert (await refusal(owner.create_key(*scopes))).reason_name == "INVALID_FIELD"


async def test_every_refusal_is_alike(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.ADMIN)
    keys = {name: (await member.create_key("CONTRACTS_READ")) for name in ("revoked", "expired", "good")}
    await deleted(owner, keys["revoked"].api_key.name)
    await mesh.rows(
        "UPDATE api_keys SET expires_at = now() WHERE id = $1::text::uuid",
        keys["expired"].api_key.name.rpartition("/")[2],
    )
    good = KeyText.parse(keys["good"].key)
    texts = [
        keys["revoked"].key,
        keys["expired"].key,
        KeyText(good.org_id, good.id, bytes(32)).encoded(),
        KeyText(good.org_id, uuid4(), good.secret).encoded(),
        KeyText((await mesh.register()).org_id, good.id, good.secret).encoded(),
        "bloom_", "no key at all", keys["good"].key.lower(), keys["good"].key + "0",
    ]  # fmt: skip
    assert await mesh.with_key(keys["good"].key)
    await owner.update_user(auth_pb2.User(name=member.name, disabled=True), "disabled")
    texts.append(keys["good"].key)
    told = {(refused.reason_name, refused.message, str(refused.metadata)) for refused in
            [await refusal(mesh.with_key(text)) for text in texts]}  # fmt: skip
    assert told == {("CREDENTIALS_INVALID", "The API key is not valid.", "{}")}
    whys = [
        event["detail"]["why"]
        for event in await mesh.audited(owner.org_id)
        if event["action"] == "api_key.refused"
    ]
    assert whys == ["expired", "secret", "owner"]


async def test_a_typo_is_refused_without_a_query(mesh, owner, refusal):
    key = (await owner.create_key("CONTRACTS_READ")).key
    typos = [key[:place] + ("a" if key[place] != "a" else "b") + key[place + 1 :] for place in (6, 50, 97)]
    async with mesh.transaction() as connection:
        await connection.execute("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")
        for typo in typos:
            assert (await refusal(mesh.with_key(typo))).reason_name == "CREDENTIALS_INVALID"
        asked = asyncio.create_task(mesh.with_key(key))
        await mesh.waiting()
    assert await asked


@pytest.mark.parametrize(
    "given",
    [{}, {"client_id": "x"}, {"client_secret": "x"}, {"api_key": "x", "client_id": "x"},
     {"api_key": "x", "client_id": "x", "client_secret": "x"}],
)  # fmt: skip
async def test_one_kind_of_credentials_is_given(mesh, refusal, given):
    request = auth_service_pb2.IssueTokenRequest(**given)
    assert (await refusal(mesh.tokens.IssueToken(request))).reason_name == "INVALID_FIELD"


def test_the_text_is_found_by_scanners_and_comes_back():
    for key in (KeyText.new(uuid4(), uuid4()), KeyText(uuid4(), uuid4(), b"\xff" * 32)):
        assert re.fullmatch(r"bloom_[0-9A-Za-z]{92}", key.encoded())
        assert KeyText.parse(key.encoded()) == key
    for text in ("", "bloom_", "bloom_" + "z" * 92, "bloom_" + "0" * 92, "bloom_" + "é" * 92):
        assert KeyText.parse(text) is None


async def test_the_key_is_nowhere_but_in_the_answer(mesh, owner, refusal, caplog):
    with caplog.at_level(logging.DEBUG):
        made = await owner.create_key("CONTRACTS_READ", "APIKEYS_READ")
        caller = await mesh.with_key(made.key)
        assert await got(caller, made.api_key.name) == (await listed(caller)).api_keys[0]
        await deleted(owner, made.api_key.name)
        refused = await refusal(mesh.with_key(made.key))
    text = KeyText.parse(made.key)
    seen = str([vars(record) for record in caplog.records]) + refused.message + str(refused.metadata)
    for table in ("audit_events", "api_keys"):
        seen += str([dict(row) for row in await mesh.rows(f"SELECT * FROM {table}")])
    for secret in (made.key, made.key[-40:], str(text.secret), text.secret.hex(), caller.access_token):
        assert secret not in seen
        assert secret not in repr(text)


async def test_every_call_is_audited(mesh, owner):
    made = await owner.create_key("CONTRACTS_READ")
    await got(owner, made.api_key.name)
    await listed(owner)
    await mesh.with_key(made.key)
    await deleted(owner, made.api_key.name)
    events = (await mesh.audited(owner.org_id))[-5:]
    assert [event["action"] for event in events] == [
        f"api_key.{what}" for what in ("created", "read", "listed", "used", "deleted")
    ]
    assert {event["actor"] for event in events} == {owner.name}
    assert events[0]["detail"]["scopes"] == "contracts.read"


async def test_the_last_use_is_noted_once_a_minute(mesh, owner):
    made = await owner.create_key("CONTRACTS_READ")
    assert not made.api_key.HasField("last_use_time")
    await asyncio.gather(*(mesh.with_key(made.key) for _ in range(8)))
    first = (await got(owner, made.api_key.name)).last_use_time
    assert first.seconds
    assert (await mesh.actions(owner.org_id)).count("api_key.used") == 1
    await mesh.rows("UPDATE api_keys SET last_used_at = last_used_at - interval '1 minute'")
    await mesh.with_key(made.key)
    assert (await got(owner, made.api_key.name)).last_use_time.ToDatetime() > first.ToDatetime()
    assert (await mesh.actions(owner.org_id)).count("api_key.used") == 2


async def test_another_organizations_key_does_not_exist(mesh, owner, refusal):
    other, made = await mesh.register(), await owner.create_key("CONTRACTS_READ")
    for call in (got, deleted):
        foreign, missing = [
            await refusal(call(other, name)) for name in (made.api_key.name, f"apiKeys/{uuid4()}")
        ]
        assert foreign.reason_name == missing.reason_name == "NOT_FOUND"
    assert not (await listed(other)).api_keys
    assert await mesh.with_key(made.key)


async def test_the_list_goes_by_pages_newest_first(owner):
    made = [(await owner.create_key("CONTRACTS_READ")).api_key.name for _ in range(3)]
    first = await listed(owner, 2)
    second = await listed(owner, 2, first.next_page_token)
    assert [item.name for item in (*first.api_keys, *second.api_keys)] == made[::-1]
    assert second.next_page_token == ""


async def test_a_key_does_not_reach_beyond_its_scopes(mesh, owner, refusal, role):
    """Its owner may do all of this; the rows of the owner alone would allow it."""
    caller = await mesh.with_key(
        (await owner.create_key("USERS_WRITE", "SERVICEACCOUNTS_WRITE", "APIKEYS_WRITE", "ROLES_WRITE")).key
    )
    account = (await owner.create_service_account(role.ADMIN)).service_account.name
    for call in (
        caller.create_user(role.VIEWER),
        caller.create_service_account(role.ADMIN),
        caller.create_role("CONTRACTS_READ"),
        caller.create_key("CONTRACTS_READ"),
        caller.create_key("CONTRACTS_READ", owner=account),
    ):
        assert (await refusal(call)).reason_name == "PERMISSION_DENIED"
    assert await caller.create_role("USERS_WRITE")
    assert await caller.create_key("USERS_WRITE")


async def test_no_key_owns_an_organization(mesh, owner, refusal, role):
    second = await owner.create_user(role.OWNER)
    every = [permission_name(number) for number in roles.DECLARED if number not in roles.OWNERS_ALONE]
    made = await owner.create_key(*(name.upper().replace(".", "_") for name in every))
    caller = await mesh.with_key(made.key)
    disabled = auth_pb2.User(name=second.name, disabled=True)
    for call in (caller.create_user(role.OWNER), caller.update_user(disabled, "disabled")):
        assert (await refusal(call)).reason_name == "PERMISSION_DENIED"
    assert await caller.create_user(role.ADMIN)


async def test_a_revoked_keys_token_changes_nothing_any_more(mesh, owner, refusal, role):
    made = await owner.create_key("USERS_WRITE", "APIKEYS_WRITE", "ROLES_WRITE")
    caller = await mesh.with_key(made.key)
    assert await caller.me()
    await deleted(owner, made.api_key.name)
    for call in (caller.me(), caller.create_key("USERS_WRITE"), caller.create_role("USERS_WRITE")):
        assert (await refusal(call)).reason_name == "TOKEN_INVALID"


async def test_a_key_that_is_deleted_while_it_is_exchanged_gives_no_token(mesh, owner, refusal):
    made = await owner.create_key("CONTRACTS_READ")
    async with mesh.transaction() as connection:
        await connection.execute("DELETE FROM api_keys WHERE org_id = $1", owner.org_id)
        asked = asyncio.create_task(mesh.with_key(made.key))
        await mesh.waiting()
    assert (await refusal(asked)).reason_name == "CREDENTIALS_INVALID"


async def test_an_owner_who_is_disabled_while_his_key_is_exchanged_gets_no_token(mesh, owner, refusal):
    made = await owner.create_key("CONTRACTS_READ")
    async with mesh.transaction() as connection:
        await connection.execute("UPDATE users SET disabled = true WHERE org_id = $1", owner.org_id)
        asked = asyncio.create_task(mesh.with_key(made.key))
        await mesh.waiting()
    assert (await refusal(asked)).reason_name == "CREDENTIALS_INVALID"


async def test_whoever_deleted_a_key_knows_that_no_token_comes_after(mesh, owner):
    """The exchange holds the key until its token is signed: the delete waits for it."""
    made = await owner.create_key("CONTRACTS_READ")
    async with mesh.transaction() as connection:
        await connection.execute("SELECT FROM audit_heads WHERE org_id = $1 FOR UPDATE", owner.org_id)
        asked = asyncio.create_task(mesh.with_key(made.key))
        await mesh.waiting(1)
        gone = asyncio.create_task(deleted(owner, made.api_key.name))
        await mesh.waiting(2)
        waits = await mesh.rows(
            """SELECT query FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND datname = current_database() ORDER BY query"""
        )
        assert any(row["query"].startswith("DELETE FROM api_keys") for row in waits)
    assert await asked
    await gone
