"""Reading: long documents in parts, lists of entries, what it costs, what a new reading changes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import grpc
import pytest

from bloom.contracts.v1 import (
    contract_pb2,
    contract_service_pb2,
    operation_service_pb2,
    reading_service_pb2,
)
from contracts_service.fields import GROUPS
from contracts_service.prompts import uses
from service_runtime.errors import DomainError, Reason

from .conftest import AGREEMENT, TRUTH, Caller, Claude, Service, found, group_answer, metadata

VERIFIED, ABSENT = contract_pb2.VALUE_STATUS_VERIFIED, contract_pb2.VALUE_STATUS_ABSENT
FIELDS, PARTIES = contract_pb2.ANALYSIS_USE_FIELDS, contract_pb2.ANALYSIS_USE_PARTIES
TERMINATION = contract_pb2.ANALYSIS_USE_TERMINATION
Change = reading_service_pb2.FieldChange
SELLER = 'Bloom Energy Corporation, a Delaware corporation ("Seller")'
FILLER = "The parties keep records of what they deliver and of what they are paid for it. " * 90


def list_answer(name: str, *entries: dict[str, object]) -> str:
    """What Claude answers for a list: these entries, and the other kinds absent."""
    spec = uses.QUESTIONS[name].spec
    assert spec is not None
    present = {entry["kind"] for entry in entries}
    absent = [kind.code for kind in spec.kinds if kind.code not in present]
    whole = {"answers": [], "entries": list(entries), "absent": absent, "instructions_to_reader": []}
    return json.dumps(whole)


def party(kind: str, quote: str, legal_name: str) -> dict[str, object]:
    spec = uses.QUESTIONS["list_parties"].spec
    assert spec is not None
    stated = {"name": "legal_name", "state": "FOUND", "value": legal_name, "unit": "text", "quote": quote}
    absent = [one.name for one in spec.attributes if one.name != "legal_name"]
    return {"kind": kind, "text": "", "grade": "", "quote": quote, "attributes": [stated], "absent": absent}


def answer(name: str) -> str:
    """The truth about groups; of the parties, one told truly and one not; no other entries."""
    if name in GROUPS:
        return group_answer(name, TRUTH)
    if name == "list_parties":
        buyer = party("BUYER", "Lakeside Hospital Trust, a Delaware trust", "Lakeside General Hospital")
        return list_answer(name, party("SELLER", SELLER, "Bloom Energy Corporation"), buyer)
    return list_answer(name)


@pytest.fixture
def claude() -> Claude:
    return Claude(answer=answer)


async def uploaded(service: Service, text: str = AGREEMENT) -> tuple[Caller, str]:
    caller = service.someone()
    return caller, (await caller.upload(text.encode())).contract.name


async def entries(caller: Caller, name: str, **fields: object) -> reading_service_pb2.ListEntriesResponse:
    return await caller.call("ListEntries", reading_service_pb2.ListEntriesRequest(parent=name, **fields))


async def estimate(caller: Caller, name: str, **fields: object):
    return await caller.call(
        "EstimateAnalysis", reading_service_pb2.EstimateAnalysisRequest(name=name, **fields)
    )


async def done(caller: Caller, name: str, **fields: object):
    operation = await caller.finished((await caller.analyze(name, **fields)).name)
    assert not operation.HasField("error"), operation.error
    return operation


async def test_entries_are_listed_with_the_status_of_each_attribute(service: Service, claude: Claude):
    caller, name = await uploaded(service)
    async with service.working():
        operation = await done(caller, name, uses=[PARTIES, TERMINATION])
    assert sorted(claude.asked) == ["list_parties", "list_termination"]
    assert list(metadata(operation).uses) == [PARTIES, TERMINATION]
    listed = (await entries(caller, name, use=PARTIES, present_only=True)).entries
    buyer, seller = listed
    assert (seller.kind, seller.status, buyer.kind, buyer.status) == ("SELLER", VERIFIED, "BUYER", VERIFIED)
    true, false = seller.attributes[0], buyer.attributes[0]
    assert (true.name, true.value, true.status) == ("legal_name", "Bloom Energy Corporation", VERIFIED)
    assert (false.status, false.reason) == (contract_pb2.VALUE_STATUS_UNVERIFIED, "NO_VALUE_IN_QUOTE")
    evidence = seller.evidence[0]
    assert AGREEMENT[evidence.char_start : evidence.char_end] == evidence.quote == SELLER
    assert {one.status for one in seller.attributes[1:]} == {ABSENT}


async def test_entries_are_filtered_and_paged_and_absence_is_told(service: Service, refusal_of):
    caller, name = await uploaded(service)
    async with service.working():
        await done(caller, name, uses=[PARTIES, TERMINATION])
    whole = (await entries(caller, name)).entries
    kinds = [len(uses.QUESTIONS[one].spec.kinds) for one in ("list_parties", "list_termination")]
    assert len(whole) == sum(kinds)
    assert {one.status for one in (await entries(caller, name, use=TERMINATION)).entries} == {ABSENT}
    assert [one.kind for one in (await entries(caller, name, kind="SELLER")).entries] == ["SELLER"]
    paged, token = [], ""
    while True:
        page = await entries(caller, name, page_size=7, page_token=token)
        paged += page.entries
        token = page.next_page_token
        if not token:
            break
    assert paged == list(whole)
    first = await entries(caller, name, page_size=7)
    elsewhere = entries(caller, name, use=PARTIES, page_token=first.next_page_token)
    assert (await refusal_of(elsewhere))[0] == "INVALID_ARGUMENT"
    assert await refusal_of(entries(service.someone(), name)) == ("NOT_FOUND", "NOT_FOUND")


async def test_a_contract_that_nobody_has_read_has_no_entries_and_no_analyses(service: Service, refusal_of):
    caller, name = await uploaded(service)
    assert not (await entries(caller, name)).entries
    listed = await caller.call("ListAnalyses", reading_service_pb2.ListAnalysesRequest(parent=name))
    assert not listed.analyses
    compared = caller.call("CompareAnalyses", reading_service_pb2.CompareAnalysesRequest(name=name))
    assert await refusal_of(compared) == ("FAILED_PRECONDITION", "STATE_FORBIDS")


def articles(*said: str) -> str:
    return "".join(f"ARTICLE {number}\n{words}\n{FILLER}\n" for number, words in enumerate(said, start=1))


TEN = "The initial term of this Agreement shall be ten (10) years."
LONG = articles(AGREEMENT, *["Nothing of note."] * 6, TEN)


def by_part(claude: Claude) -> None:
    """Each part is answered by what it says itself."""
    terms = {"fifteen (15) years": TRUTH["term_years"], "ten (10) years": ("10", "years", TEN.rstrip("."))}

    def of_part(name: str) -> str:
        text = claude.read[-1][1]
        stated = [quote for words, quote in terms.items() if words in text]
        term = {"term_years": stated[0]} if stated else {}
        law = {"governing_law": TRUTH["governing_law"]} if "laws of the State" in text else {}
        return group_answer(name, {**term, **law})

    claude.answer = of_part


async def test_a_long_document_is_read_in_parts_and_their_answers_are_one(service: Service, claude: Claude):
    by_part(claude)
    caller, name = await uploaded(service, LONG)
    async with service.working(analysis_request_tokens=12_000):
        operation = await done(caller, name)
    count = metadata(operation).part_count
    assert count >= 3
    assert {group: claude.asked.count(group) for group in GROUPS} == dict.fromkeys(GROUPS, count)
    assert all(group.done and group.parts_done == count for group in metadata(operation).groups)
    pages = contract_service_pb2.ListPagesRequest(parent=name, page_size=100)
    stored = "".join(page.text for page in (await caller.call("ListPages", pages)).pages)
    assert "".join(sorted({text for _, text in claude.read}, key=stored.index)) == stored
    request = contract_service_pb2.ListExtractedValuesRequest(parent=name, page_size=500)
    values = (await caller.call("ListExtractedValues", request)).values
    term = {(value.value, value.status) for value in values if value.field == "term_years"}
    assert term == {(years, contract_pb2.VALUE_STATUS_CONFLICT) for years in ("10", "15")}
    (law,) = [value for value in values if value.field == "governing_law"]
    assert (law.value, law.status) == ("New York", VERIFIED)
    (seller,) = [value for value in values if value.field == "seller"]
    assert seller.status == ABSENT


async def test_what_one_part_blacks_out_is_told_unless_another_proves_it(service: Service, claude: Claude):
    by_part(claude)
    truth = claude.answer

    def of_part(name: str) -> str:
        if name != "term":
            return truth(name)
        said = json.loads(truth(name))
        if claude.read[-1][1].startswith("ARTICLE 1"):
            quote = "The capacity price is [***]."
            for field in ("renewal_term_years", "term_years"):
                redacted = {**found(field, "", "", quote), "state": "REDACTED"}
                said["answers"] = [redacted if one["field"] == field else one for one in said["answers"]]
        return json.dumps(said)

    claude.answer = of_part
    caller, name = await uploaded(service, LONG)
    async with service.working(analysis_request_tokens=12_000):
        await done(caller, name)
    values = await caller.values(name)
    # The mark stands for no term of years, so it proves nothing; but it is not silently dropped.
    assert values["renewal_term_years"].status == contract_pb2.VALUE_STATUS_UNVERIFIED
    assert (values["term_years"].value, values["term_years"].status) == ("10", VERIFIED)


async def test_parts_and_lists_that_are_answered_are_not_asked_again_after_a_fault(
    service: Service, claude: Claude
):
    faults = iter([DomainError(grpc.StatusCode.UNAVAILABLE, Reason.ERROR_REASON_AI_UNAVAILABLE, "Away.")] * 2)

    def of_part(name: str) -> str:
        last = "ten (10) years" in claude.read[-1][1]
        if name == "list_termination" and last and (due := next(faults, None)):
            raise due
        return answer(name) if name in GROUPS else list_answer(name)

    claude.answer = of_part
    caller, name = await uploaded(service, LONG)
    async with service.working(analysis_request_tokens=12_000, analysis_attempts=2):
        failed = await caller.finished((await caller.analyze(name, uses=[FIELDS, TERMINATION])).name)
        assert failed.HasField("error")
        count = metadata(failed).part_count
        (open_list,) = [group for group in metadata(failed).groups if not group.done]
        assert (open_list.group, open_list.parts_done) == ("list_termination", count - 1)
        asked = len(claude.asked)
        await done(caller, name, uses=[FIELDS, TERMINATION])
    assert claude.asked[asked:] == ["list_termination"]
    assert claude.asked.count("term") == count


async def test_a_list_that_is_too_long_to_write_is_asked_for_in_smaller_parts(
    service: Service, claude: Claude
):
    """Claude writes the list of what is at most half of the document; the parts' entries are one list."""
    text = articles(
        f"{SELLER} sells.", 'Lakeside Hospital Trust, a Delaware trust ("Buyer") buys.', "No more."
    )

    def answers(name: str) -> str:
        read = claude.read[-1][1]
        if name != "list_parties":
            return answer(name)
        if len(read) > len(text) * 0.7:
            raise DomainError(grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_AI_ANSWER_TRUNCATED, "cut")
        buyer = party("BUYER", "Lakeside Hospital Trust, a Delaware trust", "Lakeside Hospital Trust")
        seller = party("SELLER", SELLER, "Bloom Energy Corporation")
        return list_answer(name, *(one for one in (seller, buyer) if str(one["quote"]) in read))

    claude.answer = answers
    caller, name = await uploaded(service, text)
    async with service.working():
        await done(caller, name, uses=[PARTIES])
    listed = (await entries(caller, name, use=PARTIES, present_only=True)).entries
    assert sorted((one.kind, one.status) for one in listed) == [("BUYER", VERIFIED), ("SELLER", VERIFIED)]
    assert len(claude.asked) >= 3
    absent = (await entries(caller, name, use=PARTIES)).entries
    assert len({one.kind for one in absent}) == len(absent)


