"""Contradictions of contracts: found by an analysis or a look, listed, dismissed, across documents."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from bloom.contracts.v1 import contract_service_pb2, contradiction_service_pb2, family_service_pb2
from contracts_service.contradictions import isolate
from contracts_service.contradictions.model import Kind, Severity
from contracts_service.evidence import DocumentText

from .conftest import Caller

OPEN, DISMISSED, GONE = (
    contradiction_service_pb2.CONTRADICTION_STATE_OPEN,
    contradiction_service_pb2.CONTRADICTION_STATE_DISMISSED,
    contradiction_service_pb2.CONTRADICTION_STATE_GONE,
)
WORDS = contradiction_service_pb2.CONTRADICTION_KIND_WORDS_AND_FIGURES
DATE = contradiction_service_pb2.CONTRADICTION_KIND_DATE
TWICE = contradiction_service_pb2.CONTRADICTION_KIND_SAME_QUANTITY_TWICE

AGREEMENT = """ENERGY SERVICES AGREEMENT

This Agreement is dated as of March 3, 2025 between Lakeside Hospital Trust and Bloom Energy Corporation.

1.1 Term. The initial term of this Agreement is fifteen (15) years (the "Initial Term").

1.2 Payment. Each invoice is payable within thirty (45) days of receipt of the invoice by Buyer.

1.3 Meeting. The parties meet on Monday, March 4, 2025, at the site.
"""
SOUND = AGREEMENT.replace("thirty (45)", "thirty (30)").replace("Monday", "Tuesday")
AMENDMENT = """FIRST AMENDMENT TO ENERGY SERVICES AGREEMENT

This First Amendment amends the Energy Services Agreement dated as of March 3, 2025 (the "Agreement").

