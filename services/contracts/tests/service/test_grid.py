"""The grid: what holds for each field, what people say of it, pages both ways, column sets, files."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import xml.etree.ElementTree as ET
import zipfile
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import pytest
from grpc_status import rpc_status

from bloom.contracts.v1 import (
    contract_pb2,
    contract_service_pb2,
    grid_service_pb2,
    saved_view_service_pb2,
)
from contracts_service.fields import FIELDS
from service_runtime.errors import from_status

from .conftest import AGREEMENT, TRUTH, Caller, Service, group_answer

ACCEPTED, CORRECTED, REJECTED, OPEN = (
    grid_service_pb2.REVIEW_STATE_ACCEPTED,
    grid_service_pb2.REVIEW_STATE_CORRECTED,
    grid_service_pb2.REVIEW_STATE_REJECTED,
    grid_service_pb2.REVIEW_STATE_OPEN,
)
VERIFIED, ABSENT = contract_pb2.VALUE_STATUS_VERIFIED, contract_pb2.VALUE_STATUS_ABSENT


async def analyzed(who: Caller, name: str, **fields: object) -> str:
    await who.finished((await who.analyze(name, **fields)).name)
    return name


async def read(service: Service, who: Caller, count: int = 1) -> list[str]:
    names = [
        (await who.upload(f"{AGREEMENT}\nCopy {uuid4()}.".encode(), label=f"Copy {number}")).contract.name
        for number in range(count)
    ]
    async with service.working():
        for name in names:
            await analyzed(who, name)
    return names


async def grid(who: Caller, **fields: Any) -> grid_service_pb2.QueryGridResponse:
    return await who.call("QueryGrid", grid_service_pb2.QueryGridRequest(**fields))


async def detail(who: Caller, name: str, field: str) -> grid_service_pb2.CellDetail:
    return await who.call("GetCell", grid_service_pb2.GetCellRequest(name=f"{name}/fields/{field}"))


async def say(who: Caller, method: str, name: str, field: str, **fields: str) -> grid_service_pb2.Cell:
    request = getattr(grid_service_pb2, f"{method}CellRequest")(name=f"{name}/fields/{field}", **fields)
    return await who.call(f"{method}Cell", request)


async def export(who: Caller, name: str, **fields: Any) -> bytes:
    form = grid_service_pb2.GridFormat.Value(f"GRID_FORMAT_{name}")
    request = grid_service_pb2.ExportGridRequest(format=form, **fields)
    pieces = who.method("ExportGrid")(request, metadata=who.metadata, timeout=60)
    return b"".join([piece.data async for piece in pieces])


async def test_a_cell_has_value_status_and_evidence(service):
    who = service.someone()
    (name,) = await read(service, who)
    shown = await grid(who, fields=["term_years", "capacity_price", "expiration_date"])
    (row,) = shown.rows
    term, price, expiration = row.cells
    assert (list(shown.fields), row.contract) == (["term_years", "capacity_price", "expiration_date"], name)
    assert (term.value, term.unit, term.status, term.review) == ("15", "years", VERIFIED, OPEN)
    assert term.evidence.page == 1
    assert "fifteen (15) years" in term.evidence.quote
    assert (expiration.status, expiration.value) == (ABSENT, "")
    assert price.name == f"{name}/fields/capacity_price"


async def test_a_contract_that_nobody_has_read_has_empty_cells(service):
    who = service.someone()
    await who.upload(AGREEMENT.encode())
    (row,) = (await grid(who, fields=["term_years"])).rows
    assert (row.cells[0].status, row.cells[0].value, row.cells[0].etag) == (0, "", '"0"')


async def test_pages_of_contracts_and_of_fields(service):
    who = service.someone()
    names = [(await who.upload(f"{AGREEMENT}{number}".encode())).contract.name for number in range(5)]
    first = await grid(who, page_size=3, field_page_size=7)
    assert [row.contract for row in first.rows] == names[:1:-1]
    assert list(first.fields) == list(FIELDS)[:7]
    assert all(len(row.cells) == 7 for row in first.rows)
    right = await grid(who, page_size=3, field_page_size=7, field_page_token=first.next_field_page_token)
    assert list(right.fields) == list(FIELDS)[7:14]
    below = await grid(who, page_size=3, page_token=first.next_page_token)
    assert [row.contract for row in below.rows] == names[1::-1]
    assert below.next_page_token == ""
    shown, token = [], ""
    while token or not shown:
        page = await grid(who, field_page_size=20, field_page_token=token)
        shown, token = [*shown, *page.fields], page.next_field_page_token
    assert shown == list(FIELDS)


async def test_a_token_is_for_the_same_question(service, refusal_of):
    who = service.someone()
    for number in range(2):
        await who.upload(f"{AGREEMENT}{number}".encode())
    token = (await grid(who, page_size=1)).next_page_token
    other = grid(who, page_size=1, page_token=token, fields=["term_years"])
    assert await refusal_of(other) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")
    assert (await refusal_of(grid(who, fields=["nothing"])))[1] == "INVALID_FIELD"
    assert (await refusal_of(grid(who, filter="nothing = 1")))[1] == "FILTER_INVALID"


async def test_only_contracts_with_such_cells(service):
    who = service.someone()
    unread = (await who.upload(f"{AGREEMENT} unread".encode())).contract.name
    (name,) = await read(service, who)
    for status, expected in ((VERIFIED, [name]), (ABSENT, [])):
        rows = (await grid(who, fields=["term_years"], statuses=[status])).rows
        assert [row.contract for row in rows] == expected
    await say(who, "Reject", name, "term_years", reason="another agreement's")
    assert [row.contract for row in (await grid(who, reviews=[REJECTED])).rows] == [name]
    assert (await grid(who, fields=["governing_law"], reviews=[REJECTED])).rows == []
    assert {row.contract for row in (await grid(who)).rows} == {name, unread}


async def test_a_correction_stands_beside_what_was_read(service):
    who = service.someone()
    (name,) = await read(service, who)
    cell = await say(
        who, "Correct", name, "term_years", value="16", unit="years", reason="side letter of May 4"
    )
    assert (cell.value, cell.review, cell.status) == ("16", CORRECTED, VERIFIED)
    assert cell.method == contract_pb2.VALUE_METHOD_HUMAN
    assert cell.review_reason == "side letter of May 4"
    told = await detail(who, name, "term_years")
    assert [value.value for value in told.values] == ["15"]
    (review,) = told.reviews
    assert (review.value, review.read_value, review.read_status) == ("16", "15", VERIFIED)
    assert review.reviewer == cell.reviewer != ""


async def test_a_correction_survives_another_reading_and_says_when_that_differs(service, claude):
    who = service.someone()
    (name,) = await read(service, who)
    await say(who, "Correct", name, "term_years", value="16", unit="years", reason="side letter")
    async with service.working():
        await analyzed(who, name, anew=True)
    assert not (await detail(who, name, "term_years")).cell.outdated
    silent = {field: claim for field, claim in TRUTH.items() if field != "term_years"}
    claude.answer = lambda group: group_answer(group, silent)
    async with service.working():
        await analyzed(who, name, anew=True)
    cell = (await detail(who, name, "term_years")).cell
    assert (cell.value, cell.review, cell.outdated) == ("16", CORRECTED, True)
    reopened = await say(who, "Reopen", name, "term_years")
    assert (reopened.value, reopened.status, reopened.review, reopened.outdated) == ("", ABSENT, OPEN, False)


async def test_a_stale_correction_is_refused(service, refusal_of):
    who = service.someone()
    (name,) = await read(service, who)
    etag = (await detail(who, name, "term_years")).cell.etag
    first = await say(who, "Correct", name, "term_years", value="16", unit="years", reason="x", etag=etag)
    late = say(who, "Correct", name, "term_years", value="17", unit="years", reason="y", etag=etag)
    assert await refusal_of(late) == ("ABORTED", "ETAG_MISMATCH")
    assert first.etag == (await detail(who, name, "term_years")).cell.etag


async def test_of_two_corrections_at_once_with_one_etag_one_wins(service):
    who = service.someone()
    (name,) = await read(service, who)
    etag = (await detail(who, name, "term_years")).cell.etag
    calls = [
        say(who, "Correct", name, "term_years", value=str(years), unit="years", reason="x", etag=etag)
        for years in range(5, 15)
    ]
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, grid_service_pb2.Cell) for one in ended) == 1
    assert len((await detail(who, name, "term_years")).reviews) == 1


@pytest.mark.parametrize(
    ("field", "value", "unit"),
    [
        ("term_years", "fifteen", "years"),
        ("term_years", "15", "months"),
        ("agreement_date", "2025-02-30", "date"),
        ("energy_price", "0.12", "USD/kW-year"),
        ("energy_price", "1e3", "USD/kWh"),
        ("solution_type", "GAS", "enum"),
        ("governing_law", "Atlantis", "jurisdiction"),
    ],
)
async def test_a_correction_has_the_fields_own_form(service, field, value, unit):
    who = service.someone()
    name = (await who.upload(AGREEMENT.encode())).contract.name
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await say(who, "Correct", name, field, value=value, unit=unit, reason="x")
    refusal = from_status(rpc_status.from_call(failed.value))
    assert refusal.reason_name == "INVALID_FIELD"
    # It says what the field takes.
    assert FIELDS[field].units[0] in refusal.message


async def test_of_several_values_the_accepted_one_is_named(service, claude, refusal_of):
    def two(group: str) -> str:
        answer = json.loads(group_answer(group, TRUTH))
        for one in answer["answers"]:
            if one["field"] == "term_years":
                one["findings"].append(one["findings"][0] | {"value": "90"})
        return json.dumps(answer)

    claude.answer = two
    who = service.someone()
    (name,) = await read(service, who)
    cell = (await detail(who, name, "term_years")).cell
    assert cell.value_count == 2
    assert (await refusal_of(say(who, "Accept", name, "term_years")))[1] == "INVALID_FIELD"
    assert (await refusal_of(say(who, "Accept", name, "term_years", value="7", unit="years")))[
        1
    ] == "INVALID_FIELD"
    accepted = await say(who, "Accept", name, "term_years", value="15", unit="years")
    assert (accepted.value, accepted.review) == ("15", ACCEPTED)
    assert accepted.method != contract_pb2.VALUE_METHOD_HUMAN


async def test_an_absence_can_be_accepted_and_nothing_cannot(service, refusal_of):
    who = service.someone()
    (name,) = await read(service, who)
    cell = await say(who, "Accept", name, "expiration_date")
    assert (cell.status, cell.value, cell.review) == (ABSENT, "", ACCEPTED)
    unread = (await who.upload(f"{AGREEMENT}!".encode())).contract.name
    for method in ("Accept", "Reopen"):
        refused = await refusal_of(say(who, method, unread, "term_years"))
        assert refused == ("FAILED_PRECONDITION", "STATE_FORBIDS")
    assert (await refusal_of(say(who, "Accept", unread, "nothing")))[1] == "NOT_FOUND"


async def test_who_may_not_review_only_looks(service, refusal_of):
    who = service.someone()
    (name,) = await read(service, who)
    reader = service.someone(who.org, ("contracts.read", "contracts.write"))
    assert (await detail(reader, name, "term_years")).cell.value == "15"
    for method, fields in (
        ("Accept", {}),
        ("Correct", {"value": "16", "unit": "years", "reason": "x"}),
        ("Reject", {"reason": "x"}),
        ("Reopen", {}),
    ):
        refused = await refusal_of(say(reader, method, name, "term_years", **fields))
        assert refused == ("PERMISSION_DENIED", "PERMISSION_DENIED")


async def test_reviews_are_revisions_and_audited(service, databases):
    who = service.someone()
    (name,) = await read(service, who)
    await say(who, "Accept", name, "term_years")
    request = contract_service_pb2.GetContractRequest(name=name)
    assert (await who.call("GetContract", request)).revision == 3
    connection = await asyncpg.connect(databases.app("contracts"))
    await connection.execute(f"SELECT set_config('app.org_id', '{who.org}', false)")
    rows = await connection.fetch("SELECT event::jsonb ->> 'action' AS action FROM audit_events ORDER BY seq")
    await connection.close()
    assert [row["action"] for row in rows][-2:] == ["contract.analyzed", "cell.accepted"]


async def column_set(
    who: Caller, name: str = "Terms", shared: bool = False
) -> saved_view_service_pb2.ColumnSet:
    new = {"display_name": name, "fields": ["term_years", "governing_law"], "shared": shared}
    return await who.call("CreateColumnSet", saved_view_service_pb2.CreateColumnSetRequest(column_set=new))


async def sets(who: Caller, **fields: Any) -> list[str]:
    answer = await who.call("ListColumnSets", saved_view_service_pb2.ListColumnSetsRequest(**fields))
    return [one.display_name for one in answer.column_sets]


async def test_column_sets_are_ones_own_unless_shared(service, refusal_of):
    who = service.someone()
    other = service.someone(who.org)
    mine, ours = await column_set(who), await column_set(who, "All of us", shared=True)
    assert (await sets(who), await sets(other)) == (["All of us", "Terms"], ["All of us"])
    assert list((await grid(other, column_set=ours.name)).fields) == ["term_years", "governing_law"]
    assert (await refusal_of(grid(other, column_set=mine.name)))[1] == "NOT_FOUND"
    change = {"name": ours.name, "display_name": "Mine now"}
    update = other.call("UpdateColumnSet", saved_view_service_pb2.UpdateColumnSetRequest(column_set=change))
    assert (await refusal_of(update))[1] == "PERMISSION_DENIED"
    stranger = service.someone()
    assert (await refusal_of(grid(stranger, column_set=ours.name)))[1] == "NOT_FOUND"


async def test_a_column_set_is_changed_and_deleted(service, refusal_of):
    who = service.someone()
    made = await column_set(who)
    change = {"name": made.name, "fields": ["capacity"], "etag": made.etag}
    changed = await who.call(
        "UpdateColumnSet", saved_view_service_pb2.UpdateColumnSetRequest(column_set=change)
    )
    assert (list(changed.fields), changed.display_name) == (["capacity"], "Terms")
    stale = who.call("UpdateColumnSet", saved_view_service_pb2.UpdateColumnSetRequest(column_set=change))
    assert (await refusal_of(stale))[1] == "ETAG_MISMATCH"
    unknown = {"name": made.name, "fields": ["nothing"]}
    bad = who.call("UpdateColumnSet", saved_view_service_pb2.UpdateColumnSetRequest(column_set=unknown))
    assert (await refusal_of(bad))[1] == "INVALID_FIELD"
    await who.call("DeleteColumnSet", saved_view_service_pb2.DeleteColumnSetRequest(name=made.name))
    assert await sets(who) == []


async def test_column_sets_come_in_pages(service):
    who = service.someone()
    for name in ("a", "b", "c"):
        await column_set(who, name)
    request = saved_view_service_pb2.ListColumnSetsRequest(page_size=2)
    first = await who.call("ListColumnSets", request)
    assert [one.display_name for one in first.column_sets] == ["a", "b"]
    assert await sets(who, page_size=2, page_token=first.next_page_token) == ["c"]


async def test_files_have_every_row_and_its_evidence(service):
    who = service.someone()
    names = await read(service, who, 2)
    await say(who, "Correct", names[0], "term_years", value="16", unit="years", reason="side letter")
    fields = ["term_years", "governing_law"]
    lines = list(csv.DictReader(io.StringIO((await export(who, "CSV", fields=fields)).decode("utf-8-sig"))))
    assert [line["contract"] for line in lines] == names[::-1]
    assert [line["term_years"] for line in lines] == ["15", "16"]
    assert lines[1]["term_years review"] == "CORRECTED"
    assert "fifteen (15) years" in lines[0]["term_years quote"]
    tree = json.loads(await export(who, "JSON", fields=fields))
    assert [one["cells"]["term_years"]["value"] for one in tree] == ["15", "16"]
    assert tree[0]["cells"]["governing_law"]["evidence"]["document"].startswith("documents/")
    assert tree[1]["cells"]["term_years"]["review_reason"] == "side letter"


async def test_a_spreadsheet_opens(service):
    who = service.someone()
    await read(service, who)
    book = zipfile.ZipFile(io.BytesIO(await export(who, "XLSX", fields=["term_years"])))
    sheets = [ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")) for number in (1, 2)]
    texts = ["".join(sheet.itertext()) for sheet in sheets]
    assert "15 years" in texts[0]
    assert "fifteen (15) years" in texts[1]


async def test_an_empty_grid_is_a_sound_file(service):
    who = service.someone()
    assert json.loads(await export(who, "JSON")) == []
    assert len((await export(who, "CSV")).decode("utf-8-sig").splitlines()) == 1
    assert zipfile.ZipFile(io.BytesIO(await export(who, "XLSX"))).testzip() is None


@pytest.mark.parametrize("label", ["=1+1", "+49", "-x", "@SUM(A1)", "\t=1"])
async def test_no_cell_of_a_file_is_a_formula(service, label):
    who = service.someone()
    name = (await who.upload(AGREEMENT.encode(), label=label.strip())).contract.name
    await say(who, "Correct", name, "title", value=f"{label} Agreement", unit="text", reason="x")
    (line,) = csv.DictReader(io.StringIO((await export(who, "CSV", fields=["title"])).decode("utf-8-sig")))
    assert line["label"].startswith("'")
    assert not line["title"].startswith(("=", "+", "-", "@", "\t"))
    book = zipfile.ZipFile(io.BytesIO(await export(who, "XLSX", fields=["title"])))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


async def test_the_fields_are_listed(service):
    listed = await service.someone().call("ListFields", grid_service_pb2.ListFieldsRequest())
    assert [one.field for one in listed.fields] == list(FIELDS)
    solution = next(one for one in listed.fields if one.field == "solution_type")
    assert "PP_BATTERY" in solution.choices