async def test_a_list_that_never_ends_fails_the_analysis(service: Service, claude: Claude):
    def answers(name: str) -> str:
        raise DomainError(grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_AI_ANSWER_TRUNCATED, "cut")

    claude.answer = answers
    caller, name = await uploaded(service)
    async with service.working(analysis_attempts=1):
        operation = await caller.finished((await caller.analyze(name, uses=[PARTIES])).name)
    assert "cut" in operation.error.message


async def test_cancelling_ends_the_calls_that_are_under_way(service: Service, claude: Claude):
    under_way, parallel = asyncio.Event(), 3

    async def stuck(name: str) -> str:
        if len(claude.asked) == 1:
            return group_answer(name, TRUTH)
        if len(claude.asked) == 1 + parallel:
            under_way.set()
        return await asyncio.Event().wait()

    claude.answer = stuck
    caller, name = await uploaded(service)
    operation = (await caller.analyze(name)).name
    async with service.working(analysis_parallel_groups=parallel):
        await under_way.wait()
        await caller.call("CancelOperation", operation_service_pb2.CancelOperationRequest(name=operation))
        async with asyncio.timeout(10):
            while len(claude.broken_off) < parallel:  # noqa: ASYNC110 the fake is another server
                await asyncio.sleep(0.01)
        assert sorted(claude.broken_off) == sorted(claude.asked[1:])
        # What was answered before is kept: the next try asks for the rest.
        claude.asked.clear()
        claude.answer = answer
        await done(caller, name)
    assert len(claude.asked) == len(GROUPS) - 1