1.1 Background. The Agreement runs for ten (10) years (the "Initial Term").
"""


async def listed(who: Any, parent: str, **fields: Any) -> Any:
    request = contradiction_service_pb2.ListContradictionsRequest(parent=parent, **fields)
    return await who.call("ListContradictions", request)


async def kinds(who: Any, parent: str, **fields: Any) -> list[int]:
    return [one.kind for one in (await listed(who, parent, **fields)).contradictions]


async def dismiss(who: Any, name: str, reason: str = "the parties agreed", etag: str = "") -> Any:
    request = contradiction_service_pb2.DismissContradictionRequest(name=name, reason=reason, etag=etag)
    return await who.call("DismissContradiction", request)


async def reopen(who: Any, name: str, reason: str = "") -> Any:
    request = contradiction_service_pb2.ReopenContradictionRequest(name=name, reason=reason)
    return await who.call("ReopenContradiction", request)


async def uploaded(who: Any, text: str) -> str:
    return str((await who.upload(text.encode())).contract.name)


async def test_what_contradicts_is_listed_with_both_passages(service):
    who = service.someone()
    found = await listed(who, await uploaded(who, AGREEMENT))
    assert found.searched
    words, date = found.contradictions
    assert (words.kind, words.state, date.kind) == (WORDS, OPEN, DATE)
    assert [passage.value for passage in words.passages] == ["30", "45"]
    for passage in words.passages:
        evidence = passage.evidence
        assert AGREEMENT[evidence.char_start : evidence.char_end] == evidence.quote
        assert evidence.page == 1
    assert words.sentence == 'The number is written "thirty" in words and 45 in figures.'
    assert not (await listed(who, await uploaded(who, SOUND))).contradictions


async def test_filters_and_pages(service, refusal_of):
    who = service.someone()
    first, second = await uploaded(who, AGREEMENT), await uploaded(who, f"{AGREEMENT}\n2.")
    assert await kinds(who, first, kinds=[DATE]) == [DATE]
    assert not (await listed(who, "contracts/-")).searched
    assert len(await kinds(who, second)) == 2
    assert (await listed(who, "contracts/-")).searched
    assert await kinds(who, first, severities=[contradiction_service_pb2.CONTRADICTION_SEVERITY_LOW]) == []
    assert await kinds(who, first, states=[DISMISSED]) == []
    names, token = [], ""
    while token or not names:
        page = await listed(who, "contracts/-", page_size=1, page_token=token)
        names, token = [*names, *(one.name for one in page.contradictions)], page.next_page_token
    assert [name.rpartition("/contradictions/")[0] for name in names] == [second, second, first, first]
    token = (await listed(who, first, page_size=1)).next_page_token
    assert (await refusal_of(listed(who, second, page_token=token)))[1] == "PAGE_TOKEN_INVALID"


async def test_a_dismissal_is_kept_with_who_when_and_why(service, refusal_of):
    who = service.someone()
    name = await uploaded(who, AGREEMENT)
    one = (await listed(who, name)).contradictions[0]
    assert (await refusal_of(dismiss(who, one.name, etag='"9"')))[1] == "ETAG_MISMATCH"
    said = await dismiss(who, one.name, etag=one.etag)
    assert (said.state, said.review_reason) == (DISMISSED, "the parties agreed")
    assert said.reviewer
    assert said.review_time.seconds
    assert (await dismiss(who, one.name, "again")).etag == said.etag
    assert await kinds(who, name, states=[OPEN]) == [DATE]
    assert (await reopen(who, one.name, "they did not")).state == OPEN
    detail = await who.call(
        "GetContradiction", contradiction_service_pb2.GetContradictionRequest(name=one.name)
    )
    assert [(review.state, review.reason) for review in detail.reviews] == [
        (OPEN, "they did not"),
        (DISMISSED, "the parties agreed"),
    ]


async def test_a_dismissal_holds_until_the_passages_change(service, refusal_of):
    who = service.someone()
    name = await uploaded(who, AGREEMENT)
    one = (await listed(who, name)).contradictions[0]
    await dismiss(who, one.name)
    # Another file with the same words, elsewhere in it.
    await who.attach(name, AGREEMENT.replace("1.1 Term.", "1.1 Definition of the Term.").encode())
    assert [each.state for each in (await listed(who, name)).contradictions] == [DISMISSED, OPEN]
    await who.attach(name, AGREEMENT.replace("thirty (45)", "thirty (60)").encode(), "third.txt")
    assert [each.state for each in (await listed(who, name)).contradictions] == [OPEN, OPEN]
    assert (await listed(who, name, states=[GONE])).contradictions[0].name == one.name
    assert (await refusal_of(reopen(who, one.name)))[1] == "STATE_FORBIDS"


async def test_an_analysis_searches(service):
    who = service.someone()
    name = await uploaded(who, AGREEMENT)
    async with service.working():
        await who.finished((await who.analyze(name)).name)
        # It comes after what the operation waits for; there is no other way to know than to ask.
        for _ in range(500):
            if (await listed(who, "contracts/-")).searched:
                break
            await asyncio.sleep(0.02)
    assert await kinds(who, "contracts/-") == [WORDS, DATE]


async def test_an_analysis_changes_nothing_that_it_does_not_find_anew(service):
    who = service.someone()
    name = await uploaded(who, AGREEMENT)
    before = (await listed(who, name)).contradictions
    await dismiss(who, before[0].name)
    async with service.working():
        await who.finished((await who.analyze(name)).name)
    after = (await listed(who, name)).contradictions
    assert [(one.name, one.create_time) for one in after] == [(one.name, one.create_time) for one in before]
    assert [one.state for one in after] == [DISMISSED, OPEN]


async def test_an_amendment_is_held_against_the_agreement(service):
    who = service.someone()
    name = await uploaded(who, SOUND)
    await who.attach(name, AMENDMENT.encode())
    (one,) = (await listed(who, name)).contradictions
    assert one.kind == TWICE
    assert [passage.value for passage in one.passages] == ["15 years", "10 years"]
    assert len({passage.evidence.document for passage in one.passages}) == 2
    replaced = AMENDMENT.replace("Background. The Agreement runs", "Term. The Agreement is changed to run")
    other = await uploaded(who, f"{SOUND}\n")
    await who.attach(other, replaced.encode())
    assert await kinds(who, other) == []


async def test_a_linked_amendment_is_held_against_its_agreement(service, refusal_of):
    who = service.someone()
    base, amendment = await uploaded(who, SOUND), await uploaded(who, AMENDMENT)
    assert await kinds(who, amendment) == []
    link = family_service_pb2.Link(target=base, kind=family_service_pb2.LINK_KIND_AMENDS)
    request = family_service_pb2.CreateLinkRequest(parent=amendment, link=link, request_id=str(uuid4()))
    await who.call("CreateLink", request)
    (one,) = (await listed(who, amendment)).contradictions
    assert [passage.value for passage in one.passages] == ["15 years", "10 years"]
    assert await kinds(who, base) == []
    await who.call("DeleteContract", contract_service_pb2.DeleteContractRequest(name=base))
    assert await kinds(who, amendment) == []


async def test_what_quotes_a_contract_that_is_not_seen_is_not_there(service, refusal_of):
    who = service.someone()
    own = {"perms": ["contracts.read", "contracts.write", "contracts.review"], "own": True}
    token = service.signer.subject(who.org, (), sub=f"users/{uuid4()}", conds=[own], dept=["Legal"])
    colleague = Caller(service.channel, token, who.org)
    base, amendment = await uploaded(who, SOUND), await uploaded(colleague, AMENDMENT)
    link = family_service_pb2.Link(target=base, kind=family_service_pb2.LINK_KIND_AMENDS)
    request = family_service_pb2.CreateLinkRequest(parent=amendment, link=link, request_id=str(uuid4()))
    await who.call("CreateLink", request)
    (one,) = (await listed(who, amendment)).contradictions
    assert await kinds(colleague, amendment) == []
    assert await kinds(colleague, "contracts/-") == []
    shown = contradiction_service_pb2.GetContradictionRequest(name=one.name)
    for call in (colleague.call("GetContradiction", shown), dismiss(colleague, one.name)):
        assert (await refusal_of(call))[1] == "NOT_FOUND"


async def test_who_may_only_read_does_not_dismiss_and_others_see_nothing(service, refusal_of):
    who = service.someone()
    name = await uploaded(who, AGREEMENT)
    one = (await listed(who, name)).contradictions[0]
    reader = service.someone(who.org, ("contracts.read",))
    assert await kinds(reader, name) == [WORDS, DATE]
    assert (await refusal_of(dismiss(reader, one.name)))[0] == "PERMISSION_DENIED"
    other = service.someone()
    assert (await refusal_of(dismiss(other, one.name)))[1] == "NOT_FOUND"
    assert await kinds(other, "contracts/-") == []
    missing = f"contracts/{uuid4()}/contradictions/{'0' * 32}"
    assert (await refusal_of(dismiss(who, missing)))[1] == "NOT_FOUND"


async def test_a_search_that_takes_too_long_is_told(service, monkeypatch: pytest.MonkeyPatch):
    who = service.someone()
    monkeypatch.setattr(isolate.search, "__defaults__", ((), replace(isolate.LIMITS, wall_seconds=0.01)))
    found = await listed(who, await uploaded(who, AGREEMENT))
    assert (found.searched, len(found.contradictions)) == (False, 0)


async def test_the_search_runs_apart_and_answers_the_same():
    text = DocumentText(AGREEMENT, ((0, len(AGREEMENT)),), "documents/1", "0" * 64)
    found = await isolate.search([text], ())
    assert found is not None
    assert [(one.kind, one.severity) for one in found] == [
        (Kind.WORDS_AND_FIGURES, Severity.HIGH),
        (Kind.DATE, Severity.MEDIUM),
    ]
