"""What users of other gateways complain of, each with the tests that would fail here if it were so."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import uuid4

import grpc
import psutil
import pytest

from ai_gateway.generation import withholding
from ai_gateway.privacy.redaction import RedactionError, redact
from ai_gateway_testing.backends import Database
from ai_gateway_testing.gateway import Client, Gateway, prompt
from ai_gateway_testing.processes import GatewayProcess, gateways
from bloom.ai.v1 import ai_service_pb2
from claude_simulator.control_client import SimulatorControl

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
HERE = Path(__file__).parent
BYPASS = ai_service_pb2.CACHE_POLICY_BYPASS
COMPLAINTS = {
    "memory without end (LiteLLM #12685, #27954, #38193)": (
        "test_complaints.py::test_memory_does_not_grow_with_calls_and_streams",
        "test_privacy_redaction.py::test_kept_scans_are_bounded_in_texts_and_in_finds",
    ),
    "Claude's cache tokens billed twice or at full price (LiteLLM #9812, #11789; Bifrost #3451)": (
        "test_money.py::test_the_price_of_tokens",
        "test_money.py::test_a_document_is_paid_for_once_and_then_read_from_the_prompt_cache",
    ),
    "streamed usage lost (Envoy AI gateway #2290, APISIX #13662)": (
        "test_complaints.py::test_usage_that_comes_only_in_message_delta_is_paid",
        "test_streams.py::test_a_stream_cut_midway_ends_with_an_error_and_is_billed_for_what_came",
        "test_money.py::test_usage_sums_what_the_answers_said",
    ),
    "batches always $0 (LiteLLM #27944)": ("test_batches.py::test_the_cost_is_half_and_the_same_everywhere",),
    "budgets overrun, or per replica (LiteLLM #26672, #40291; Bifrost #3547)": (
        "test_budgets.py::test_500_calls_at_once_over_4_replicas_never_overspend",
        "test_budgets.py::test_without_its_budget_nothing_is_limited",
    ),
    "deadlocks that drop spend (LiteLLM #6895)": (
        "test_complaints.py::test_many_organizations_at_two_replicas_lose_no_spend_to_deadlocks",
    ),
    "another tenant's cached answer (LiteLLM #29955, #6954)": (
        "test_cache.py::test_another_organization_never_gets_the_answer",
        "test_flights.py::test_another_organizations_equal_question_is_another_one",
        "test_cache_soundness.py::test_100_000_pairs_that_differ_in_one_thing_never_share_a_key",
        "test_cache_soundness.py::test_a_key_that_is_blind_to_one_thing_is_found_out",
    ),
    "guardrails skipped on streams yet logged as done (LiteLLM #35257, #42476)": (
        "test_complaints.py::test_a_stream_is_guarded_as_its_record_says",
        "test_privacy_on_the_wire.py::test_a_stream_is_restored_wherever_it_is_cut",
        "test_privacy_restoring.py::test_a_stream_restores_as_the_whole_does",
    ),
    "fail open under load (LiteLLM #30728)": (
        "test_complaints.py::test_under_load_what_cannot_be_guarded_does_not_leave",
        "test_egress.py::test_without_a_record_nothing_is_sent",
        "test_privacy_on_the_wire.py::test_what_cannot_be_searched_does_not_leave",
    ),
    "no cancellation, upstream held for minutes (LiteLLM #13774)": (
        "test_cancel.py::test_through_the_gateway_before_the_answer",
        "test_cancel.py::test_through_the_gateway_in_the_middle_of_a_stream",
        "test_streams.py::test_a_client_that_leaves_a_stream_ends_it_upstream_and_pays_for_what_came",
        "test_no_hang.py::test_a_claude_that_takes_too_long_is_left",
    ),
    "cache_control dropped (Bifrost #1935, Portkey #1579)": (
        "test_complaints.py::test_what_the_caller_marks_for_the_prompt_cache_arrives_as_it_was",
        "test_generate.py::test_breakpoints_of_the_caller_count_against_the_four",
    ),
    "a cached 429 replayed": (
        "test_no_hang.py::test_a_fault_is_told_paid_as_far_as_it_went_and_forgotten",
        "test_cache.py::test_only_complete_good_answers_are_kept",
    ),
}


def test_every_complaint_has_its_tests() -> None:
    nodes = sorted({node for tests in COMPLAINTS.values() for node in tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *(str(HERE / node) for node in nodes)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=HERE, check=False)
    assert found.returncode == 0, found.stdout[-2000:]


@pytest.fixture
async def process(
    database: Database, valkey_url: str, claude: SimulatorControl, tmp_path: Path
) -> AsyncIterator[GatewayProcess]:
    """A gateway by itself, so that its memory is its own."""
    async with gateways(
        tmp_path / "log", CLAUDE_BASE_URL=claude.url, DATABASE_URL=database.app, REDIS_URL=valkey_url,
        DATABASE_POOL_SIZE="4",
    ) as started:  # fmt: skip
        yield await started.start()


async def test_memory_does_not_grow_with_calls_and_streams(
    process: GatewayProcess, claude: SimulatorControl
) -> None:
    """Were questions or answers held, ten megabytes would be; MEMORY_CALLS sets for how many calls."""
    measured, warm = int(os.environ.get("MEMORY_CALLS", "400")), 150
    await claude.script({"match": {}, "answer": {"text": "An answer of some length. " * 250}})
    resident = psutil.Process(process.process.pid).memory_info
    numbers = iter(range(warm + measured))

    async def caller(client: Client) -> None:
        for number in numbers:
            asked = prompt(f"{number}? " + f"Paragraph {number} of a long text. " * 600)
            if number % 3:
                await client.ask(asked)
            else:
                await client.stream(asked)
            if number == warm:
                before.append(resident().rss)

    before: list[int] = []
    # An organization for each: nothing may be kept for them, either.
    await asyncio.gather(*(caller(process.client(uuid4())) for _ in range(8)))
    grown = (resident().rss - before[0]) / 2**20
    assert grown <= 8, f"{grown:.1f} MB in {measured} calls"


async def test_usage_that_comes_only_in_message_delta_is_paid(gateway: Gateway) -> None:
    text = "one two three four five six seven"
    await gateway.claude.script({"match": {}, "answer": {"text": text}, "usage": "late"})
    _, late = await gateway.client.stream(prompt("Count.", cache_policy=BYPASS))
    await gateway.claude.script({"match": {}, "answer": {"text": text}})
    _, early = await gateway.client.stream(prompt("Count.", cache_policy=BYPASS))
    plain = (await gateway.client.ask(prompt("Count.", cache_policy=BYPASS))).completion

    assert late is not None
    assert early is not None
    assert late.usage == early.usage == plain.usage
    assert late.cost_micro_usd == early.cost_micro_usd == plain.cost_micro_usd > 0
    assert [row["cost_micro_usd"] for row in await gateway.settled()] == [plain.cost_micro_usd] * 3


async def test_many_organizations_at_two_replicas_lose_no_spend_to_deadlocks(
    gateway: Gateway, start_gateway: StartGateway
) -> None:
    """Each statement writes for many organizations, and each replica meets them in another order."""
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    (before,) = await gateway.rows(deadlocks)
    async with start_gateway() as other:
        orgs = [uuid4() for _ in range(10)]
        clients = [
            [Client(replica.client.stub, replica.client.signer, org) for org in order]
            for replica, order in ((gateway, orgs), (other, orgs[::-1]))
        ]
        asked = [
            client.ask(prompt(f"{number} {place}", cache_policy=BYPASS))
            for number in range(15) for place in (0, 1) for client in clients[place]
        ]  # fmt: skip
        answers = await asyncio.gather(*asked)
        spent = sum([(await client.usage()).cost_micro_usd for client in clients[0]])
    assert spent == sum(answer.completion.cost_micro_usd for answer in answers) > 0
    (after,) = await gateway.rows(deadlocks)
    assert after["deadlocks"] == before["deadlocks"]


async def test_a_stream_is_guarded_as_its_record_says(gateway: Gateway) -> None:
    """Record, bytes that left, and answer tell the same, for who asks first and for who joins."""
    address = "jane.doe@example.com"
    await gateway.claude.script({"match": {}, "delay_ms": 200, "answer": {"text": "Write to [EMAIL-1]."}})
    asked = prompt("Where?", document=f"Notices go to {address}.")
    streams = await asyncio.gather(*(gateway.client.stream(asked) for _ in range(5)))

    assert {"".join(deltas) for deltas, _ in streams} == {f"Write to {address}."}
    (record,), (request,) = await gateway.settled(), await gateway.claude.requests()
    assert record["redactions"] == '{"EMAIL": 1}'
    assert address not in str(request["body"])
    assert "[EMAIL-1]" in str(request["body"])


async def test_under_load_what_cannot_be_guarded_does_not_leave(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One scan in three breaks, as it may when a machine is at its end; no one of these goes through."""
    broken = iter(range(10_000))

    def strained(body: object, marked: tuple[str, ...]) -> object:
        if next(broken) % 3 == 0:
            raise RedactionError("MemoryError")
        return redact(body, marked)  # type: ignore[arg-type]

    monkeypatch.setattr(withholding, "redact", strained)
    asks = (gateway.client.ask, gateway.client.stream)
    asked = [
        asks[number % 2](prompt(f"Mail {number} to user{number}@example.com?", cache_policy=BYPASS))
        for number in range(150)
    ]
    ended = await asyncio.gather(*asked, return_exceptions=True)

    refused = [failed for failed in ended if isinstance(failed, grpc.aio.AioRpcError)]
    assert (len(ended), len(refused)) == (150, 50)
    requests = await gateway.claude.requests()
    assert len(requests) == len(await gateway.settled()) == 100
    assert "@example.com" not in str([request["body"] for request in requests])


