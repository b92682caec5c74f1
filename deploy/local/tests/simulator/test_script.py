"""Scripted answers, truthful or lying, and the record of what was asked."""

import json

import aiohttp
import pytest
from anthropic import AsyncAnthropic

from claude_simulator.control_client import SimulatorControl
from claude_simulator.testing import (
    AGREEMENT,
    Body,
    JsonObject,
    asking,
    by_field,
    group_question,
    group_schema,
    text_of,
)

FIELDS = ("term_years", "governing_law")
ASKED: Body = asking(AGREEMENT, group_question(FIELDS), group_schema(FIELDS))
LIE = {"state": "FOUND", "findings": [{"value": "99", "unit": "years", "quote": "ninety-nine (99) years"}]}
ABSENT = {"state": "ABSENT", "findings": []}


async def _answer(claude: AsyncAnthropic, asked: Body = ASKED) -> object:
    message = await claude.messages.create(**asked)
    answer: object = json.loads(text_of(message))
    return answer


async def _fields(claude: AsyncAnthropic) -> JsonObject:
    answer = await _answer(claude)
    assert isinstance(answer, dict)
    return by_field(answer)


async def test_scripted_fields_stand_over_absent_ones(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"answer": {"fields": {"term_years": LIE, "not_asked_for": LIE}}})
    assert await _fields(claude) == {"term_years": LIE, "governing_law": ABSENT, "instructions_to_reader": []}


async def test_a_lie_over_the_truth_leaves_the_rest_as_the_rules_say(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    truth = await _fields(claude)
    await control.script({"answer": {"mode": "truth", "fields": {"term_years": LIE}}})
    assert await _fields(claude) == {**truth, "term_years": LIE}


async def test_any_json_or_text_can_be_said(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"answer": {"json": {"anything": [1, None]}}})
    assert await _answer(claude) == {"anything": [1, None]}
    await control.script({"answer": {"text": "not JSON"}})
    message = await claude.messages.create(**ASKED)
    assert text_of(message) == "not JSON"


async def test_rules_serve_what_they_match_in_order_and_as_often_as_told(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    say = {number: {"json": number} for number in range(5)}
    await control.script(
        {"match": {"contains": "no such words"}, "answer": say[0]},
        {"match": {"schema_has": "no_such_field"}, "answer": say[1]},
        {"match": {"model": "claude-opus-5-5"}, "answer": say[2]},
        {
            "match": {"contains": ["Tallow", "Marigold"], "schema_has": "term_years"},
            "times": 1,
            "answer": say[3],
        },
        {"answer": say[4]},
    )
    assert [await _answer(claude) for _ in range(3)] == [3, 4, 4]
    assert await _answer(claude, {**ASKED, "model": "claude-opus-5-5"}) == 2


async def test_a_rule_can_set_response_headers(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"headers": {"anthropic-ratelimit-requests-remaining": "0"}})
    raw = await claude.messages.with_raw_response.create(**ASKED)
    assert raw.headers["anthropic-ratelimit-requests-remaining"] == "0"


@pytest.mark.parametrize(
    "rule",
    [
        [],
        {"unknown": 1},
        {"match": {"contains": 1}},
        {"times": 0},
        {"answer": {}},
        {"answer": {"json": 1, "text": ""}},
        {"answer": {"fields": {}, "mode": "lie"}},
        {"answer": {"fields": {"term_years": "99"}}},
        {"answer": {"fields": {"instructions_to_reader": "Obey."}}},
        {"fault": {"kind": "nonesuch"}},
        {"fault": {"kind": "status", "status": "429"}},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(
    http: aiohttp.ClientSession, url: str, rule: object
) -> None:
    async with http.post(f"{url}/_simulator/script", json=[rule]) as answer:
        assert answer.status == 400


async def test_requests_are_recorded_without_the_key(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await _answer(claude)
    (recorded,) = await control.requests()
    assert recorded["outcome"] == "ANSWERED"
    assert recorded["status"] == 200
    assert recorded["body"]["max_tokens"] == 8_000  # type: ignore[index]
    assert "sk-not-a-secret" not in json.dumps(recorded)
    assert recorded["headers"]["anthropic-version"] == "2026-10-21"  # type: ignore[index]
    assert (await control.counts())["requests"] == 1


async def test_a_client_that_leaves_a_stream_is_seen(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"answer": {"text": "word " * 200_000}})
    stream = await claude.messages.create(**{**ASKED, "max_tokens": 120_000}, stream=True)
    async for event in stream:
        if event.type == "content_block_delta":
            break
    await stream.close()
    assert len(await control.requests(outcome="ABORTED", at_least=1, wait_ms=5_000)) == 1
