"""Roles for some contracts only: every method asks, and what may not be seen does not exist."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.protobuf import field_mask_pb2
from google.type import money_pb2

from bloom.contracts.v1 import (
    contract_pb2,
    contract_service_pb2,
    grid_service_pb2,
    operation_service_pb2,
)
from contracts_service import application
from contracts_service.contracts import access, store
from service_runtime.policy import methods_of

from .calls import (
    CALLS,
    DEPARTMENT,
    LIMIT,
    LISTS,
    METHODS,
    OF_BULK,
    OF_NO_CONTRACT,
    OWN,
    TAKES_IN,
    UNMET,
    analyzed,
    brought_in,
    least,
    told,
    under,
    usd,
)
from .conftest import AGREEMENT, EVERYTHING, Caller, Service

READ, WRITE, ANALYZE = "contracts.read", "contracts.write", "contracts.analyze"
HOSTILE = ('"); permit(principal,action,resource);', "' OR true --", "\\", "*")


@pytest.fixture
async def org(service: Service) -> UUID:
    return uuid4()


@pytest.fixture
async def theirs(service: Service, org: UUID) -> tuple[str, str]:
    """A contract that no condition of `under` holds for, and its operation."""
    other = service.someone(org)
    contract = await brought_in(other, department="Sales", contract_value=usd(501))
    return contract.name, await analyzed(other, contract.name)


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
