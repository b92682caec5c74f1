"""Families: links, what they say together on a day, defined terms, and what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf import field_mask_pb2
from google.type import date_pb2
from grpc_status import rpc_status

from bloom.contracts.v1 import (
    contract_pb2,
    family_service_pb2,
    grid_service_pb2,
    record_service_pb2,
)
from service_runtime.errors import DomainError, from_status

from .calls import OWN, under
from .conftest import Caller, Service, group_answer

LinkKind, Precedence, Gap = (
    family_service_pb2.LinkKind,
    family_service_pb2.Precedence,
    family_service_pb2.FamilyGapKind,
)
UNITS = {"term_years": "years", "effective_date": "date", "agreement_date": "date", "energy_price": "USD/kWh"}
UNITS |= {"agreement_type": "enum", "capacity": "kW", "governing_law": "jurisdiction"}


def day(text: str) -> date_pb2.Date:
    told = date.fromisoformat(text)
    return date_pb2.Date(year=told.year, month=told.month, day=told.day)


def told(message: date_pb2.Date) -> str:
    return f"{message.year:04}-{message.month:02}-{message.day:02}" if message.year else ""


async def document(who: Caller, text: str = "An agreement.", *, label: str = "", **cells: str) -> str:
    """A contract of which a person has said these cells."""
    uploaded = await who.upload(f"{text}\nCopy {uuid4()}.".encode(), label=label or "a document")
    for field, value in cells.items():
        request = grid_service_pb2.CorrectCellRequest(
            name=f"{uploaded.contract.name}/fields/{field}",
            value=value,
            unit=UNITS[field],
            reason="read by me",
        )
        await who.call("CorrectCell", request)
    return str(uploaded.contract.name)


async def link(who: Caller, name: str, target: str, kind: str = "AMENDS", **fields: Any) -> Any:
    asked = family_service_pb2.Link(target=target, kind=LinkKind.Value(f"LINK_KIND_{kind}"), **fields)
    return await who.call("CreateLink", family_service_pb2.CreateLinkRequest(parent=name, link=asked))


async def said(who: Caller, name: str, on: str, *fields: str) -> dict[str, Any]:
    request = family_service_pb2.GetFamilyTermsRequest(name=f"{name}/family", date=day(on), fields=fields)
    terms = await who.call("GetFamilyTerms", request)
    return {term.field: term for term in terms.terms}


async def family(who: Caller, name: str) -> Any:
    return await who.call("GetFamily", family_service_pb2.GetFamilyRequest(name=f"{name}/family"))


async def term(who: Caller, name: str, on: str) -> tuple[str, str, str]:
    """The term of years on a day: value, who says it, and why."""
    found = (await said(who, name, on, "term_years"))["term_years"]
    contract = found.cell.name.partition("/fields/")[0]
    return found.cell.value, contract, Precedence.Name(found.reason).removeprefix("PRECEDENCE_")


async def told_in(call: Awaitable[object]) -> DomainError:
    """What a refused call tells."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    status = rpc_status.from_call(failed.value)
    assert status
    return from_status(status)


@pytest.fixture
def who(service: Service) -> Caller:
    return service.someone()


async def amended(who: Caller) -> tuple[str, str, str]:
    """An agreement of 2020 and its amendments of 2022 and 2024; the second speaks of the price alone."""
    base = await document(who, term_years="10", energy_price="0.11", effective_date="2020-01-01")
    first = await document(who, term_years="12", effective_date="2022-01-01")
    second = await document(who, energy_price="0.13", effective_date="2024-01-01")
    await link(who, first, base, ordinal=1)
    await link(who, second, base, ordinal=2)
    return base, first, second