async def test_a_new_analysis_asks_only_what_has_another_version(
    service: Service, claude: Claude, monkeypatch
):
    caller, name = await uploaded(service)
    async with service.working():
        await done(caller, name)
        claude.asked.clear()
        again = await done(caller, name)
        assert claude.asked == []
        assert metadata(again).cost_micro_usd == 0
        changed = {**uses.QUESTIONS, "term": replace(uses.QUESTIONS["term"], version="extraction/3")}
        monkeypatch.setattr(uses, "QUESTIONS", changed)
        assert (await estimate(caller, name)).request_count == 1
        await done(caller, name)
        assert claude.asked == ["term"]
        claude.asked.clear()
        await done(caller, name, anew=True)
    assert sorted(claude.asked) == sorted(GROUPS)


async def test_what_an_analysis_does_not_read_stays_as_it_was_read_before(service: Service, claude: Claude):
    caller, name = await uploaded(service)
    async with service.working():
        await done(caller, name, uses=[FIELDS, PARTIES])
        before = await caller.values(name)
        await done(caller, name, uses=[TERMINATION])
        assert await caller.values(name) == before
        present = (await entries(caller, name, present_only=True)).entries
        assert {one.use for one in present} == {PARTIES}
        contract = await caller.call("GetContract", contract_service_pb2.GetContractRequest(name=name))
        assert contract.analysis.verified_count == len(TRUTH)
        claude.asked.clear()
        await done(caller, name, uses=[FIELDS])
    assert claude.asked == []
    assert (await entries(caller, name, present_only=True)).entries == present


