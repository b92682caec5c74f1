"""What a type does not name survives, both ways: thoughts with their signature, citations, tools, fields."""

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

import grpc
import pytest
from google.protobuf import json_format

from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Gathering
from ai_gateway_testing.batching import Bulk
from ai_gateway_testing.gateway import Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
Block = dict[str, object]

THOUGHT: Block = {
    "type": "thinking",
    "thinking": "Ask [EMAIL-1], or was it [EMAIL-7]? The seller 🙂 knows.",
    "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3h==",
}
HIDDEN: Block = {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix/LafPsn4a"}
CITED: Block = {
    "type": "text",
    "text": "Write to [EMAIL-1].",
    "citations": [
        {
            "type": "char_location", "cited_text": "Notices to [EMAIL-1].", "document_index": 0,
            "document_title": "Agreement", "start_char_index": 0, "end_char_index": 21,
        }
    ],
}  # fmt: skip
CALL: Block = {
    "type": "tool_use",
    "id": "toolu_01",
    "name": "look_up",
    "input": {"who": "[EMAIL-1]", "days": [1, 2.5]},
}
NOVEL: Block = {"type": "hologram", "layers": [{"words": "of a kind that is not known here"}]}
ALL = [THOUGHT, HIDDEN, CITED, CALL, NOVEL]
DOCUMENT = "Notices to jo@example.com."
PDF = b"%PDF-1.7\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n and so on"


def restored() -> list[Block]:
    """As the caller gets them: values are back, but in what Claude signed."""
    cited, call = (
        json.loads(json.dumps(block).replace("[EMAIL-1]", "jo@example.com")) for block in (CITED, CALL)
    )
    return [THOUGHT, HIDDEN, cited, call, NOVEL]


def blocks(completion: ai_service_pb2.Completion | None) -> list[Block]:
    assert completion is not None
    return [json_format.MessageToDict(block) for block in completion.content]


def asked(**fields: object) -> ai_service_pb2.Prompt:
    return prompt("Whom do I write to?", document=DOCUMENT, **fields)


def with_raw(raw: Mapping[str, object], text: str = "Well?") -> ai_service_pb2.Prompt:
    made = prompt(text)
    made.raw.update(raw)
    return made


async def body(gateway: Gateway) -> dict[str, object]:
    """Of the last request to Claude."""
    request = (await gateway.claude.requests())[-1]
    assert isinstance(request["body"], dict)
    return request["body"]


async def test_every_kind_of_block_comes_back_plain_streamed_and_kept(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "answer": {"content": ALL}})
    plain = await gateway.client.ask(asked())
    kept = await gateway.client.ask(asked())
    texts, streamed = await gateway.client.stream(asked(cache_policy=ai_service_pb2.CACHE_POLICY_BYPASS))

    assert plain.text == kept.text == "".join(texts) == "Write to jo@example.com."
    assert blocks(plain.completion) == blocks(kept.completion) == blocks(streamed) == restored()
    assert kept.completion.served_from == ai_pb2.SERVED_FROM_CACHE
    assert plain.completion.stop_reason == ai_pb2.STOP_REASON_TOOL_USE