async def test_what_the_family_said_on_a_day_and_which_document_said_it(who):
    base, first, second = await amended(who)
    assert await term(who, base, "2019-12-31") == ("", "", "UNSPECIFIED")
    assert await term(who, base, "2021-12-31") == ("10", base, "ONLY_SOURCE")
    assert await term(who, base, "2022-01-01") == ("12", first, "AMENDMENT")
    assert await term(who, base, "2025-06-30") == ("12", first, "AMENDMENT")
    now = await said(who, base, "2025-06-30", "term_years", "energy_price", "capacity")
    assert [cell.value for cell in now["term_years"].overridden] == ["10"]
    assert told(now["term_years"].since) == "2022-01-01"
    assert now["energy_price"].cell.name == f"{second}/fields/energy_price"
    assert not now["capacity"].HasField("cell")


async def test_what_held_and_will_hold_over_all_days(who):
    base, first, _ = await amended(who)
    periods = (await said(who, base, "2021-01-01", "term_years"))["term_years"].periods
    assert [(told(one.start_date), told(one.end_date), one.value, one.contract) for one in periods] == [
        ("2020-01-01", "2022-01-01", "10", base),
        ("2022-01-01", "", "12", first),
    ]


async def test_an_amendment_reads_as_what_it_amends(who):
    base, first, _ = await amended(who)
    assert await term(who, first, "2025-06-30") == await term(who, base, "2025-06-30")


async def test_an_addendum_holds_before_its_master_and_the_masters_amendments(who):
    master = await document(who, term_years="10", governing_law="New York", effective_date="2020-01-01")
    site = await document(who, term_years="15", effective_date="2021-01-01")
    other = await document(who, term_years="7", effective_date="2021-06-01")
    amendment = await document(who, term_years="20", governing_law="Delaware", effective_date="2023-01-01")
    await link(who, site, master, "UNDER")
    await link(who, other, master, "UNDER")
    await link(who, amendment, master)
    assert await term(who, site, "2024-01-01") == ("15", site, "SPECIFIC")
    assert await term(who, master, "2024-01-01") == ("20", amendment, "AMENDMENT")
    law = (await said(who, site, "2024-01-01", "governing_law"))["governing_law"]
    assert law.cell.value == "Delaware"
    of_master = await family(who, master)
    assert [one.contract for one in of_master.members] == [master, site, other, amendment]


async def test_two_of_one_day_conflict_unless_they_are_numbered(who):
    base = await document(who, term_years="10", effective_date="2020-01-01")
    one = await document(who, term_years="12", effective_date="2022-01-01")
    two = await document(who, term_years="14", effective_date="2022-01-01")
    first, second = await link(who, one, base), await link(who, two, base)
    found = (await said(who, base, "2023-01-01", "term_years"))["term_years"]
    assert found.cell.status == contract_pb2.VALUE_STATUS_CONFLICT
    assert {found.cell.value, *(cell.value for cell in found.overridden)} == {"12", "14", "10"}
    for number, made in ((1, first), (2, second)):
        changed = family_service_pb2.Link(name=made.name, ordinal=number, etag=made.etag)
        await who.call("UpdateLink", family_service_pb2.UpdateLinkRequest(link=changed))
    assert await term(who, base, "2023-01-01") == ("14", two, "AMENDMENT")


async def test_a_restatement_stands_in_the_place_of_all_that_is_older(who):
    base, first, _ = await amended(who)
    restated = await document(who, energy_price="0.12", effective_date="2025-01-01")
    await link(who, restated, base, "RESTATES")
    assert await term(who, base, "2024-12-31") == ("12", first, "AMENDMENT")
    assert await term(who, base, "2025-01-01") == ("", "", "UNSPECIFIED")
    price = (await said(who, base, "2025-01-01", "energy_price"))["energy_price"]
    assert price.cell.value == "0.12"


