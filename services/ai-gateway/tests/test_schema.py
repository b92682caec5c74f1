"""Answers that must keep a schema: repaired once, then refused; and which schemas may be asked for."""

import json

import pytest

from ai_gateway.generation.schema import read_schema
from ai_gateway_testing.gateway import Gateway, prompt, refusal
from service_runtime.errors import DomainError

TEXT = {"type": "string"}


def closed(**properties: object) -> dict[str, object]:
    named = {"properties": properties, "required": list(properties)}
    return {"type": "object", **named, "additionalProperties": False}


BUYER = json.dumps(closed(buyer=TEXT))


async def test_an_answer_that_keeps_the_schema_is_given_as_it_is(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {"schema_has": "buyer"}, "answer": {"json": {"buyer": "Acme"}}})
    answer = await gateway.client.ask(prompt("Who buys?", schema=BUYER))
    assert json.loads(answer.text) == {"buyer": "Acme"}
    (request,) = await gateway.claude.requests()
    body = request["body"]
    assert isinstance(body, dict)
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": json.loads(BUYER)}}


@pytest.mark.parametrize("wrong", ["Acme", "{}", '{"buyer": 3}', '{"buyer": "Acme", "more": 1}', ""])
async def test_a_wrong_answer_is_asked_for_again_once_and_both_are_paid(gateway: Gateway, wrong: str) -> None:
    await gateway.claude.script(
        {"match": {}, "times": 1, "answer": {"text": wrong}},
        {"match": {}, "answer": {"json": {"buyer": "Acme"}}},
    )

    answer = await gateway.client.ask(prompt("Who buys?", schema=BUYER))

    assert json.loads(answer.text) == {"buyer": "Acme"}
    first, second = await gateway.claude.requests()
    assert first["usage"] != second["usage"]
    usage = (await gateway.client.usage()).rows
    assert [row.calls for row in usage] == [1]
    assert usage[0].cost_micro_usd == answer.completion.cost_micro_usd
    assert len(await gateway.egress()) == 2
    kept = await gateway.client.ask(prompt("Who buys?", schema=BUYER))
    assert kept.text == answer.text
    assert len(await gateway.claude.requests()) == 2


async def test_an_answer_that_stays_wrong_is_an_error_that_is_paid_and_not_kept(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "times": 2, "fault": {"kind": "off_schema"}})

    error = await refusal(gateway.client.ask(prompt("Who buys?", schema=BUYER)))

    assert error.reason_name == "AI_ANSWER_OFF_SCHEMA"
    assert (await gateway.client.usage()).cost_micro_usd > 0
    await gateway.client.ask(prompt("Who buys?", schema=BUYER))
    assert len(await gateway.claude.requests()) == 3


async def test_a_stream_that_turns_out_wrong_ends_with_an_error(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "times": 1, "fault": {"kind": "off_schema"}})
    error = await refusal(gateway.client.stream(prompt("Who buys?", schema=BUYER)))
    assert error.reason_name == "AI_ANSWER_OFF_SCHEMA"


async def test_a_schema_that_claude_does_not_take_is_never_sent(gateway: Gateway) -> None:
    error = await refusal(gateway.client.ask(prompt("?", schema='{"type": "object"}')))
    assert error.reason_name == "AI_SCHEMA_INVALID"
    assert error.metadata["field"] == "prompt.output_schema.additionalProperties"
    assert await gateway.claude.requests() == []


NODE = {"$ref": "#/$defs/node"}


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"type": "string"}', ""),
        (closed(a={"type": "object"}), ".properties.a.additionalProperties"),
        ({**closed(a=TEXT), "required": []}, ".required"),
        ({**closed(a=TEXT), "required": ["a", "b"]}, ".required"),
        (closed(a={"type": "array", "items": {**TEXT, "maxLength": 3}}), ".properties.a.items.maxLength"),
        (closed(a={**TEXT, "pattern": "(a+)+$"}), ".properties.a.pattern"),
        (closed(a={"anyOf": [TEXT, {"type": "integer", "minimum": 0}]}), ".properties.a.anyOf.1.minimum"),
        (closed(a={"type": "text"}), ".properties.a.type"),
        (closed(a={"$ref": "https://example.org/schema"}), ".properties.a.$ref"),
        (closed(a={"$ref": "#/$defs/none"}), ".properties.a.$ref"),
        ({**closed(a=NODE), "$defs": {"node": closed(next=NODE)}}, ".$defs.node.properties.next.$ref"),
        (closed(a=True), ".properties.a"),
    ],
)  # fmt: skip
def test_schemas_are_closed_complete_and_not_recursive(schema: str | dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_schema(schema if isinstance(schema, str) else json.dumps(schema))
    assert refused.value.reason_name == "AI_SCHEMA_INVALID"
    assert refused.value.metadata["field"] == "prompt.output_schema" + field


def test_a_definition_that_is_used_often_is_not_recursion_and_not_slow() -> None:
    definitions: dict[str, object] = {"d0": closed(a=TEXT)}
    for level in range(1, 30):
        below = {"$ref": f"#/$defs/d{level - 1}"}
        definitions[f"d{level}"] = closed(left=below, right=below)
    schema = {**closed(top={"$ref": "#/$defs/d29"}), "$defs": definitions}
    assert read_schema(json.dumps(schema)).problem("{}") is not None


def test_what_is_wrong_is_told_without_the_answer() -> None:
    problem = read_schema(BUYER).problem('{"buyer": ["secret"]}')
    assert problem is not None
    assert "$.buyer" in problem
    assert "secret" not in problem
