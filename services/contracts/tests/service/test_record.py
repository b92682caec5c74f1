"""The record: drafts, terms and their sources, rules, revisions, files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import pytest
from google.protobuf import field_mask_pb2
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from bloom.contracts.v1 import (
    contract_pb2,
    contract_service_pb2,
    life_service_pb2,
    record_pb2,
    record_service_pb2,
)
from service_runtime.errors import from_status

from .conftest import AGREEMENT, Caller

PARTIES = [
    {"legal_name": "Lakeside Hospital Trust", "role": "PARTY_ROLE_BUYER"},
    {"legal_name": "Bloom Energy Corporation", "role": "PARTY_ROLE_SELLER"},
]


async def draft(who: Caller, **fields: Any) -> contract_pb2.Contract:
    contract = contract_pb2.Contract(**{"label": "Lakeside ESA", **fields})
    return await who.call("CreateContract", record_service_pb2.CreateContractRequest(contract=contract))


async def record_of(who: Caller, name: str) -> record_service_pb2.Record:
    return await who.call("GetRecord", record_service_pb2.GetRecordRequest(name=f"{name}/record"))


async def write(who: Caller, name: str, terms: Any, *mask: str, **fields: Any) -> record_service_pb2.Record:
    record = record_service_pb2.Record(name=f"{name}/record", etag=fields.pop("etag", ""))
    record.terms.CopyFrom(
        terms if isinstance(terms, record_pb2.ContractTerms) else record_pb2.ContractTerms(**terms)
    )
    request = record_service_pb2.UpdateRecordRequest(
        record=record, update_mask=field_mask_pb2.FieldMask(paths=mask), **fields
    )
    return await who.call("UpdateRecord", request)


async def revisions(who: Caller, name: str, **fields: Any) -> record_service_pb2.ListRevisionsResponse:
    return await who.call("ListRevisions", record_service_pb2.ListRevisionsRequest(parent=name, **fields))


async def revision(who: Caller, name: str, number: int) -> record_service_pb2.Revision:
    request = record_service_pb2.GetRevisionRequest(name=f"{name}/revisions/{number}")
    return await who.call("GetRevision", request)


async def read(service, who: Caller) -> str:
    """An imported agreement that Claude has read."""
    contract = (await who.upload(f"{AGREEMENT}\nCopy {uuid4()}.".encode())).contract
    async with service.working():
        await who.finished((await who.analyze(contract.name)).name)
    return contract.name


async def refused(call: Any) -> tuple[str, str, dict[str, str]]:
    """(code, reason, violations)"""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    status = rpc_status.from_call(failed.value)
    bad = error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(bad)
    return (
        failed.value.code().name,
        from_status(status).reason_name,
        {one.field: one.description for one in bad.field_violations},
    )


async def test_a_draft_begins_without_a_document(service):
    who = service.someone()
    made = await draft(who, reference_no="ESA-7", tags=["health"], department="Legal")
    assert (made.state, made.imported, made.revision) == (contract_pb2.CONTRACT_STATE_DRAFT, False, 1)
    assert not made.HasField("document")
    listed = await who.call("ListContracts", contract_service_pb2.ListContractsRequest())
    assert [one.name for one in listed.contracts] == [made.name]
    for method, request in (
        ("AnalyzeContract", contract_service_pb2.AnalyzeContractRequest(name=made.name)),
        ("ListPages", contract_service_pb2.ListPagesRequest(parent=made.name)),
    ):
        assert (await refused(who.call(method, request)))[:2] == ("FAILED_PRECONDITION", "DOCUMENT_MISSING")


async def test_the_same_request_begins_one_draft(service):
    who, request_id = service.someone(), str(uuid4())
    request = record_service_pb2.CreateContractRequest(
        contract=contract_pb2.Contract(label="one"), request_id=request_id
    )
    first, second = await who.call("CreateContract", request), await who.call("CreateContract", request)
    assert first == second
    assert len((await who.call("ListContracts", contract_service_pb2.ListContractsRequest())).contracts) == 1


async def test_terms_are_written_by_path_and_kept_with_who_when_and_why(service):
    who = service.someone()
    name = (await draft(who)).name
    one = await write(who, name, {"term": {"term_years": "15"}, "parties": PARTIES}, reason="term sheet")
    two = await write(
        who,
        name,
        {"term": {"term_years": "20"}},
        "terms.term.term_years",
        etag=one.etag,
    )
    assert (two.terms.term.term_years, len(two.terms.parties), two.revision) == ("20", 2, 3)
    assert {source.path: source.person for source in two.sources} == {
        "terms.term.term_years": True,
        "terms.parties": True,
    }
    newest, older, first = (await revisions(who, name)).revisions
    assert [one.kind for one in (first, older, newest)] == [
        record_service_pb2.REVISION_KIND_CREATED,
        record_service_pb2.REVISION_KIND_UPDATED,
        record_service_pb2.REVISION_KIND_UPDATED,
    ]
    assert (older.reason, older.actor) == ("term sheet", newest.actor)
    assert set(older.paths) == {"terms.term.term_years", "terms.parties"}
    assert (await revision(who, name, 2)).terms.term.term_years == "15"
    assert (await revision(who, name, 3)).terms.term.term_years == "20"
    assert (await revision(who, name, 1)).terms == record_pb2.ContractTerms()


async def test_revisions_come_in_pages(service):
    who = service.someone()
    name = (await draft(who)).name
    for years in ("5", "10", "15", "20"):
        await write(who, name, {"term": {"term_years": years}})
    first = await revisions(who, name, page_size=3)
    rest = await revisions(who, name, page_size=3, page_token=first.next_page_token)
    numbers = [int(one.name.rpartition("/")[2]) for one in (*first.revisions, *rest.revisions)]
    assert (numbers, rest.next_page_token) == ([5, 4, 3, 2, 1], "")


async def test_a_write_that_changes_nothing_is_no_revision(service):
    who = service.someone()
    name = (await draft(who)).name
    first = await write(who, name, {"term": {"term_years": "15"}})
    again = await write(who, name, {"term": {"term_years": "15"}})
    assert first == again


async def test_a_stale_record_is_not_overwritten(service):
    who = service.someone()
    name = (await draft(who)).name
    stale = (await record_of(who, name)).etag
    await write(who, name, {"term": {"term_years": "15"}}, etag=stale)
    late = write(who, name, {"term": {"term_years": "10"}}, etag=stale)
    assert (await refused(late))[:2] == ("ABORTED", "ETAG_MISMATCH")
    assert (await record_of(who, name)).terms.term.term_years == "15"


async def test_a_hard_rule_refuses_and_names_the_field(service):
    who = service.someone()
    name = (await draft(who)).name
    await write(who, name, {"dates": {"effective": {"date": "2026-01-01"}}})
    code, reason, fields = await refused(
        write(who, name, {"dates": {"expiration": {"date": "2025-12-31"}}, "term": {"term_years": "41"}})
    )
    assert (code, reason) == ("INVALID_ARGUMENT", "RULE_BROKEN")
    assert set(fields) == {"terms.dates.expiration.date", "terms.term.term_years"}
    assert (await record_of(who, name)).revision == 2


async def test_a_price_without_its_unit_is_refused(service):
    who = service.someone()
    name = (await draft(who)).name
    price = {"floor": {"amount": {"amount": "0.1", "currency": "USD"}}}
    code, reason, fields = await refused(write(who, name, {"price": price}))
    assert (code, reason, list(fields)) == (
        "INVALID_ARGUMENT",
        "INVALID_FIELD",
        ["record.terms.price.floor.per"],
    )


async def test_a_mask_names_terms(service):
    who = service.someone()
    name = (await draft(who)).name
    for mask in ("name", "terms.nothing", "terms.term.nothing", "revision"):
        call = write(who, name, {"term": {"term_years": "15"}}, mask)
        assert (await refused(call))[:2] == ("INVALID_ARGUMENT", "INVALID_FIELD"), mask


async def test_what_was_read_and_proven_is_the_record(service):
    who = service.someone()
    name = await read(service, who)
    record = await record_of(who, name)
    assert record.terms.term.term_years == "15"
    assert record.terms.dates.agreement.date == "2025-03-03"
    assert record.terms.legal.governing_law == "New York"
    sources = {source.path: (source.person, source.field) for source in record.sources}
    assert sources["terms.term.term_years"] == (False, f"{name}/fields/term_years")
    newest = (await revisions(who, name)).revisions[0]
    assert newest.kind == record_service_pb2.REVISION_KIND_ANALYZED
    assert newest.reason.startswith("operations/")


async def test_what_a_person_writes_stays_when_it_is_read_anew(service):
    who = service.someone()
    name = await read(service, who)
    await write(who, name, {"term": {"term_years": "16"}}, reason="side letter")
    async with service.working():
        await who.finished((await who.analyze(name)).name)
    record = await record_of(who, name)
    assert record.terms.term.term_years == "16"
    assert {one.path: one.person for one in record.sources}["terms.term.term_years"]
    # What was read is still there beside it.
    assert (await who.values(name))["term_years"].value == "15"


async def test_a_read_term_that_is_cleared_does_not_come_back(service):
    who = service.someone()
    name = await read(service, who)
    cleared = await write(who, name, {}, "terms.term.term_years", "terms.legal")
    assert not cleared.terms.HasField("term")
    assert cleared.terms.legal.governing_law == ""
    async with service.working():
        await who.finished((await who.analyze(name)).name)
    assert not (await record_of(who, name)).terms.HasField("term")


async def test_what_was_signed_is_warned_about_and_not_refused(service):
    who = service.someone()
    name = await read(service, who)
    record = await write(who, name, {"term": {"term_years": "45"}})
    assert record.terms.term.term_years == "45"
    told = {one.rule: one.severity for one in record.findings}
    assert told["term.years"] == record_service_pb2.RULE_SEVERITY_WARNING
    assert record.rule_pack == "record/1"


async def test_a_relative_date_is_the_records_own(service):
    who = service.someone()
    name = (await draft(who)).name
    offset = {"anchor": "COD", "offset": 15, "unit": "OFFSET_UNIT_YEARS"}
    record = await write(who, name, {"dates": {"expiration": {"relative": offset}}})
    assert record.terms.dates.expiration.relative.anchor == "COD"
    absolute = await write(who, name, {"dates": {"expiration": {"date": "2041-01-01"}}})
    assert absolute.terms.dates.expiration.date == "2041-01-01"


async def test_history_is_never_changed(service, databases):
    who = service.someone()
    name = (await draft(who)).name
    owner = await asyncpg.connect(databases.owner("contracts"))
    try:
        await owner.execute(f"SET app.org_id = '{who.org}'")
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await owner.execute("UPDATE revisions SET reason = 'x'")
    finally:
        await owner.close()
    assert (await revision(who, name, 1)).reason == ""


async def test_a_contract_gets_another_file_and_keeps_the_first(service):
    who = service.someone()
    first = (await who.upload(f"{AGREEMENT}{uuid4()}".encode())).contract
    conformed = f"{AGREEMENT}{uuid4()}".encode()
    attached = await who.attach(first.name, conformed, "conformed.txt", reason="conformed copy")
    assert attached.document.filename == "conformed.txt"
    request = record_service_pb2.ListDocumentVersionsRequest(parent=first.name)
    newest, oldest = (await who.call("ListDocumentVersions", request)).documents
    assert (newest.number, newest.reason, newest.document) == (2, "conformed copy", attached.document)
    assert (oldest.number, oldest.document) == (1, first.document)
    assert (await revision(who, first.name, 1)).document == first.document.name
    assert await who.attach(first.name, conformed, "again.txt") == attached


async def test_two_contracts_do_not_share_a_file(service):
    who, content = service.someone(), f"{AGREEMENT}{uuid4()}".encode()
    await who.upload(content)
    other = await draft(who)
    assert (await refused(who.attach(other.name, content)))[:2] == ("ALREADY_EXISTS", "ALREADY_EXISTS")
    stale = who.attach(other.name, b"Another agreement of many words.", etag='"99"')
    assert (await refused(stale))[:2] == ("ABORTED", "ETAG_MISMATCH")
    broken = who.attach(other.name, b"%PDF-1.7 nothing more", "broken.pdf")
    assert (await refused(broken))[1] == "DOCUMENT_CORRUPT"
    assert not (await record_of(who, other.name)).revision > 1


def move(who: Caller, name: str, method: str, **fields: Any) -> Any:
    return who.call(
        f"{method}Contract", getattr(life_service_pb2, f"{method}ContractRequest")(name=name, **fields)
    )


async def test_a_contract_lives_from_draft_to_its_end(service):
    who = service.someone()
    name = (await draft(who)).name
    await write(who, name, {"parties": PARTIES})
    states = [
        (await move(who, name, method, reason=f"to {method}")).state
        for method in ("Submit", "Return", "Submit", "Approve")
    ]
    sent = await who.call(
        "SendContractForSignature", life_service_pb2.SendContractForSignatureRequest(name=name)
    )
    states.append(sent.state)
    states += [
        (await move(who, name, method)).state for method in ("Activate", "Suspend", "Resume", "Terminate")
    ]
    told = [contract_pb2.ContractState.Name(state).removeprefix("CONTRACT_STATE_") for state in states]
    assert told == [
        "IN_REVIEW", "DRAFT", "IN_REVIEW", "APPROVED", "OUT_FOR_SIGNATURE",
        "ACTIVE", "SUSPENDED", "ACTIVE", "TERMINATED",
    ]  # fmt: skip
    kept = (await revisions(who, name)).revisions
    assert [one.kind for one in kept].count(record_service_pb2.REVISION_KIND_MOVED) == 9
    assert kept[-3].reason == "to Submit"


async def test_approval_needs_both_sides(service):
    who = service.someone()
    name = (await draft(who)).name
    await move(who, name, "Submit")
    code, reason, fields = await refused(move(who, name, "Approve"))
    assert (code, reason) == ("FAILED_PRECONDITION", "RULE_BROKEN")
    assert set(fields) == {"terms.parties"}
    await write(who, name, {"parties": PARTIES[:1]})
    assert (await refused(move(who, name, "Approve")))[1] == "RULE_BROKEN"
    await write(who, name, {"parties": PARTIES})
    assert (await move(who, name, "Approve")).state == contract_pb2.CONTRACT_STATE_APPROVED


async def test_a_stale_contract_is_not_moved(service):
    who = service.someone()
    made = await draft(who)
    await write(who, made.name, {"term": {"term_years": "15"}})
    assert (await refused(move(who, made.name, "Submit", etag=made.etag)))[:2] == ("ABORTED", "ETAG_MISMATCH")


def test_quantities_stay_exact():
    """Nothing on the way from a person to the record is a float."""
    assert Decimal("0.1195") == Decimal(record_pb2.Amount(amount="0.1195", currency="USD").amount)