async def test_a_persons_precedence_wins(who, refusal_of):
    base, _, _ = await amended(who)
    asked = family_service_pb2.Family(name=f"{base}/family", precedence=[base], etag='"0"')
    declared = await who.call("UpdateFamily", family_service_pb2.UpdateFamilyRequest(family=asked))
    assert list(declared.precedence) == [base]
    assert await term(who, base, "2025-06-30") == ("10", base, "DECLARED")
    stale = await refusal_of(who.call("UpdateFamily", family_service_pb2.UpdateFamilyRequest(family=asked)))
    assert stale[1] == "ETAG_MISMATCH"
    stranger = await document(who)
    asked = family_service_pb2.Family(name=f"{base}/family", precedence=[stranger])
    refused = await refusal_of(who.call("UpdateFamily", family_service_pb2.UpdateFamilyRequest(family=asked)))
    assert refused[1] == "INVALID_FIELD"


async def test_a_draft_says_nothing(who):
    base = await document(who, term_years="10", effective_date="2020-01-01")
    draft = await who.call(
        "CreateContract",
        record_service_pb2.CreateContractRequest(contract=contract_pb2.Contract(label="a draft")),
    )
    for field, value in (("term_years", "30"), ("effective_date", "2021-01-01")):
        name = f"{draft.name}/fields/{field}"
        request = grid_service_pb2.CorrectCellRequest(name=name, value=value, unit=UNITS[field], reason="x")
        await who.call("CorrectCell", request)
    await link(who, draft.name, base)
    assert await term(who, base, "2025-01-01") == ("10", base, "ONLY_SOURCE")


async def test_what_an_amendment_says_unproven_is_a_doubt(service, who, claude):
    quote = "The term shall be about twelve or so years"
    claude.answer = lambda group: group_answer(group, {"term_years": ("12", "years", quote)})
    base = await document(who, term_years="10", effective_date="2020-01-01")
    amendment = await document(who, f"{quote}.", effective_date="2022-01-01")
    async with service.working():
        await who.finished((await who.analyze(amendment)).name)
    await link(who, amendment, base)
    found = (await said(who, base, "2023-01-01", "term_years"))["term_years"]
    assert found.cell.value == "10"
    assert [cell.name for cell in found.doubts] == [f"{amendment}/fields/term_years"]


async def test_circular_amendments_are_refused_with_the_way_round(who, refusal_of):
    first, second, third = [await document(who) for _ in range(3)]
    await link(who, first, second)
    await link(who, second, third, "UNDER")
    refused = await told_in(link(who, third, first))
    assert refused.reason_name == "FAMILY_CIRCLE"
    assert refused.metadata["way"].split(",") == [third, first, second, third]
    assert (await refusal_of(link(who, first, first)))[1] == "FAMILY_CIRCLE"
    assert (await refusal_of(link(who, first, second, "UNDER")))[1] == "ALREADY_EXISTS"


async def test_two_links_at_once_close_no_circle(who, refusal_of):
    """Each alone is sound; together they would be a circle."""
    for _ in range(5):
        one, other = await document(who), await document(who)
        tried = await asyncio.gather(link(who, one, other), link(who, other, one), return_exceptions=True)
        assert sum(isinstance(result, grpc.aio.AioRpcError) for result in tried) == 1


async def test_half_a_family(who):
    base = await document(who, label="Master", term_years="10", agreement_date="2019-05-17")
    text = "AMENDMENT NO. 3 to the Master Energy Services Agreement dated as of May 17, 2019 by the parties."
    alone = await document(who, text, agreement_type="AMENDMENT", effective_date="2022-01-01")
    gaps = {one.kind: one for one in (await family(who, alone)).gaps}
    missing = gaps[Gap.FAMILY_GAP_KIND_NO_TARGET]
    assert list(missing.candidates) == [base]
    assert missing.evidence.quote == "the Master Energy Services Agreement dated as of May 17, 2019"
    assert "link" in missing.message
    assert Gap.FAMILY_GAP_KIND_NOT_READ in gaps
    await link(who, alone, base, ordinal=3)
    gaps = {one.kind: one for one in (await family(who, base)).gaps}
    assert "Amendment 1, 2" in gaps[Gap.FAMILY_GAP_KIND_ORDINAL].message
    assert Gap.FAMILY_GAP_KIND_NO_TARGET not in gaps