async def test_what_the_caller_marks_for_the_prompt_cache_arrives_as_it_was(gateway: Gateway) -> None:
    """On blocks of kinds that we know and of kinds that we do not, whatever else is in them."""
    marks = ({"type": "ephemeral", "ttl": "1h"}, {"type": "ephemeral", "ttl": "5m"}, {"type": "ephemeral"})
    blocks = [
        {"type": "text", "text": "Words. " * 900, "cache_control": marks[0]},
        {
            "type": "document", "title": "A", "citations": {"enabled": True}, "cache_control": marks[1],
            "source": {"type": "text", "media_type": "text/plain", "data": "More words. " * 900},
        },
        {"type": "text", "text": "And?", "cache_control": marks[2]},
    ]  # fmt: skip
    asked = prompt("?", cache_policy=BYPASS)
    del asked.messages[0].content[:]
    for block in blocks:
        asked.messages[0].content.add().raw.update(block)
    completions = [(await gateway.client.ask(asked)).completion for _ in range(2)]

    request, _ = await gateway.claude.requests()
    body = request["body"]
    assert isinstance(body, dict)
    assert body["messages"][0]["content"] == blocks
    # And Claude took them: written once, for five minutes and for an hour, then read.
    first, second = (completion.usage for completion in completions)
    assert min(first.cache_write_1h_tokens, first.cache_write_5m_tokens) > 0
    assert second.cache_read_tokens == first.cache_write_1h_tokens + first.cache_write_5m_tokens