async def test_an_answer_of_text_has_its_text_and_no_blocks(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": "Ten years."}})
    plain = await gateway.client.ask(asked())
    assert (plain.text, len(plain.completion.content)) == ("Ten years.", 0)


async def test_what_came_back_can_be_said_again_to_the_letter(gateway: Gateway) -> None:
    """A thought with another word than it was signed with is refused by Claude."""
    said = [THOUGHT, HIDDEN, CITED, CALL]
    await gateway.claude.script({"match": {}, "times": 1, "answer": {"content": said}})
    first = asked()
    completion = (await gateway.client.ask(first)).completion
    turn = first.messages.add(role=ai_pb2.Message.ROLE_ASSISTANT)
    for block in completion.content:
        turn.content.add().raw.CopyFrom(block)
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": "jo@example.com is away"}
    first.messages.add(role=ai_pb2.Message.ROLE_USER).content.add().raw.update(result)
    await gateway.client.ask(first)

    messages = (await body(gateway))["messages"]
    assert isinstance(messages, list)
    assert messages[1]["content"] == said
    assert messages[2]["content"] == [{**result, "content": "[EMAIL-1] is away"}]


async def test_personal_data_does_not_leave_in_a_thought(gateway: Gateway) -> None:
    question = asked()
    turn = question.messages.add(role=ai_pb2.Message.ROLE_ASSISTANT)
    turn.content.add().raw.update({**THOUGHT, "thinking": "It is jo@example.com or al@example.com"})
    question.messages.add(role=ai_pb2.Message.ROLE_USER).content.add().text.text = "Well?"
    await gateway.client.ask(question)
    assert "@example.com" not in json.dumps(await body(gateway))


async def test_blocks_of_an_answer_in_json_have_its_values_as_json(gateway: Gateway) -> None:
    schema = {
        "type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"],
        "additionalProperties": False,
    }  # fmt: skip
    said: list[Block] = [THOUGHT, {"type": "text", "text": '{"who": "[PRIVATE-1]"}'}]
    await gateway.claude.script({"match": {}, "answer": {"content": said}})
    question = prompt('Is it "Jo" Smith?', schema=json.dumps(schema))
    question.withhold.append('"Jo" Smith')
    plain = await gateway.client.ask(question)
    assert json.loads(plain.text) == {"who": '"Jo" Smith'}
    assert blocks(plain.completion) == [THOUGHT, {"type": "text", "text": plain.text}]


async def test_blocks_come_with_the_results_of_a_batch(bulk: Bulk) -> None:
    await bulk.claude.script({"match": {"endpoint": "batch_item"}, "answer": {"content": ALL}})
    created = await bulk.create(one=asked())
    await bulk.ended(created.name)
    (result,) = await bulk.results(created.name)
    assert result.text == "Write to jo@example.com."
    assert blocks(result.completion) == restored()
    assert result.completion.stop_reason == ai_pb2.STOP_REASON_TOOL_USE


async def test_fields_without_a_name_here_pass(gateway: Gateway) -> None:
    takes = {"type": "object", "properties": {"who": {"type": "string"}}}
    raw = {
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}, "stop_sequences": ["THE END"],
        "tools": [{"name": "look_up", "input_schema": takes}],
        "of_next_year": [1, 2.5, {"a": None}],
    }  # fmt: skip
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    question = with_raw(raw)
    question.output_schema = json.dumps(schema)
    await gateway.client.ask(question)
    sent = await body(gateway)
    format_ = {"format": {"type": "json_schema", "schema": schema}}
    assert sent["output_config"] == {"effort": "low", **format_}
    assert {name: sent[name] for name in raw if name != "output_config"} == {
        name: value for name, value in raw.items() if name != "output_config"
    }


async def test_fields_and_beta_features_are_part_of_the_question(gateway: Gateway) -> None:
    beta = prompt("Well?")
    beta.betas.extend(["files-2026-01", "context-2026-02"])
    other = prompt("Well?")
    other.betas.append("files-2026-01")
    asked_ = (prompt("Well?"), with_raw({"thinking": {"type": "adaptive"}}), beta, other)
    for question in asked_ * 2:
        await gateway.client.ask(question)
    requests = await gateway.claude.requests()
    headers = [request["headers"] for request in requests]
    told = [header.get("anthropic-beta") for header in headers if isinstance(header, dict)]
    assert told == [None, None, "context-2026-02,files-2026-01", "files-2026-01"]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"model": "claude-opus-5-5"}, "prompt.raw.model"),
        ({"messages": []}, "prompt.raw.messages"),
        ({"stream": True}, "prompt.raw.stream"),
        ({"temperature": 0.5}, "prompt.raw.temperature"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "prompt.raw.output_config.format"),
        # What has a price that is not known here.
        ({"inference_geo": "us"}, "prompt.raw.inference_geo"),
        ({"speed": "fast"}, "prompt.raw.speed"),
        ({"service_tier": "auto"}, "prompt.raw.service_tier"),
        # What would take a contract to other places than Claude.
        ({"mcp_servers": [{"url": "https://example.com"}]}, "prompt.raw.mcp_servers"),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search"}]}, "prompt.raw.tools[0].type"),
        ({"tools": [{"name": "a"}, {"type": "web_fetch_20260209"}]}, "prompt.raw.tools[1].type"),
        ({"tools": "all"}, "prompt.raw.tools"),
        ({"tools": ["all"]}, "prompt.raw.tools[0]"),
    ],
)  # fmt: skip
async def test_what_must_not_pass_is_refused_with_its_field(
    gateway: Gateway, raw: dict[str, object], field: str
) -> None:
    error = await refusal(gateway.client.ask(with_raw(raw)))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.message.startswith(f"{field}: ")
    assert not await gateway.claude.requests()


