"""Keeping: deleted contracts had back, retention classes, legal holds, and what a purge leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from bloom.contracts.v1 import (
    contract_service_pb2,
    grid_service_pb2,
    keeping_service_pb2,
    record_service_pb2,
)
from contracts_service.documents.objects import Objects
from contracts_service.keeping.sweeping import Sweeper
from service_runtime.postgres import Postgres

from .calls import OWN, under
from .conftest import AGREEMENT, Caller, Service

DAY = timedelta(days=1)
ANCHOR, DISPOSAL = keeping_service_pb2.RetentionAnchor, keeping_service_pb2.Disposal


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sweeper(service: Service, clock: Clock) -> AsyncIterator[Sweeper]:
    postgres = await Postgres.connect(str(service.settings.database_url), size=3)
    yield Sweeper(postgres, Objects.open(service.settings.object_store_url), clock)
    await postgres.close()


@pytest.fixture
def who(service: Service) -> Caller:
    return service.someone()


async def contract(who: Caller, text: str = "") -> str:
    return str((await who.upload((text or f"{AGREEMENT}\nCopy {uuid4()}.").encode())).contract.name)


async def delete(who: Caller, name: str) -> Any:
    return await who.call("DeleteContract", contract_service_pb2.DeleteContractRequest(name=name))


async def undelete(who: Caller, name: str) -> Any:
    request = keeping_service_pb2.UndeleteContractRequest(name=name, reason="by mistake")
    return await who.call("UndeleteContract", request)


async def get(who: Caller, name: str) -> Any:
    return await who.call("GetContract", contract_service_pb2.GetContractRequest(name=name))


async def deleted(who: Caller, **fields: Any) -> Any:
    return await who.call("ListDeletedContracts", keeping_service_pb2.ListDeletedContractsRequest(**fields))


async def retained(who: Caller, name: str, **fields: Any) -> Any:
    made = await retention_class(who, **fields)
    request = keeping_service_pb2.RetainContractRequest(name=name, retention_class=made.name, reason="tax")
    return await who.call("RetainContract", request)


async def retention_class(
    who: Caller, years: int = 7, anchor: str = "IMPORTED", disposal: str = "REVIEW"
) -> Any:
    new = keeping_service_pb2.RetentionClass(
        display_name="Tax papers", years=years,
        anchor=ANCHOR.Value(f"RETENTION_ANCHOR_{anchor}"), disposal=DISPOSAL.Value(f"DISPOSAL_{disposal}"),
    )  # fmt: skip
    request = keeping_service_pb2.CreateRetentionClassRequest(retention_class=new)
    return await who.call("CreateRetentionClass", request)


async def hold(who: Caller, *names: str) -> str:
    asked = keeping_service_pb2.CreateHoldRequest(
        hold=keeping_service_pb2.Hold(display_name="Smith v. Bloom")
    )
    made = await who.call("CreateHold", asked)
    if names:
        request = keeping_service_pb2.PlaceHoldRequest(
            name=made.name, contracts=names, reason="letter of May 5"
        )
        await who.call("PlaceHold", request)
    return str(made.name)


async def lift(who: Caller, hold_name: str, *names: str) -> Any:
    request = keeping_service_pb2.LiftHoldRequest(name=hold_name, contracts=names, reason="settled")
    return await who.call("LiftHold", request)


async def correct(who: Caller, name: str, field: str, value: str, unit: str) -> None:
    request = grid_service_pb2.CorrectCellRequest(
        name=f"{name}/fields/{field}", value=value, unit=unit, reason="read by me"
    )
    await who.call("CorrectCell", request)


async def swept(sweeper: Sweeper, clock: Clock, days: int) -> None:
    clock.ahead = days * DAY
    await sweeper.sweep()


async def rows_about(databases: Any, *ids: UUID) -> dict[str, int]:
    """In every table of the service, rows with one of the ids in any column of ids."""
    connection = await asyncpg.connect(databases.owner("contracts"))
    try:
        columns = await connection.fetch(
            """SELECT table_name, column_name FROM information_schema.columns
               WHERE table_schema = 'public' AND udt_name = 'uuid' AND column_name <> 'org_id'"""
        )
        found = {}
        for table, column in columns:
            await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            count = await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE {column} = ANY($1)", list(ids)
            )
            protected = await connection.fetchval(
                "SELECT relrowsecurity FROM pg_class WHERE relname = $1 AND relkind = 'r'", table
            )
            if protected and table != "page_words":
                await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            if count:
                found[f"{table}.{column}"] = count
        return found
    finally:
        await connection.close()


async def test_a_deleted_contract_is_had_back_as_it_was(who, refusal_of):
    name = await contract(who)
    await correct(who, name, "term_years", "15", "years")
    await delete(who, name)
    assert (await refusal_of(get(who, name)))[1] == "NOT_FOUND"
    (told,) = (await deleted(who)).deleted_contracts
    assert told.contract == name
    assert told.purge_time.ToDatetime() - told.delete_time.ToDatetime() == 30 * DAY
    back = await undelete(who, name)
    assert (back.name, back.document.filename) == (name, "agreement.txt")
    assert not (await deleted(who)).deleted_contracts
    cell = await who.call("GetCell", grid_service_pb2.GetCellRequest(name=f"{name}/fields/term_years"))
    assert cell.cell.value == "15"
    kinds = record_service_pb2.RevisionKind
    revisions = await who.call("ListRevisions", record_service_pb2.ListRevisionsRequest(parent=name))
    assert [kinds.Name(one.kind) for one in revisions.revisions[:2]] == [
        "REVISION_KIND_RESTORED", "REVISION_KIND_DELETED"
    ]  # fmt: skip
    assert (await undelete(who, name)).name == name


async def test_deleted_ones_by_pages_latest_first_and_only_those_that_may_be_seen(service, who):
    names = [await contract(who) for _ in range(3)]
    for name in names:
        await delete(who, name)
    first = await deleted(who, page_size=2)
    second = await deleted(who, page_size=2, page_token=first.next_page_token)
    told = [one.contract for page in (first, second) for one in page.deleted_contracts]
    assert told == names[::-1]
    assert not (await deleted(under(service, who.org, OWN))).deleted_contracts


async def test_a_contract_whose_file_came_in_again_is_not_had_back(who, refusal_of):
    text = f"{AGREEMENT}\nCopy {uuid4()}."
    name = await contract(who, text)
    await delete(who, name)
    again = await contract(who, text)
    assert again != name
    assert (await refusal_of(undelete(who, name)))[1] == "ALREADY_EXISTS"


async def test_after_thirty_days_nothing_of_it_is_left(service, who, sweeper, clock, databases, refusal_of):
    name = await contract(who)
    async with service.working():
        await who.finished((await who.analyze(name)).name)
    await correct(who, name, "term_years", "15", "years")
    document = UUID((await get(who, name)).document.name.rpartition("/")[2])
    await delete(who, name)
    await swept(sweeper, clock, 29)
    assert (await deleted(who)).deleted_contracts
    files = [path for path in service.objects_folder.rglob("*") if path.is_file()]
    assert len(files) == 1
    await swept(sweeper, clock, 31)
    assert not (await deleted(who)).deleted_contracts
    assert (await refusal_of(undelete(who, name)))[1] == "NOT_FOUND"
    assert await rows_about(databases, UUID(name.rpartition("/")[2]), document) == {}
    assert files[0].exists()
    await swept(sweeper, clock, 33)
    assert not files[0].exists()


async def test_kept_answers_are_forgotten_after_a_day(who, sweeper, databases):
    """The database itself lets none go that is younger."""
    old, young = [f"{uuid4()}" for _ in range(2)]
    for request_id in (old, young):
        request = record_service_pb2.CreateContractRequest(contract={"label": "x"}, request_id=request_id)
        await who.call("CreateContract", request)
    owner = await asyncpg.connect(databases.owner("contracts"))
    await owner.execute("SELECT set_config('app.org_id', $1, false)", str(who.org))
    await owner.execute(
        "UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE request_id = $1", old
    )
    await sweeper.sweep()
    left = await owner.fetch("SELECT request_id FROM idempotency WHERE org_id = $1", who.org)
    await owner.close()
    assert [row["request_id"] for row in left] == [young]


async def test_a_file_that_came_in_again_stays(service, who, sweeper, clock):
    text = f"{AGREEMENT}\nCopy {uuid4()}."
    await delete(who, await contract(who, text))
    await swept(sweeper, clock, 31)
    again = await contract(who, text)
    await swept(sweeper, clock, 33)
    pieces = who.stub().DownloadDocument(
        contract_service_pb2.DownloadDocumentRequest(name=again), metadata=who.metadata
    )
    assert b"".join([piece.data async for piece in pieces]).decode() == text


async def test_a_document_that_another_contract_had_stays(who, sweeper, clock):
    text = f"{AGREEMENT}\nCopy {uuid4()}."
    first = await contract(who, text)
    await delete(who, first)
    second = await contract(who, text)
    await swept(sweeper, clock, 31)
    pages = await who.call("ListPages", contract_service_pb2.ListPagesRequest(parent=second))
    assert pages.pages[0].text.startswith("ENERGY")


# Retention


async def test_a_class_keeps_its_contracts_until_their_day(who, refusal_of):
    name = await contract(who)
    kept = await retained(who, name, years=7)
    assert kept.retained_until.year == datetime.now(UTC).year + 7
    assert (await refusal_of(delete(who, name)))[1] == "RETENTION"
    await who.call(
        "RetainContract", keeping_service_pb2.RetainContractRequest(name=name, reason="no tax paper")
    )
    await delete(who, name)


async def test_a_class_of_no_years_keeps_nothing(who):
    name = await contract(who)
    await retained(who, name, years=0)
    await delete(who, name)


async def test_while_nobody_knows_when_it_expires_it_is_kept(who, refusal_of):
    name = await contract(who)
    kept = await retained(who, name, years=1, anchor="EXPIRATION")
    assert kept.day_unknown
    assert (await refusal_of(delete(who, name)))[1] == "RETENTION"
    await correct(who, name, "expiration_date", "2020-02-29", "date")
    kept = await who.call("GetKeeping", keeping_service_pb2.GetKeepingRequest(name=f"{name}/keeping"))
    told = kept.retained_until
    assert (told.year, told.month, told.day, kept.day_unknown) == (2021, 3, 1, False)
    await delete(who, name)


async def test_what_its_class_lets_go_is_deleted_and_can_be_had_back(who, sweeper, clock):
    going, held, reviewed = [await contract(who) for _ in range(3)]
    await retained(who, going, years=1, disposal="DELETE")
    await retained(who, held, years=1, disposal="DELETE")
    await retained(who, reviewed, years=1, disposal="REVIEW")
    await hold(who, held)
    await swept(sweeper, clock, 364)
    assert not (await deleted(who)).deleted_contracts
    await swept(sweeper, clock, 367)
    (told,) = (await deleted(who)).deleted_contracts
    assert (told.contract, told.deleter) == (going, "workloads/contracts")
    await get(who, held)
    await get(who, reviewed)


async def test_a_class_that_contracts_have_is_not_deleted_and_changes_for_all(who, refusal_of):
    name = await contract(who)
    made = await retained(who, name, years=7)
    request = keeping_service_pb2.DeleteRetentionClassRequest(name=made.retention_class)
    assert (await refusal_of(who.call("DeleteRetentionClass", request)))[1] == "STATE_FORBIDS"
    shorter = keeping_service_pb2.RetentionClass(name=made.retention_class, etag='"1"', years=2)
    changed = await who.call(
        "UpdateRetentionClass", keeping_service_pb2.UpdateRetentionClassRequest(retention_class=shorter)
    )
    assert (changed.years, changed.display_name) == (2, "Tax papers")
    stale = keeping_service_pb2.UpdateRetentionClassRequest(retention_class=shorter)
    assert (await refusal_of(who.call("UpdateRetentionClass", stale)))[1] == "ETAG_MISMATCH"
    kept = await who.call("GetKeeping", keeping_service_pb2.GetKeepingRequest(name=f"{name}/keeping"))
    assert kept.retained_until.year == datetime.now(UTC).year + 2
    await who.call("RetainContract", keeping_service_pb2.RetainContractRequest(name=name, reason="none"))
    await who.call("DeleteRetentionClass", request)
    listed = await who.call("ListRetentionClasses", keeping_service_pb2.ListRetentionClassesRequest())
    assert not listed.retention_classes


async def test_who_may_keep_some_contracts_changes_no_class(service, who, refusal_of):
    colleague = under(service, who.org, OWN)
    assert (await refusal_of(retention_class(colleague)))[1] == "CONDITION_FORBIDS"
    made = await retention_class(who)
    request = keeping_service_pb2.UpdateRetentionClassRequest(
        retention_class=keeping_service_pb2.RetentionClass(name=made.name, years=0)
    )
    assert (await refusal_of(colleague.call("UpdateRetentionClass", request)))[1] == "CONDITION_FORBIDS"


# Holds


async def test_a_hold_wins_over_everything(who, sweeper, clock, refusal_of):
    name = await contract(who)
    first, second = await hold(who, name), await hold(who, name)
    assert (await refusal_of(delete(who, name)))[1] == "LEGAL_HOLD"
    await lift(who, first, name)
    assert (await refusal_of(delete(who, name)))[1] == "LEGAL_HOLD"
    await lift(who, second, name)
    await delete(who, name)
    # Held in the bin, it is not purged, however long ago it was deleted.
    third = await hold(who, name)
    assert not (await deleted(who)).deleted_contracts[0].HasField("purge_time")
    await swept(sweeper, clock, 400)
    assert (await undelete(who, name)).name == name
    kept = await who.call("GetKeeping", keeping_service_pb2.GetKeepingRequest(name=f"{name}/keeping"))
    assert [(one.hold, bool(one.lifter)) for one in kept.holds] == [
        (third, False), (second, True), (first, True)
    ]  # fmt: skip


async def test_a_hold_is_placed_on_all_or_on_none(who, refusal_of):
    name = await contract(who)
    matter = await hold(who)
    request = keeping_service_pb2.PlaceHoldRequest(
        name=matter, contracts=[name, f"contracts/{uuid4()}"], reason="x"
    )
    assert (await refusal_of(who.call("PlaceHold", request)))[1] == "NOT_FOUND"
    (told,) = (await who.call("ListHolds", keeping_service_pb2.ListHoldsRequest())).holds
    assert (told.name, told.contract_count) == (matter, 0)
    await who.call(
        "PlaceHold", keeping_service_pb2.PlaceHoldRequest(name=matter, contracts=[name], reason="x")
    )
    again = keeping_service_pb2.PlaceHoldRequest(name=matter, contracts=[name], reason="x")
    assert (await who.call("PlaceHold", again)).contract_count == 1
    await lift(who, matter, name)
    assert (await who.call("PlaceHold", again)).contract_count == 1


async def test_a_purge_and_a_hold_at_once_lose_nothing(who, sweeper, clock):
    """Whichever comes first: a hold that was placed still has its contract."""
    for _ in range(5):
        name = await contract(who)
        await delete(who, name)
        clock.ahead = 31 * DAY
        placed, _ = await asyncio.gather(hold(who, name), sweeper.sweep(), return_exceptions=True)
        there = any(one.contract == name for one in (await deleted(who)).deleted_contracts)
        assert there != isinstance(placed, Exception)
