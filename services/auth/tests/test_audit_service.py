"""The audit chain as its organization reads it, and the heads that the service signs."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import grpc
import pytest

from auth_service.auditing.signing import KeyringSigner
from auth_service.keys.keyring import Keyring
from auth_service.keys.wrapping import KeyWrap
from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc, auth_service_pb2
from service_runtime import audit
from service_runtime.audit_file import key_ids, signer, verify_file
from service_runtime.auditing import store
from service_runtime.auditing.heads import SignedHeads
from service_runtime.chain_file import BrokenChainError, Entry, Head, export_line, head_line
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres
from service_runtime.signed_head import Seal

HEADS = "SELECT * FROM audit_signed_heads WHERE org_id = $1 ORDER BY seq"


async def page(caller, **fields):
    stub = audit_service_pb2_grpc.AuditServiceStub(caller.mesh.channel)
    return await stub.ListAuditEvents(
        audit_service_pb2.ListAuditEventsRequest(**fields), metadata=caller.metadata
    )


async def exported(caller, after=0):
    """The lines of an export as they stand in a file."""
    stub = audit_service_pb2_grpc.AuditServiceStub(caller.mesh.channel)
    request, lines = audit_service_pb2.ExportAuditChainRequest(after_seq=after), []
    async for line in stub.ExportAuditChain(request, metadata=caller.metadata):
        if line.HasField("entry"):
            lines.append(export_line(Entry(line.entry.seq, line.entry.entry, line.entry.hash)))
        else:
            seal = Seal(line.head.signature, dict(line.head.key))
            lines.append(head_line(Head(line.head.seq, line.head.hash, seal)))
    return [line.encode() for line in lines]


def kept(row):
    """Who signed a row of the table, by nothing but the row."""
    return signer(Head(row["seq"], row["hash"].hex(), Seal(row["signature"], json.loads(row["key"]))))


async def published(mesh):
    return key_ids((await mesh.auth.GetJwks(auth_service_pb2.GetJwksRequest())).data)


@pytest.fixture
async def database(settings_of):
    postgres = await Postgres.connect(str(settings_of().database_url), size=8)
    yield postgres
    await postgres.close()


@pytest.fixture
async def heads(database, settings_of):
    keyring = await Keyring.open(database, KeyWrap(settings_of().jwt_secret))
    return SignedHeads(database, KeyringSigner(keyring))


async def test_events_are_listed_newest_first_page_by_page(owner, role):
    await owner.create_user(role.VIEWER)
    seen, token = [], ""
    while True:
        answer = await page(owner, page_size=2, page_token=token)
        seen += answer.audit_events
        if not (token := answer.next_page_token):
            break
    assert [(event.seq, event.action) for event in seen] == [
        (3, "user.created"), (2, "session.began"), (1, "organization.registered")
    ]  # fmt: skip
    assert seen[0].actor == owner.name
    assert dict(seen[0].detail) == {"roles": "VIEWER"}
    assert len(seen[0].hash) == 64


async def test_events_are_found_by_actor_action_resource_and_time(mesh, owner, role):
    member = await mesh.member(owner, role.ADMIN)

    async def found(**fields):
        return [event.seq for event in (await page(owner, **fields)).audit_events]

    assert await found(actor=member.name) == [4]
    assert await found(action="session.began") == [4, 2]
    assert await found(action="session.began", actor=owner.name) == [2]
    assert await found(action="session.") == [4, 2]
    assert await found(action="session") == []
    assert await found(resource=member.name) == [3]
    (event,) = (await page(owner, resource=member.name)).audit_events
    at = event.event_time.ToDatetime(tzinfo=UTC)
    assert await found(start_time=at) == [4, 3]
    assert await found(end_time=at) == [2, 1]
    assert await found(start_time=at, end_time=at + timedelta(microseconds=1)) == [3]


async def test_a_page_token_is_good_for_its_filter_only(owner, refusal):
    token = (await page(owner, page_size=1)).next_page_token
    refused = await refusal(page(owner, page_size=1, page_token=token, action="session.began"))
    assert refused.reason_name == "PAGE_TOKEN_INVALID"


async def test_a_time_that_no_calendar_has_is_refused(owner, refusal):
    refused = await refusal(page(owner, start_time={"seconds": 2**62}))
    assert refused.reason_name == "INVALID_FIELD"


async def test_only_who_may_read_the_audit_chain_reads_it(mesh, owner, role, refusal):
    for may_not in (role.LEGAL, role.FINANCE, role.VIEWER):
        member = await mesh.member(owner, may_not)
        for call in (page(member), exported(member)):
            assert (await refusal(call)).code is grpc.StatusCode.PERMISSION_DENIED
    admin = await mesh.member(owner, role.ADMIN)
    assert (await page(admin)).audit_events


async def test_an_organization_sees_its_own_chain_alone(mesh, owner, heads):
    stranger = await mesh.register()
    assert verify_file(await exported(owner))[1].org_id == str(owner.org_id)
    assert {event.actor for event in (await page(stranger)).audit_events} == {stranger.name}
    tally, signed = verify_file(await exported(stranger))
    assert (tally.org_id, signed.org_id) == (str(stranger.org_id),) * 2


async def test_rows_of_signed_heads_are_hidden_from_others_and_never_changed(owner, database, heads):
    await heads.signed(owner.org_id)
    async with database.unscoped() as connection:
        assert await connection.fetch("SELECT FROM audit_signed_heads") == []
    async with database.transaction(owner.org_id) as connection:
        assert len(await connection.fetch("SELECT FROM audit_signed_heads")) == 1
        for statement in ("UPDATE audit_signed_heads SET seq = 9", "DELETE FROM audit_signed_heads"):
            assert (await connection.execute(statement)).endswith(" 0")
    async with database.transaction(uuid4()) as connection:
        assert await connection.fetch("SELECT FROM audit_signed_heads") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await store.add_signed(
                connection, owner.org_id, Head(9, "00" * 32), Seal("x", {}), datetime.now(UTC)
            )


async def test_an_export_is_whole_signed_by_the_service_and_an_event_itself(mesh, owner):
    tally, signed = verify_file(await exported(owner))
    assert list(tally.actions) == ["organization.registered", "session.began", "audit.exported"]
    assert signed.kid in await published(mesh)
    row = (await mesh.rows(HEADS, owner.org_id))[-1]
    assert (kept(row).head, kept(row).kid) == (signed.head, signed.kid)
    assert sorted(json.loads(row["key"])) == ["crv", "kty", "x", "y"]


async def test_an_export_goes_on_from_a_place(owner):
    first = await exported(owner)
    more = await exported(owner, after=3)
    assert [json.loads(line).get("seq") for line in more[:-1]] == [4]
    older = verify_file(first)[1].head
    assert verify_file([*first[:-1], *more], older)[0].head.seq == 4


async def signed_until(mesh, org_id, seq):
    """All heads of the organization, when there is one of this place. They come from another task."""
    async with asyncio.timeout(10):
        while not (rows := await mesh.rows(HEADS, org_id)) or rows[-1]["seq"] < seq:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [kept(row) for row in rows]


async def test_heads_are_signed_on_a_timer_as_a_chain_grows(owner, mesh, heads):
    timer = asyncio.create_task(heads.keep(0.02))
    try:
        await signed_until(mesh, owner.org_id, 2)
        await mesh.login(owner.email)
        assert [item.head.seq for item in await signed_until(mesh, owner.org_id, 3)] == [2, 3]
    finally:
        timer.cancel()


async def test_heads_are_signed_when_a_chain_grew_and_across_restarts(start, database):
    often = {"audit_head_seconds": 0.05}
    async with start() as mesh:
        owner = await mesh.register()
        known = await published(mesh)
    async with start(**often) as mesh:
        first = await signed_until(mesh, owner.org_id, 2)
        owner = await mesh.login(owner.email)
    async with start(**often) as mesh, start(**often):
        both = await signed_until(mesh, owner.org_id, 3)
        assert [item.head.seq for item in both] == [2, 3]
        assert both[0] == first[0]
        assert {item.kid for item in both} <= known
        assert verify_file(await exported(await mesh.login(owner.email)), *(item.head for item in both))


async def test_a_head_is_signed_once_for_a_place(owner, mesh, heads, database):
    """By how many processes ever."""
    signed = await asyncio.gather(*(heads.signed(owner.org_id) for _ in range(8)))
    assert len({head.seal.signature for head in signed}) == 1
    assert len(await mesh.rows(HEADS, owner.org_id)) == 1


OLD_TEXT = "UPDATE audit_events SET event = replace(event, 'began', 'ended') WHERE org_id = $1 AND seq = 2"
TAMPERINGS = [
    "UPDATE audit_events SET event = replace(event, 'began', 'ended') WHERE org_id = $1 AND seq = 3",
    "UPDATE audit_events SET hash = sha256('') WHERE org_id = $1 AND seq = 3",
    "DELETE FROM audit_events WHERE org_id = $1 AND seq = 4",
    "DELETE FROM audit_events WHERE org_id = $1 AND seq = 3",
    "UPDATE audit_heads SET hash = sha256('') WHERE org_id = $1",
    "UPDATE audit_heads SET seq = seq + 1 WHERE org_id = $1",
]


@pytest.mark.parametrize("tampering", TAMPERINGS)
@pytest.mark.parametrize("signed_before", [False, True])
async def test_what_was_tampered_with_in_the_database_gets_no_signature(
    owner, mesh, heads, tampering, signed_before
):
    if signed_before:
        await heads.signed(owner.org_id)
    await mesh.login(owner.email)
    await mesh.login(owner.email)
    before = len(await mesh.rows(HEADS, owner.org_id))
    await mesh.rows(tampering, owner.org_id)
    with pytest.raises(BrokenChainError):
        await heads.signed(owner.org_id)
    await heads.sign_grown()
    assert len(await mesh.rows(HEADS, owner.org_id)) == before


async def test_an_old_text_that_was_changed_is_found_in_the_export(owner, mesh, heads):
    """What was signed once is not walked again by the service: the file proves it."""
    await heads.signed(owner.org_id)
    await mesh.rows(OLD_TEXT, owner.org_id)
    with pytest.raises(BrokenChainError, match="Record 2 was changed: its text is not the one"):
        verify_file(await exported(owner))


async def test_a_chain_that_was_written_anew_in_the_database_gets_no_signature(owner, mesh, heads, database):
    """All its hashes are right; only the head that was signed before is in the way."""
    await heads.signed(owner.org_id)
    for table in ("audit_events", "audit_heads"):
        await mesh.rows(f"DELETE FROM {table} WHERE org_id = $1", owner.org_id)
    for _ in range(4):
        async with database.transaction(owner.org_id) as connection:
            await audit.record(connection, Identity(org_id=owner.org_id), "session.began", "sessions/1")
    with pytest.raises(BrokenChainError, match="Record 2 is not the one whose hash was signed"):
        await heads.signed(owner.org_id)


async def test_a_broken_chain_does_not_keep_others_from_their_signature(mesh, heads, database):
    broken, sound = await mesh.register(), await mesh.register()
    await mesh.rows("UPDATE audit_heads SET seq = 9 WHERE org_id = $1", broken.org_id)
    await heads.sign_grown()
    assert not await mesh.rows(HEADS, broken.org_id)
    assert await mesh.rows(HEADS, sound.org_id)


async def test_two_hundred_writers_at_once_make_one_line(owner, database, heads):
    async def write(number):
        async with database.transaction(owner.org_id) as connection:
            await audit.record(
                connection, Identity(org_id=owner.org_id), "session.began", f"sessions/{number}"
            )

    await asyncio.gather(
        *(write(number) for number in range(200)), *(heads.signed(owner.org_id) for _ in range(5))
    )
    tally, _ = verify_file(await exported(owner))
    assert tally.head.seq == 203
    assert tally.actions["session.began"] == 201


async def test_a_refused_refresh_and_a_refused_client_are_events(mesh, owner, role, refusal):
    await mesh.logout(owner.refresh_token)
    await refusal(mesh.refresh(owner.refresh_token))
    made = await owner.create_service_account(role.VIEWER)
    wrong = made.client_secret[:-2] + ("BB" if made.client_secret.endswith("AA") else "AA")
    await refusal(mesh.issue(made.client_id, wrong))
    assert (await mesh.actions(owner.org_id))[-4:] == [
        "session.ended", "session.refresh_refused", "service_account.created", "service_account.refused"
    ]  # fmt: skip


async def test_a_token_that_never_was_fills_no_chain(mesh, owner, refusal):
    before = await mesh.actions(owner.org_id)
    forged = owner.refresh_token[:-8] + "AAAAAAAA"
    assert (await refusal(mesh.refresh(forged))).reason_name == "TOKEN_INVALID"
    assert await mesh.actions(owner.org_id) == before


async def test_a_signed_head_is_no_access_token(mesh, owner, heads, refusal):
    head = await heads.signed(owner.org_id)
    metadata = (("authorization", f"Bearer {head.seal.signature}"),)
    refused = await refusal(mesh.auth.GetMe(auth_service_pb2.GetMeRequest(), metadata=metadata))
    assert refused.reason_name == "TOKEN_INVALID"
