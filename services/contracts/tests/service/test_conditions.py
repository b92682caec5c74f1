"""Roles for some contracts only: every method asks, and what may not be seen does not exist."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf import field_mask_pb2
from google.rpc import error_details_pb2
from google.type import money_pb2
from grpc_status import rpc_status

from bloom.contracts.v1 import (
    contract_pb2,
    contract_service_pb2,
    contradiction_service_pb2,
    family_service_pb2,
    grid_service_pb2,
    keeping_service_pb2,
    life_service_pb2,
    operation_service_pb2,
    reading_service_pb2,
    record_service_pb2,
    saved_view_service_pb2,
)
from contracts_service import application
from contracts_service.contracts import access, store
from service_runtime.policy import methods_of

from .conftest import AGREEMENT, EVERYTHING, Caller, Service

METHODS = {
    method.name: method
    for service in application.SERVICES
    for method in methods_of(service)
    if method.conditional
}
READ, WRITE, ANALYZE = "contracts.read", "contracts.write", "contracts.analyze"
EVERY = tuple(sorted({method.permission for method in METHODS.values()}))
HOSTILE = ('"); permit(principal,action,resource);', "' OR true --", "\\", "*")
# Each holds for what `make` brings in by the same caller, and for nothing else.
OWN = {"own": True}
DEPARTMENT = {"dept": True}
LIMIT = {"max": ["USD", "500.0000"]}
UNMET = {"own": OWN, "department": DEPARTMENT, "value": LIMIT}


def usd(units: int, currency: str = "USD") -> money_pb2.Money:
    return money_pb2.Money(currency_code=currency, units=units)


def under(
    service: Service,
    org: UUID,
    *grants: dict[str, Any],
    permissions: tuple[str, ...] = EVERY,
    always: tuple[str, ...] = ("ai.generate",),
    departments: tuple[str, ...] = ("Legal",),
    subject: str = "",
) -> Caller:
    """A colleague who has these permissions under each of these conditions."""
    conds = [{"perms": list(permissions), **grant} for grant in grants]
    token = service.signer.subject(
        org, always, sub=subject or f"users/{uuid4()}", conds=conds, dept=list(departments)
    )
    return Caller(service.channel, token, org)


async def brought_in(caller: Caller, **fields: Any) -> contract_pb2.Contract:
    content = f"{AGREEMENT}\nCopy {uuid4()}.".encode()
    return (await caller.upload(content, **fields)).contract


async def analyzed(caller: Caller, contract: str) -> str:
    return (await caller.analyze(contract)).name


async def events(stream: Any) -> list[Any]:
    return [event async for event in stream]


async def past_states(call: Awaitable[Any]) -> None:
    """A contract whose state forbids it was seen, and its conditions hold."""
    try:
        await call
    except grpc.aio.AioRpcError as failed:
        if told(failed)[1] != "STATE_FORBIDS":
            raise


async def moved(method: str, who: Caller, name: str, _: str) -> None:
    await past_states(who.call(method, getattr(life_service_pb2, f"{method}Request")(name=name)))


LINK_METHODS = ("CreateLink", "UpdateLink", "DeleteLink")


async def linked(method: str, who: Caller, name: str, _: str) -> None:
    """Of a contract that is seen a link to itself is a circle, and a link that it has not is not there."""
    link = f"{name}/links/{UUID(int=1)}"
    asked = {
        "CreateLink": {"parent": name, "link": {"target": name, "kind": 1}},
        "UpdateLink": {"link": {"name": link, "ordinal": 1}},
        "DeleteLink": {"name": link},
    }
    try:
        await who.call(method, getattr(family_service_pb2, f"{method}Request")(**asked[method]))
    except grpc.aio.AioRpcError as failed:
        if told(failed)[1] != "FAMILY_CIRCLE" and link not in str(failed.details()):
            raise


async def held(method: str, who: Caller, name: str, _: str) -> None:
    made = await who.call("CreateHold", keeping_service_pb2.CreateHoldRequest(hold={"display_name": "x"}))
    for step in dict.fromkeys((method, "LiftHold")):
        request = getattr(keeping_service_pb2, f"{step}Request")(name=made.name, contracts=[name], reason="x")
        await who.call(step, request)


async def of_contradiction(method: str, who: Caller, name: str, _: str) -> None:
    """Of a contract that is seen one that it has not is not there."""
    one = f"{name}/contradictions/{'0' * 32}"
    fields = {"reason": "seen"} if method == "DismissContradiction" else {}
    try:
        await who.call(method, getattr(contradiction_service_pb2, f"{method}Request")(name=one, **fields))
    except grpc.aio.AioRpcError as failed:
        if one not in str(failed.details()):
            raise


CONTRADICTION_METHODS = ("GetContradiction", "DismissContradiction", "ReopenContradiction")
MOVES = [method.name for method in methods_of("bloom.contracts.v1.LifeService")]
CELL = "fields/term_years"

# How each method is called about one contract and its operation; lists are below.
CALLS: dict[str, Callable[[Caller, str, str], Awaitable[Any]]] = {
    "GetContract": lambda who, name, _: who.call(
        "GetContract", contract_service_pb2.GetContractRequest(name=name)
    ),
    "UpdateContract": lambda who, name, _: who.call(
        "UpdateContract",
        contract_service_pb2.UpdateContractRequest(contract=contract_pb2.Contract(name=name, label="y")),
    ),
    "DeleteContract": lambda who, name, _: who.call(
        "DeleteContract", contract_service_pb2.DeleteContractRequest(name=name)
    ),
    "AnalyzeContract": lambda who, name, _: who.analyze(name),
    "ListExtractedValues": lambda who, name, _: who.values(name),
    "AskContract": lambda who, name, _: who.ask(name),
    "ListPages": lambda who, name, _: who.call(
        "ListPages", contract_service_pb2.ListPagesRequest(parent=name)
    ),
    "DownloadDocument": lambda who, name, _: events(
        who.stub().DownloadDocument(
            contract_service_pb2.DownloadDocumentRequest(name=name), metadata=who.metadata
        )
    ),
    "GetOperation": lambda who, _, operation: who.operation(operation),
    "CancelOperation": lambda who, _, operation: who.call(
        "CancelOperation", operation_service_pb2.CancelOperationRequest(name=operation)
    ),
    "GetRecord": lambda who, name, _: who.call(
        "GetRecord", record_service_pb2.GetRecordRequest(name=f"{name}/record")
    ),
    "UpdateRecord": lambda who, name, _: who.call(
        "UpdateRecord",
        record_service_pb2.UpdateRecordRequest(
            record={"name": f"{name}/record", "terms": {"term": {"term_years": "15"}}}
        ),
    ),
    "ListRevisions": lambda who, name, _: who.call(
        "ListRevisions", record_service_pb2.ListRevisionsRequest(parent=name)
    ),
    "GetRevision": lambda who, name, _: who.call(
        "GetRevision", record_service_pb2.GetRevisionRequest(name=f"{name}/revisions/1")
    ),
    "ListDocumentVersions": lambda who, name, _: who.call(
        "ListDocumentVersions", record_service_pb2.ListDocumentVersionsRequest(parent=name)
    ),
    "AttachDocument": lambda who, name, _: who.attach(name, f"{AGREEMENT} {uuid4()}".encode()),
    "GetCell": lambda who, name, _: who.call(
        "GetCell", grid_service_pb2.GetCellRequest(name=f"{name}/{CELL}")
    ),
    "CorrectCell": lambda who, name, _: who.call(
        "CorrectCell",
        grid_service_pb2.CorrectCellRequest(name=f"{name}/{CELL}", value="9", unit="years", reason="seen"),
    ),
    "ReopenCell": lambda who, name, _: past_states(
        who.call("ReopenCell", grid_service_pb2.ReopenCellRequest(name=f"{name}/{CELL}"))
    ),
    "AcceptCell": lambda who, name, _: past_states(
        who.call("AcceptCell", grid_service_pb2.AcceptCellRequest(name=f"{name}/{CELL}"))
    ),
    "RejectCell": lambda who, name, _: who.call(
        "RejectCell", grid_service_pb2.RejectCellRequest(name=f"{name}/{CELL}", reason="not there")
    ),
    "ListEntries": lambda who, name, _: who.call(
        "ListEntries", reading_service_pb2.ListEntriesRequest(parent=name)
    ),
    "EstimateAnalysis": lambda who, name, _: who.call(
        "EstimateAnalysis", reading_service_pb2.EstimateAnalysisRequest(name=name)
    ),
    "ListAnalyses": lambda who, name, _: who.call(
        "ListAnalyses", reading_service_pb2.ListAnalysesRequest(parent=name)
    ),
    "CompareAnalyses": lambda who, name, _: past_states(
        who.call("CompareAnalyses", reading_service_pb2.CompareAnalysesRequest(name=name))
    ),
    "GetFamily": lambda who, name, _: who.call(
        "GetFamily", family_service_pb2.GetFamilyRequest(name=f"{name}/family")
    ),
    "UpdateFamily": lambda who, name, _: who.call(
        "UpdateFamily", family_service_pb2.UpdateFamilyRequest(family={"name": f"{name}/family"})
    ),
    "GetFamilyTerms": lambda who, name, _: who.call(
        "GetFamilyTerms", family_service_pb2.GetFamilyTermsRequest(name=f"{name}/family")
    ),
    "ListDefinitions": lambda who, name, _: who.call(
        "ListDefinitions", family_service_pb2.ListDefinitionsRequest(parent=f"{name}/family")
    ),
    "ListContradictions": lambda who, name, _: who.call(
        "ListContradictions", contradiction_service_pb2.ListContradictionsRequest(parent=name)
    ),
    **{method: partial(of_contradiction, method) for method in CONTRADICTION_METHODS},
    **{method: partial(linked, method) for method in LINK_METHODS},
    "UndeleteContract": lambda who, name, _: who.call(
        "UndeleteContract", keeping_service_pb2.UndeleteContractRequest(name=name)
    ),
    "RetainContract": lambda who, name, _: who.call(
        "RetainContract", keeping_service_pb2.RetainContractRequest(name=name, reason="x")
    ),
    "GetKeeping": lambda who, name, _: who.call(
        "GetKeeping", keeping_service_pb2.GetKeepingRequest(name=f"{name}/keeping")
    ),
    "PlaceHold": partial(held, "PlaceHold"),
    "LiftHold": partial(held, "LiftHold"),
    **{method: partial(moved, method) for method in MOVES},
}
LISTS = {
    "ListContracts", "SearchContracts", "ListOperations", "QueryGrid", "ExportGrid", "ListDeletedContracts",
}  # fmt: skip
TAKES_IN = {"UploadContract", "CreateContract", "UploadArchive", "ImportContracts"}
# Seen by whoever may read all, and by whoever asked: tests of imports and exports.
OF_BULK = {"ListImportFiles", "ExportContracts", "DownloadExport"}
SAVED = {method.name for method in methods_of("bloom.contracts.v1.SavedViewService")}
CLASSES = {f"{verb}RetentionClass" for verb in ("Create", "Update", "Delete")} | {"ListRetentionClasses"}
OF_NO_CONTRACT = {"ListFields", "CreateHold", "ListHolds", *CLASSES, *SAVED}


@pytest.fixture
async def org(service: Service) -> UUID:
    return uuid4()


@pytest.fixture
async def theirs(service: Service, org: UUID) -> tuple[str, str]:
    """A contract that no condition of `under` holds for, and its operation."""
    other = service.someone(org)
    contract = await brought_in(other, department="Sales", contract_value=usd(501))
    return contract.name, await analyzed(other, contract.name)


def told(failed: grpc.aio.AioRpcError) -> tuple[str, str, dict[str, str]]:
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(failed)
    assert status is not None
    assert any(detail.Unpack(info) for detail in status.details)
    return failed.code().name, info.reason, dict(info.metadata)


async def refused(call: Awaitable[object]) -> tuple[str, str, dict[str, str]]:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return told(failed.value)


def test_every_method_whose_permission_can_have_conditions_is_called_here():
    assert set(CALLS) | LISTS | TAKES_IN | OF_NO_CONTRACT | OF_BULK == set(METHODS)


def test_every_method_about_contracts_knows_conditions():
    declared = [method for service in application.SERVICES for method in methods_of(service)]
    # Who reads the audit chain reads all of it: that permission has no conditions.
    whole = ["ListContractEvents", "ExportContractEvents"]
    assert [method.name for method in declared if not method.conditional] == whole


@pytest.mark.parametrize("unmet", UNMET)
async def test_what_may_not_be_seen_is_as_what_is_not_there(service, org, theirs, unmet):
    colleague = under(service, org, UNMET[unmet])
    missing = f"contracts/{uuid4()}", f"operations/{uuid4()}"
    for name, call in CALLS.items():
        hidden, absent = await refused(call(colleague, *theirs)), await refused(call(colleague, *missing))
        assert hidden[:2] == absent[:2] == ("NOT_FOUND", "NOT_FOUND"), name
        assert hidden[2] == {"name": theirs["Operation" in name]}, name


@pytest.mark.parametrize("met", UNMET)
async def test_where_the_condition_holds_every_method_works(service, org, met):
    subject = f"users/{uuid4()}"
    colleague = under(service, org, UNMET[met], subject=subject)
    fields = {"department": "Legal", "contract_value": usd(500)}
    contract = (await brought_in(colleague, **fields)).name
    operation = (await CALLS["AnalyzeContract"](colleague, contract, "")).name
    for name in (*CALLS.keys() - {"AnalyzeContract", "DeleteContract"}, "DeleteContract"):
        await CALLS[name](colleague, contract, operation)


@pytest.mark.parametrize("unmet", UNMET)
async def test_a_change_of_what_is_seen_says_which_condition_fails(service, org, theirs, unmet):
    colleague = under(service, org, UNMET[unmet], always=("ai.generate", READ))
    for name in (name for name in CALLS if METHODS[name].permission != READ):
        code, reason, metadata = await refused(CALLS[name](colleague, *theirs))
        assert (code, reason) == ("PERMISSION_DENIED", "CONDITION_FORBIDS"), name
        assert metadata == {"permission": METHODS[name].permission, "conditions": unmet}


@pytest.mark.parametrize("method", sorted(OF_NO_CONTRACT))
async def test_what_concerns_no_contract_is_not_broken_by_conditions(service, org, method):
    """It is answered, or refused for a reason of its own."""
    colleague = under(service, org, OWN)
    try:
        await colleague.call(method, least(method))
    except grpc.aio.AioRpcError as failed:
        if told(failed)[1] not in ("NOT_FOUND", "CONDITION_FORBIDS"):
            raise


def least(method: str) -> Any:
    """The least request that the schema takes."""
    nowhere = UUID(int=7)
    bodies: dict[str, dict[str, Any]] = {
        "CreateHold": {"hold": {"display_name": "x"}},
        "CreateRetentionClass": {"retention_class": {"display_name": "x", "anchor": 1, "disposal": 1}},
        "UpdateRetentionClass": {"retention_class": {"name": f"retentionClasses/{nowhere}"}},
        "DeleteRetentionClass": {"name": f"retentionClasses/{nowhere}"},
        "CreateColumnSet": {"column_set": {"display_name": "x", "fields": ["capacity"]}},
        "UpdateColumnSet": {"column_set": {"name": f"columnSets/{nowhere}"}},
        "DeleteColumnSet": {"name": f"columnSets/{nowhere}"},
        "CreateSavedSearch": {"saved_search": {"display_name": "x", "query": "x"}},
        "UpdateSavedSearch": {"saved_search": {"name": f"savedSearches/{nowhere}"}},
        "DeleteSavedSearch": {"name": f"savedSearches/{nowhere}"},
    }
    modules = (grid_service_pb2, keeping_service_pb2, saved_view_service_pb2)
    kind = next(
        getattr(module, f"{method}Request") for module in modules if hasattr(module, f"{method}Request")
    )
    return kind(**bodies.get(method, {}))


async def listed(who: Caller, size: int = 0, token: str = "", text: str = "") -> tuple[list[str], str]:
    request = contract_service_pb2.ListContractsRequest(page_size=size, page_token=token, filter=text)
    answer = await who.call("ListContracts", request)
    return [contract.name for contract in answer.contracts], answer.next_page_token


async def searched(
    who: Caller, size: int = 0, token: str = "", text: str = "agreement"
) -> tuple[list[str], str]:
    request = contract_service_pb2.SearchContractsRequest(query=text, page_size=size, page_token=token)
    answer = await who.call("SearchContracts", request)
    return [hit.contract for hit in answer.hits], answer.next_page_token


async def operations(who: Caller, size: int = 0, token: str = "") -> tuple[list[str], str]:
    request = operation_service_pb2.ListOperationsRequest(page_size=size, page_token=token)
    answer = await who.call("ListOperations", request)
    return [operation.name for operation in answer.operations], answer.next_page_token


async def in_grid(who: Caller, size: int = 0, token: str = "") -> tuple[list[str], str]:
    request = grid_service_pb2.QueryGridRequest(page_size=size, page_token=token, fields=["term_years"])
    answer = await who.call("QueryGrid", request)
    return [row.contract for row in answer.rows], answer.next_page_token


async def exported(who: Caller, size: int = 0, token: str = "") -> tuple[list[str], str]:
    request = grid_service_pb2.ExportGridRequest(format=grid_service_pb2.GRID_FORMAT_JSON)
    pieces = who.method("ExportGrid")(request, metadata=who.metadata)
    return [row["contract"] for row in json.loads(b"".join([piece.data async for piece in pieces]))], ""


@pytest.mark.parametrize("found", [listed, searched, operations, in_grid, exported])
async def test_a_list_does_not_tell_that_there_is_more(service, org, theirs, found):
    for unmet in UNMET.values():
        assert await found(under(service, org, unmet)) == ([], "")
        assert await found(under(service, org, unmet), 1) == ([], "")
    assert len((await found(service.someone(org)))[0]) == 1


@pytest.mark.parametrize("found", [listed, searched, in_grid])
async def test_the_last_page_is_the_last_that_is_seen(service, org, found):
    subject, someone = f"users/{uuid4()}", service.someone(org)
    colleague = under(service, org, OWN, subject=subject)
    own = []
    for _ in range(3):
        own.append((await brought_in(colleague)).name)
        await brought_in(someone)
    first, token = await found(colleague, 2)
    assert len(first) == 2
    assert token
    last, end = await found(colleague, 2, token)
    assert (sorted(first + last), end) == (sorted(own), "")
    assert await found(colleague, 3) == (await found(colleague, 25))


async def test_a_filter_cannot_look_beyond(service, org, theirs):
    colleague = under(service, org, OWN)
    assert await listed(colleague, text='label : "a" AND state = ACTIVE') == ([], "")


async def test_any_of_several_roles_is_enough(service, org, theirs):
    colleague = under(service, org, OWN, {"max": ["USD", "501.0000"]}, {"max": ["EUR", "1.0000"]})
    assert (await listed(colleague))[0] == [theirs[0]]
    await CALLS["GetContract"](colleague, *theirs)


async def test_all_conditions_of_one_role_must_hold(service, org):
    contract = await brought_in(service.someone(org), department="Legal", contract_value=usd(500))
    both = under(service, org, {**OWN, **DEPARTMENT})
    assert (await listed(both))[0] == []
    assert (await refused(CALLS["GetContract"](both, contract.name, "")))[1] == "NOT_FOUND"
    small = under(service, org, {**LIMIT, **DEPARTMENT})
    assert (await listed(small))[0] == [contract.name]


async def test_a_value_that_is_unknown_or_in_another_currency_or_above(service, org):
    colleague, someone = under(service, org, LIMIT), service.someone(org)
    for fields in ({}, {"contract_value": usd(1, "EUR")}, {"contract_value": usd(501)}):
        contract = await brought_in(someone, **fields)
        assert (await refused(CALLS["GetContract"](colleague, contract.name, "")))[1] == "NOT_FOUND"
        assert (await listed(colleague))[0] == (await searched(colleague))[0] == []


async def test_a_contract_without_department_is_of_none(service, org):
    contract = await brought_in(service.someone(org))
    colleague = under(service, org, DEPARTMENT, departments=())
    assert (await refused(CALLS["GetContract"](colleague, contract.name, "")))[1] == "NOT_FOUND"
    assert (await listed(colleague))[0] == []


async def test_a_department_is_a_name_and_nothing_else(service, org, theirs):
    for text in HOSTILE:
        own = await brought_in(service.someone(org), department=text)
        colleague = under(service, org, DEPARTMENT, departments=(text,))
        assert (await listed(colleague))[0] == (await searched(colleague))[0] == [own.name]
        assert (await refused(CALLS["GetContract"](colleague, *theirs)))[1] == "NOT_FOUND"
        assert (await CALLS["GetContract"](colleague, own.name, "")).department == text


async def test_a_role_that_only_reads_changes_nothing(service, org, theirs):
    contract, operation = theirs
    reader = under(service, org, {"max": ["USD", "501.0000"]}, permissions=(READ,))
    await CALLS["GetContract"](reader, contract, operation)
    for name, call in CALLS.items():
        if METHODS[name].permission != READ:
            assert (await refused(call(reader, contract, operation)))[1] == "PERMISSION_DENIED", name


async def test_who_may_only_write_sees_what_he_may_write(service, org, theirs):
    writer = under(service, org, OWN, permissions=(WRITE,))
    assert (await refused(CALLS["UpdateContract"](writer, *theirs)))[1] == "NOT_FOUND"
    own = await brought_in(writer)
    assert (await CALLS["UpdateContract"](writer, own.name, "")).label == "y"


async def test_a_reader_who_has_conditions_changes_only_what_he_sees(service, org, theirs):
    """His permission to write has none, his permission to read has."""
    writer = under(service, org, OWN, permissions=(READ,), always=(WRITE, ANALYZE))
    for name in ("UpdateContract", "AnalyzeContract", "CancelOperation"):
        assert (await refused(CALLS[name](writer, *theirs)))[1] == "NOT_FOUND", name


def change(contract: str, *paths: str, **fields: Any) -> contract_service_pb2.UpdateContractRequest:
    return contract_service_pb2.UpdateContractRequest(
        contract=contract_pb2.Contract(name=contract, **fields),
        update_mask=field_mask_pb2.FieldMask(paths=paths),
    )


async def test_no_change_leads_out_of_reach(service, org):
    someone = service.someone(org)
    contract = await brought_in(someone, department="Legal", contract_value=usd(500))
    for grant, fields, failing in (
        (DEPARTMENT, {"department": "Sales"}, "department"),
        (DEPARTMENT, {"department": ""}, "department"),
        (LIMIT, {"contract_value": usd(501)}, "value"),
        (LIMIT, {"contract_value": usd(1, "EUR")}, "value"),
        (LIMIT, {"contract_value": None}, "value"),
    ):
        request = change(contract.name, *fields, **fields)
        code, reason, metadata = await refused(under(service, org, grant).call("UpdateContract", request))
        assert (code, reason) == ("PERMISSION_DENIED", "CONDITION_FORBIDS")
        assert metadata["conditions"] == failing
        kept = await CALLS["GetContract"](someone, contract.name, "")
        assert (kept.department, kept.contract_value, kept.etag) == ("Legal", usd(500), contract.etag)


async def test_nothing_comes_in_beyond_reach(service, org):
    for grant, fields, failing in (
        (DEPARTMENT, {"department": "Sales"}, "department"),
        (DEPARTMENT, {}, "department"),
        (LIMIT, {}, "value"),
        (LIMIT, {"contract_value": usd(501)}, "value"),
    ):
        _, reason, metadata = await refused(brought_in(under(service, org, grant), **fields))
        assert (reason, metadata) == ("CONDITION_FORBIDS", {"permission": WRITE, "conditions": failing})
    assert (await listed(service.someone(org)))[0] == []


async def test_bytes_of_a_hidden_contract_tell_nothing_of_it(service, org):
    content = f"{AGREEMENT} {uuid4()}".encode()
    there = (await service.someone(org).upload(content, label="Secret")).contract
    code, reason, metadata = await refused(under(service, org, OWN).upload(content))
    assert (code, reason) == ("PERMISSION_DENIED", "CONDITION_FORBIDS")
    assert there.name not in str(metadata)
    assert "Secret" not in str(metadata)


async def test_a_kept_answer_is_not_given_to_who_may_no_longer_see_it(service, org):
    subject, request_id = f"users/{uuid4()}", str(uuid4())
    contract = await brought_in(service.someone(org), department="Legal")
    request = change(contract.name, "label", label="y")
    request.request_id = request_id
    assert (
        await under(service, org, DEPARTMENT, subject=subject).call("UpdateContract", request)
    ).label == "y"
    moved = under(service, org, DEPARTMENT, subject=subject, departments=("Sales",))
    assert (await refused(moved.call("UpdateContract", request)))[1] == "NOT_FOUND"


async def test_a_question_about_a_hidden_contract_never_reaches_claude(service, org, theirs, claude):
    assert (await refused(under(service, org, OWN).ask(theirs[0])))[1] == "NOT_FOUND"
    assert claude.asked == []


async def test_department_and_value_are_kept_changed_and_taken_back(service, org):
    someone = Caller(service.channel, service.signer.subject(org, EVERYTHING), org)
    value = money_pb2.Money(currency_code="KRW", units=900_000_000_000_000, nanos=999_900_000)
    contract = await brought_in(someone, department="Legal", contract_value=value)
    assert (contract.department, contract.contract_value) == ("Legal", value)
    changed = await someone.call("UpdateContract", change(contract.name, contract_value=usd(2)))
    assert (changed.department, changed.contract_value) == ("Legal", usd(2))
    bare = await someone.call("UpdateContract", change(contract.name, "department", "contract_value"))
    assert bare.department == ""
    assert not bare.HasField("contract_value")


async def test_department_and_value_have_their_rules(service, org):
    someone = service.someone(org)
    contract = await brought_in(someone)
    for fields in (
        {"department": "x" * 41},
        {"department": "a\nb"},
        {"contract_value": usd(1, "usd")},
        {"contract_value": usd(-1)},
        {"contract_value": usd(900_000_000_000_001)},
        {"contract_value": money_pb2.Money(currency_code="USD", units=1, nanos=1)},
    ):
        assert (await refused(brought_in(someone, **fields)))[1] == "INVALID_FIELD"
        request = change(contract.name, *fields, **fields)
        assert (await refused(someone.call("UpdateContract", request)))[1] == "INVALID_FIELD"


async def test_an_answer_made_without_asking_does_not_leave(service, org, theirs, monkeypatch):
    monkeypatch.setattr(access, "require_permitted", lambda _identity, _permission, found, _name: found)
    for name in ("GetContract", "ListPages", "DownloadDocument", "AskContract", "CancelOperation"):
        assert (await refused(CALLS[name](under(service, org, OWN), *theirs)))[1] == "INTERNAL", name
    assert (await CALLS["GetContract"](service.someone(org), *theirs)).name == theirs[0]


async def test_nothing_more_is_read_for_who_has_no_conditions(service, org, theirs, monkeypatch):
    reads, get = [], store.get

    async def counted(*arguments: Any) -> Any:
        reads.append(arguments)
        return await get(*arguments)

    monkeypatch.setattr(store, "get", counted)
    someone = service.someone(org)
    for name, expected in (
        ("GetContract", 1),
        ("UpdateContract", 2),
        ("GetOperation", 0),
        ("CancelOperation", 0),
    ):
        reads.clear()
        await CALLS[name](someone, *theirs)
        assert len(reads) == expected, name
