"""How each method of the service is called about one contract, and by whom: for the tests of conditions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import grpc
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
from service_runtime.policy import methods_of

from .conftest import AGREEMENT, Caller, Service

METHODS = {
    method.name: method
    for service in application.SERVICES
    for method in methods_of(service)
    if method.conditional
}
EVERY = tuple(sorted({method.permission for method in METHODS.values()}))
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


def told(failed: grpc.aio.AioRpcError) -> tuple[str, str, dict[str, str]]:
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(failed)
    assert status is not None
    assert any(detail.Unpack(info) for detail in status.details)
    return failed.code().name, info.reason, dict(info.metadata)


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
    "ListTables": lambda who, name, _: who.call(
        "ListTables", contract_service_pb2.ListTablesRequest(parent=name)
    ),
    "LocateText": lambda who, name, _: who.call(
        "LocateText", contract_service_pb2.LocateTextRequest(name=name, char_start=0, char_end=4)
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