async def test_an_amendment_that_nobody_can_date_is_not_applied_and_not_forgotten(who):
    base = await document(who, term_years="10", effective_date="2020-01-01")
    undated = await document(who, term_years="12")
    made = await link(who, undated, base)
    assert Gap.FAMILY_GAP_KIND_NO_DATE in {one.kind for one in (await family(who, base)).gaps}
    found = (await said(who, base, "2030-01-01", "term_years"))["term_years"]
    assert (found.cell.value, [cell.value for cell in found.doubts]) == ("10", ["12"])
    changed = family_service_pb2.Link(name=made.name, effective_date=day("2021-01-01"))
    await who.call("UpdateLink", family_service_pb2.UpdateLinkRequest(link=changed))
    assert await term(who, base, "2030-01-01") == ("12", undated, "AMENDMENT")


async def test_a_link_is_changed_by_its_mask_and_kept_when_it_is_deleted(who, refusal_of):
    base, first, _ = await amended(who)
    made = (await family(who, first)).members[0].links[0]
    wrong = family_service_pb2.UpdateLinkRequest(
        link=made, update_mask=field_mask_pb2.FieldMask(paths=["target"])
    )
    assert (await refusal_of(who.call("UpdateLink", wrong)))[1] == "INVALID_FIELD"
    impossible = family_service_pb2.Link(
        name=made.name, effective_date=date_pb2.Date(year=2023, month=2, day=30)
    )
    request = family_service_pb2.UpdateLinkRequest(link=impossible)
    assert (await refusal_of(who.call("UpdateLink", request)))[1] == "INVALID_FIELD"
    stale = family_service_pb2.DeleteLinkRequest(name=made.name, etag='"9"')
    assert (await refusal_of(who.call("DeleteLink", stale)))[1] == "ETAG_MISMATCH"
    await who.call(
        "DeleteLink", family_service_pb2.DeleteLinkRequest(name=made.name, reason="of another family")
    )
    assert await term(who, base, "2025-06-30") == ("10", base, "ONLY_SOURCE")
    kept = await who.call("ListRevisions", record_service_pb2.ListRevisionsRequest(parent=first))
    newest = kept.revisions[0]
    assert (list(newest.paths), newest.reason) == (["links"], "of another family")
    before = kept.revisions[1].name
    was = await who.call("GetRevision", record_service_pb2.GetRevisionRequest(name=before))
    assert [one.target for one in was.links] == [base]


async def test_an_amendment_of_two_has_no_one_reading(who):
    one, two = await document(who), await document(who)
    both = await document(who, effective_date="2022-01-01")
    await link(who, both, one)
    await link(who, both, two)
    refused = await told_in(said(who, both, "2023-01-01"))
    assert refused.reason_name == "FAMILY_AMBIGUOUS"
    assert set(refused.metadata["targets"].split(",")) == {one, two}


async def test_a_member_that_is_not_to_be_seen_is_not_told_and_not_hidden(service, who):
    base, _, _ = await amended(who)
    colleague = under(service, who.org, OWN)
    mine = await document(colleague, term_years="5", effective_date="2021-01-01")
    await link(who, mine, base)
    seen = await family(colleague, mine)
    assert [one.contract for one in seen.members] == [mine]
    assert seen.hidden_members
    assert base not in str(seen)
    assert not (await family(who, mine)).hidden_members


async def test_another_organizations_contract_is_no_target(service, who, refusal_of):
    own, strange = await document(who), await document(service.someone())
    assert (await refusal_of(link(who, own, strange)))[1] == "NOT_FOUND"
    assert (await refusal_of(family(who, strange)))[1] == "NOT_FOUND"


# Defined terms