async def test_a_new_analysis_shows_what_changed_and_the_old_one_stays(service: Service, claude: Claude):
    caller, name = await uploaded(service)
    lie = ("90", "years", TRUTH["term_years"][2])
    due = (
        "30",
        "days after receipt of the invoice",
        "payable within thirty (30) days of receipt of the invoice",
    )
    second = {
        "agreement_date": TRUTH["agreement_date"], "term_years": lie, "invoice_due": due,
        "governing_law": (*TRUTH["governing_law"][:2], "governed by the laws of the planet New York"),
    }  # fmt: skip
    async with service.working():
        first = await done(caller, name)
        claude.answer = lambda group: group_answer(group, second)
        later = await done(caller, name, anew=True)
        claude.answer = lambda group: group_answer(group, {})
        await done(caller, name, anew=True)
    request = reading_service_pb2.CompareAnalysesRequest(name=name, earlier=first.name, later=later.name)
    compared = await caller.call("CompareAnalyses", request)
    changes = {change.field: change for change in compared.changes}
    assert {field: change.kind for field, change in changes.items()} == {
        "term_years": Change.KIND_CHANGED, "invoice_due": Change.KIND_ADDED,
        "governing_law": Change.KIND_STATUS_CHANGED,
    }  # fmt: skip
    term = changes["term_years"]
    assert (term.earlier[0].value, term.later[0].value) == ("15", "90")
    assert term.earlier[0].evidence[0].quote == TRUTH["term_years"][2]
    assert compared.unchanged_count == sum(map(len, GROUPS.values())) - len(changes)
    latest = await caller.call("CompareAnalyses", reading_service_pb2.CompareAnalysesRequest(name=name))
    assert latest.earlier == later.name
    assert {change.kind for change in latest.changes} == {Change.KIND_REMOVED}
    request = reading_service_pb2.ListAnalysesRequest(parent=name, page_size=2)
    page = await caller.call("ListAnalyses", request)
    request.page_token = page.next_page_token
    rest = (await caller.call("ListAnalyses", request)).analyses
    listed = [one.operation for one in (*page.analyses, *rest)]
    assert listed == [latest.later, later.name, first.name]