async def test_a_pdf_and_a_picture_leave_as_what_they_are(gateway: Gateway) -> None:
    question = prompt("What is it?", citations=True)
    question.messages[0].content.add().image.data = PNG
    question.messages[0].content.add().pdf.MergeFrom(ai_pb2.PdfBlock(title="Scan", data=PDF))
    await gateway.client.ask(question)
    messages = (await body(gateway))["messages"]
    assert isinstance(messages, list)
    assert messages[0]["content"] == [
        {
            "type": "document", "title": "Scan", "citations": {"enabled": True},
            "source": _source("application/pdf", PDF), "cache_control": {"type": "ephemeral"},
        },
        {"type": "text", "text": "What is it?"},
        {"type": "image", "source": _source("image/png", PNG)},
    ]  # fmt: skip
    (record,) = await gateway.settled()
    # Neither could be searched; the record says so.
    assert json.loads(record["redactions"]) == {"UNREAD": 2}


def _source(media_type: str, data: bytes) -> Block:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


@pytest.mark.parametrize(
    ("block", "field"),
    [
        (ai_pb2.ContentBlock(pdf=ai_pb2.PdfBlock(data=b"<html>")), "prompt.messages[0].content[1].pdf.data"),
        (ai_pb2.ContentBlock(image=ai_pb2.ImageBlock(data=PDF)), "prompt.messages[0].content[1].image.data"),
        (ai_pb2.ContentBlock(image=ai_pb2.ImageBlock()), "prompt.messages[0].content[1].image.data"),
    ],
)
async def test_a_file_that_is_no_such_file_is_refused(
    gateway: Gateway, block: ai_pb2.ContentBlock, field: str
) -> None:
    question = prompt("What is it?")
    question.messages[0].content.append(block)
    error = await refusal(gateway.client.ask(question))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.message.startswith(field)


async def test_citations_do_not_go_with_a_schema(gateway: Gateway) -> None:
    error = await refusal(gateway.client.ask(asked(schema='{"type": "object"}', citations=True)))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("block", "field"),
    [
        (NOVEL, "prompt.messages[0].content[1]"),
        ({"type": "text", "text": "x", "cache_control": {"type": "for ever"}}, ""),
    ],
)
async def test_what_claude_does_not_take_is_told_with_its_field(
    gateway: Gateway, block: Block, field: str
) -> None:
    question = prompt("Well?")
    question.messages[0].content.add().raw.update(block)
    error = await refusal(gateway.client.ask(question))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason_name == "AI_FIELD_REFUSED"
    assert error.metadata["field"] == (field or "prompt.raw.cache_control.type")
    assert "hologram" not in error.message


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "content_block_delta", "index": 3, "delta": {"type": "thinking_delta", "thinking": "?"}}],
        [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "input": {}}},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": '{"a":'},
            },
        ],
    ],
)
def test_blocks_that_make_no_sense_are_malformed(events: list[Block]) -> None:
    gathering = Gathering()
    usage = {"input_tokens": 1, "output_tokens": 1}
    told = (
        {"type": "message_start", "message": {"model": "m", "usage": usage}},
        *events,
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    )

    def gathered() -> None:
        for event in told:
            gathering.take_event(json.dumps(event))
        gathering.reply()

    with pytest.raises(ClaudeError) as broken:
        gathered()
    assert broken.value.kind is FaultKind.MALFORMED