async def definitions(who: Caller, name: str, term: str = "", on: str = "2025-01-01") -> dict[str, Any]:
    request = family_service_pb2.ListDefinitionsRequest(parent=f"{name}/family", term=term, date=day(on))
    found = await who.call("ListDefinitions", request)
    return {one.term: one for one in found.definitions}


def state(definition: Any) -> str:
    return str(family_service_pb2.DefinitionState.Name(definition.state).removeprefix("DEFINITION_STATE_"))


ADDENDUM = """SITE ADDENDUM. "Facility" means the fuel cell system at the Site.
"Commercial Operation Date" has the meaning given to it in the Master Agreement.
"Fuel" has the meaning set forth in the Gas Supply Contract. This addendum (the "Addendum") is dated today."""
MASTER = """MASTER AGREEMENT. "Facility" means every facility under any addendum.
"Commercial Operation Date" means the day on which the Facility first delivers Energy to the Buyer.
"Energy" shall mean electric energy; "Seller" has the meaning given in the Addendum."""


async def test_a_defined_term_is_followed_into_the_document_that_defines_it(who):
    master = await document(who, MASTER, label="Master Agreement", effective_date="2020-01-01")
    addendum = await document(who, ADDENDUM, label="Site addendum", effective_date="2021-01-01")
    await link(who, addendum, master, "UNDER")
    found = await definitions(who, addendum)
    cod = found["Commercial Operation Date"]
    assert (state(cod), cod.contract) == ("RESOLVED", master)
    assert cod.evidence.quote.startswith('"Commercial Operation Date" means the day')
    assert [one.contract for one in cod.references] == [addendum]
    facility = found["Facility"]
    assert (facility.contract, [one.contract for one in facility.overridden]) == (addendum, [master])
    assert state(found["Fuel"]) == "MISSING"
    assert found["Energy"].contract == master
    assert set(await definitions(who, addendum, "commercial  operation DATE")) == {
        "Commercial Operation Date"
    }


async def test_definitions_that_lead_in_a_circle(who):
    one = await document(
        who, '"Seller" has the meaning given in the Master Agreement.', effective_date="2021-01-01"
    )
    other = await document(
        who,
        '"Seller" has the meaning given in the Addendum.',
        label="Master Agreement",
        effective_date="2020-01-01",
    )
    await link(who, one, other, "UNDER")
    assert state((await definitions(who, one))["Seller"]) == "CIRCULAR"


async def test_an_annex_of_definitions_defines_and_says_nothing_else(who):
    annex = await document(
        who, '"Outage" means an hour without output.', term_years="99", effective_date="2020-01-01"
    )
    base = await document(who, "An agreement.", effective_date="2020-01-01")
    await link(who, base, annex, "DEFINED_BY")
    assert (await definitions(who, base))["Outage"].contract == annex
    assert await term(who, base, "2025-01-01") == ("", "", "UNSPECIFIED")


async def test_an_amendment_gives_a_term_another_meaning_from_its_day_on(who):
    base = await document(who, '"Site" means the parcel in Hartford.', effective_date="2020-01-01")
    amendment = await document(who, '"Site" means the parcel in Stamford.', effective_date="2024-06-01")
    await link(who, amendment, base)
    assert (await definitions(who, base, on="2024-05-31"))["Site"].contract == base
    assert (await definitions(who, base, on="2024-06-01"))["Site"].contract == amendment


async def test_definitions_by_pages(who):
    text = "\n".join(f'"Term {letter}" means {letter}.' for letter in "ABCDE")
    name = await document(who, text)
    found: list[str] = []
    token = ""
    while True:
        request = family_service_pb2.ListDefinitionsRequest(
            parent=f"{name}/family", date=day("2025-01-01"), page_size=2, page_token=token
        )
        answer = await who.call("ListDefinitions", request)
        found += [one.term for one in answer.definitions]
        token = answer.next_page_token
        if not token:
            break
    assert found == [f"Term {letter}" for letter in "ABCDE"]
