"""`bloom-ai try`: the answer as it comes, what it cost and where it came from; and giving up."""

import asyncio
import base64
import os
import re
import signal
import sys
from pathlib import Path

from ai_gateway.cli.connection import Way
from ai_gateway.cli.figures import dollars
from ai_gateway_testing.cli import Ran, bloom_ai, way_to
from ai_gateway_testing.gateway import Gateway

ANSWER = "The buyer [bold]signs[/] :smile: first."
STALLED = {"match": {}, "answer": {"text": "word " * 400}, "fault": {"kind": "stall", "after_events": 9}}


async def test_an_answer_comes_with_its_cost_and_its_record(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": ANSWER}})
    first = await bloom_ai(way_to(gateway), "try", "Who signs?", "--model", "fast")
    (record,) = await gateway.egress()
    (used,) = await gateway.rows("SELECT * FROM usage_events WHERE org_id = $1", gateway.client.org)
    assert (first.status, first.out) == (0, ANSWER + "\n")
    told = first.err
    assert "from Claude, claude-haiku-5-5 (simulated)" in told
    assert f"tokens {used['input_tokens']} in, {used['output_tokens']} out" in told
    assert f"cost {dollars(used['cost_micro_usd'])}, list {dollars(used['list_cost_micro_usd'])}" in told
    assert used["cost_micro_usd"] > 0
    assert re.search(r"\d\.\d{3} s to the first words, \d\.\d{3} s in all", told)
    assert f"request {record['request_id']} · egress record 1, {record['id']}" in told
    assert (record["task"], record["workload"]) == ("cli.try", gateway.client.workload)

    second = await bloom_ai(way_to(gateway), "try", "Who signs?", "--model", "fast")
    assert second.out == first.out
    assert "from the cache" in second.err
    assert f"cost $0.000000, list {dollars(used['list_cost_micro_usd'])}" in second.err
    assert "nothing left for Claude" in second.err
    third = await bloom_ai(way_to(gateway), "try", "Who signs?", "--model", "fast", "--no-cache")
    assert "from Claude" in third.err


async def test_what_is_asked_reaches_claude(gateway: Gateway, tmp_path: Path) -> None:
    text, pdf = tmp_path / "terms.txt", tmp_path / "terms.pdf"
    text.write_text("A term of ten (10) years — renewable.")
    pdf.write_bytes(b"%PDF-1.7 \xff\x00 not much of one")
    for file, source in (
        (text, {"type": "text", "media_type": "text/plain", "data": text.read_text()}),
        (pdf, {"type": "base64", "media_type": "application/pdf",
               "data": base64.b64encode(pdf.read_bytes()).decode()}),
    ):  # fmt: skip
        await gateway.claude.forget()
        await gateway.claude.script({"match": {}, "answer": {"text": "ten"}})
        ran = await bloom_ai(
            way_to(gateway), "try", "How long?", "--file", str(file), "--system", "Be brief.",
            "--max-tokens", "99", "--task", "tests.cli",
        )  # fmt: skip
        assert ran.status == 0, ran.err
        (request,) = await gateway.claude.requests()
        body = request["body"]
        assert isinstance(body, dict)
        document, question = body["messages"][0]["content"]
        assert (document["source"], document["title"]) == (source, file.name)
        assert question["text"] == "How long?"
        assert body["system"][-1]["text"].startswith("Be brief.\n\n")
        assert body["max_tokens"] == 99
    assert {record["task"] for record in await gateway.egress()} == {"tests.cli"}


async def test_a_file_that_cannot_be_sent_sends_nothing(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\xff")
    for name, told in (
        ("missing.txt", "cannot be read"),
        ("empty.txt", "is empty"),
        ("photo.png", "neither a PDF nor text"),
        (".", "cannot be read"),
    ):
        ran = await bloom_ai(way_to(gateway), "try", "How long?", "--file", str(tmp_path / name))
        assert (ran.status, told in ran.err) == (1, True)
    assert await gateway.claude.requests() == []


async def test_an_answer_cannot_command_the_terminal(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": "a\x1b]0;title\x07b\x9b2J\r\n\tc"}})
    ran = await bloom_ai(way_to(gateway), "try", "Who signs?")
    assert ran.out == "a]0;titleb2J\n\tc\n"


async def test_a_refused_question_is_told_in_one_line(gateway: Gateway) -> None:
    way = way_to(gateway)

    async def refused(*arguments: str) -> Ran:
        ran = await bloom_ai(way, "try", "Who signs?", *arguments)
        assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1), ran
        return ran

    unknown = await refused("--model", "gpt-4")
    assert unknown.err.startswith("AI_MODEL_UNAVAILABLE: ")
    assert "`bloom-ai models` lists the models" in unknown.err
    assert (await refused("--task", "No Task")).err.startswith("INVALID_FIELD: prompt.task")
    await bloom_ai(way, "budgets", "set", "organization", "--limit", "0")
    spent = (await refused()).err
    assert spent.startswith("AI_BUDGET_SPENT: budgets/organization")
    assert "`bloom-ai budgets`" in spent
    assert await gateway.claude.requests() == []


async def test_a_stream_that_breaks_off_is_an_error_after_what_came(gateway: Gateway) -> None:
    await gateway.claude.script(
        {
            "match": {},
            "answer": {"text": "one two three four"},
            "fault": {"kind": "cut_stream", "after_events": 4},
        }
    )
    ran = await bloom_ai(way_to(gateway), "try", "Who signs?")
    assert ran.status == 1
    assert ran.err.startswith("AI_UNAVAILABLE: ")


async def test_ctrl_c_gives_the_question_up_and_tells_what_it_cost(gateway: Gateway) -> None:
    await gateway.claude.script(STALLED)
    process = await started(way_to(gateway), "try", "Tell me all", "--max-tokens", "100000")
    assert process.stdout is not None
    assert await process.stdout.readexactly(5) == b"word "
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        _, told = await process.communicate()
    (record,) = await gateway.settled()
    assert (process.returncode, record["outcome"]) == (130, "CANCELLED")
    assert record["cost_micro_usd"] > 0
    assert told.decode().startswith(f"given up · cost {dollars(record['cost_micro_usd'])} · ")
    assert str(record["request_id"]) in told.decode()


async def test_ctrl_c_before_the_first_word(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "fault": {"kind": "silent"}})
    process = await started(way_to(gateway), "try", "Who signs?")
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=10_000)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        out, told = await process.communicate()
    (record,) = await gateway.settled()
    assert (process.returncode, out, record["outcome"]) == (130, b"", "CANCELLED")
    assert "given up · cost " in told.decode()


async def started(way: Way, *arguments: str) -> asyncio.subprocess.Process:
    """The program as a person starts it."""
    settings = {
        "BLOOM_AI_TARGET": way.target,
        "BLOOM_AI_TOKEN": way.token.get_secret_value(),
        "BLOOM_AI_WORKLOAD_TOKEN": way.workload_token.get_secret_value(),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ai_gateway.cli", *arguments, env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
