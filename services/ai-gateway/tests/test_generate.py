"""One answer: what is sent, what comes back, and who may ask."""

import json

import pytest
from google.protobuf import json_format, struct_pb2

from ai_gateway.privacy.placeholders import NOTICE
from ai_gateway.privacy.seal import seal_of
from ai_gateway_testing.gateway import TASK, Client, Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2


async def sent(gateway: Gateway) -> dict[str, object]:
    """The body of the last request that the simulator saw."""
    body = (await gateway.claude.requests())[-1]["body"]
    assert isinstance(body, dict)
    return body


async def test_an_answer_comes_back_with_what_it_cost(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": "Thirty megawatts."}})

    answer = await gateway.client.ask(prompt("How much?"))

    assert answer.text == "Thirty megawatts."
    completion = answer.completion
    assert completion.stop_reason == ai_pb2.STOP_REASON_END_TURN
    assert completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM
    assert completion.model == "claude-sonnet-5-5"
    assert completion.upstream_request_id.startswith("req_sim_")
    assert completion.simulated
    tokens = completion.usage
    assert completion.cost_micro_usd == 2 * tokens.input_tokens + 10 * tokens.output_tokens > 0


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("", "claude-sonnet-5-5"),
        ("fast", "claude-haiku-5-5"),
        ("deep", "claude-opus-5-5"),
        ("claude-opus-5",) * 2,
    ],
)
async def test_aliases_stand_for_models(gateway: Gateway, asked: str, answered: str) -> None:
    answer = await gateway.client.ask(prompt("Which model?", model=asked))
    assert answer.completion.model == answered


@pytest.mark.parametrize(
    ("name", "replacement"),
    [
        ("claude-3-5-sonnet-20241022", "claude-sonnet-5-5"),
        ("claude-opus-4-0", "claude-opus-5-5"),
        ("gpt-5", "claude-sonnet-5-5"),
    ],
)
async def test_a_retired_model_is_refused_with_its_replacement(
    gateway: Gateway, name: str, replacement: str
) -> None:
    error = await refusal(gateway.client.ask(prompt("Anyone?", model=name)))

    assert error.reason_name == "AI_MODEL_UNAVAILABLE"
    assert error.metadata == {"model": name, "replacement": replacement}
    assert not await gateway.claude.requests()


async def test_the_prompt_becomes_a_request_with_its_stable_part_first(gateway: Gateway) -> None:
    await gateway.client.ask(
        prompt("Who buys?", system=("You read contracts.", "Be exact."), document="The Buyer is Acme.")
    )

    body = await sent(gateway)
    seal = body["system"][-1]["text"].removeprefix("Be exact.")
    assert seal_of(("You read contracts.", "Be exact.")) in seal
    assert body["system"] == [
        {"type": "text", "text": NOTICE},
        {"type": "text", "text": "You read contracts."},
        {"type": "text", "text": f"Be exact.{seal}", "cache_control": {"type": "ephemeral"}},
    ]
    assert body["messages"] == [
        {
            "role": "user",
            "content": [
                {
                    "type": "document",
                    "title": "Agreement",
                    "source": {"type": "text", "media_type": "text/plain", "data": "The Buyer is Acme."},
                    "cache_control": {"type": "ephemeral"},
                },
                {"type": "text", "text": "Who buys?"},
            ],
        }
    ]
    assert body["max_tokens"] == 4000
    assert "temperature" not in body


async def test_blocks_without_a_type_here_pass_as_they_are(gateway: Gateway) -> None:
    block = {"type": "text", "text": "x", "later": {"count": 3, "share": 0.5, "list": [None, True, "ü"]}}
    raw = json_format.ParseDict(block, struct_pb2.Struct())
    asked = prompt("first")
    asked.messages[0].content.append(ai_pb2.ContentBlock(raw=raw))

    await gateway.client.ask(asked)

    body = await sent(gateway)
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "first"}, block]}]
    assert '"count": 3,' in json.dumps(body["messages"])


async def test_breakpoints_of_the_caller_count_against_the_four(gateway: Gateway) -> None:
    asked = prompt("question", system=("s",), document="d")
    mine = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    for _ in range(3):
        raw = json_format.ParseDict(mine, struct_pb2.Struct())
        asked.messages[0].content.append(ai_pb2.ContentBlock(raw=raw))

    await gateway.client.ask(asked)

    assert json.dumps(await sent(gateway)).count("cache_control") == 4


async def test_a_document_of_the_assistant_is_refused(gateway: Gateway) -> None:
    asked = prompt("hello")
    document = ai_pb2.ContentBlock(document=ai_pb2.DocumentBlock(text="d"))
    asked.messages.append(ai_pb2.Message(role=ai_pb2.Message.ROLE_ASSISTANT, content=[document]))

    error = await refusal(gateway.client.ask(asked))

    assert error.reason_name == "INVALID_FIELD"
    assert not await gateway.claude.requests()


async def test_only_a_service_may_ask_and_only_for_a_subject_that_may(gateway: Gateway) -> None:
    client = gateway.client
    alone = Client(client.stub, client.signer, workload="")
    viewer = Client(client.stub, client.signer, permissions=("contracts.read",))

    assert (await refusal(alone.ask(prompt("?")))).reason_name == "WORKLOAD_REQUIRED"
    assert (await refusal(viewer.ask(prompt("?")))).reason_name == "PERMISSION_DENIED"
    assert not await gateway.claude.requests()


async def test_tokens_are_counted_by_claude_and_cost_nothing(gateway: Gateway) -> None:
    asked = prompt("word " * 500)
    client = gateway.client
    counted = await client.stub.CountTokens(
        ai_service_pb2.CountTokensRequest(prompt=asked), metadata=client.metadata, timeout=10
    )
    used = (await client.ask(asked)).completion.usage

    assert counted.input_tokens == used.input_tokens > 400
    assert [row["path"] for row in await gateway.egress()] == ["/v1/messages/count_tokens", "/v1/messages"]
    assert sum(row.calls for row in (await client.usage()).rows) == 1
    assert (await client.usage()).rows[0].task == TASK