async def test_an_analysis_of_another_contract_is_not_compared(service: Service, refusal_of):
    caller, name = await uploaded(service)
    other = (await caller.upload((AGREEMENT + "\nAnother one.").encode())).contract.name
    async with service.working():
        await done(caller, name)
        stray = await done(caller, other)
    for fields in ({"earlier": stray.name}, {"later": stray.name}):
        request = reading_service_pb2.CompareAnalysesRequest(name=name, **fields)
        assert (await refusal_of(caller.call("CompareAnalyses", request)))[0] == "NOT_FOUND"


async def test_an_estimate_counts_what_is_still_to_be_asked(service: Service, claude: Claude, refusal_of):
    caller, name = await uploaded(service)
    before = await estimate(caller, name, uses=[FIELDS, PARTIES])
    assert (before.part_count, before.request_count, before.answered_count) == (1, len(GROUPS) + 1, 0)
    assert 0 < before.input_tokens.low < before.input_tokens.high
    assert 0 < before.cost_micro_usd.low < before.cost_micro_usd.high
    assert before.batch_cost_micro_usd.low < before.cost_micro_usd.low
    assert before.duration.low.ToTimedelta() < before.duration.high.ToTimedelta()
    assert before.model
    assert before.assumptions
    assert not claude.asked
    async with service.working():
        await done(caller, name)
    after = await estimate(caller, name, uses=[FIELDS, PARTIES])
    assert (after.request_count, after.answered_count) == (1, len(GROUPS))
    assert after.cost_micro_usd.high < before.cost_micro_usd.high
    nothing = await estimate(caller, name)
    assert (nothing.request_count, nothing.cost_micro_usd.high) == (0, 0)
    assert (await estimate(caller, name, anew=True)).request_count == len(GROUPS)
    assert await refusal_of(estimate(service.someone(), name)) == ("NOT_FOUND", "NOT_FOUND")
