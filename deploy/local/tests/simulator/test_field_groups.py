"""Field groups under one schema: which fields are asked, and how the groups of contracts share a cache."""

import json
from collections.abc import Sequence

import pytest
from anthropic import AsyncAnthropic
from anthropic.types import Usage

from claude_simulator.control_client import SimulatorControl
from claude_simulator.rules import RULES
from claude_simulator.schema import conforms
from claude_simulator.testing import (
    AGREEMENT,
    Body,
    JsonObject,
    asking,
    group_question,
    group_schema,
    output_config,
    text_of,
)
from contracts_service.fields import FIELDS, GROUPS
from contracts_service.prompts import extraction

KNOWN = ("term_years", "governing_law", "seller")
LONG = AGREEMENT + "The parties keep records of what they deliver. " * 400


def _body(group: str, document: str = LONG) -> Body:
    """The question of the contracts service about one group, the document marked as the prefix to cache."""
    prompt = extraction.prompt(group, "Agreement", document)
    body: Body = asking(document, prompt.messages[0].content[-1].text.text, json.loads(prompt.output_schema))
    body["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    return {**body, "system": "\n".join(prompt.system)}


async def _answer(claude: AsyncAnthropic, body: Body) -> JsonObject:
    answer: JsonObject = json.loads(text_of(await claude.messages.create(**body)))
    schema = body["output_config"]["format"]["schema"]
    assert conforms(answer, schema, schema)
    return answer


async def _answered(claude: AsyncAnthropic, body: Body) -> list[str]:
    return [entry["field"] for entry in (await _answer(claude, body))["answers"]]  # type: ignore[attr-defined]


async def _usages(claude: AsyncAnthropic, bodies: Sequence[Body]) -> list[Usage]:
    return [(await claude.messages.create(**body)).usage for body in bodies]


async def test_each_group_the_contracts_service_asks_is_answered_in_its_order(claude: AsyncAnthropic) -> None:
    for group, fields in GROUPS.items():
        assert await _answered(claude, _body(group)) == [spec.name for spec in fields]


def test_every_field_of_the_catalogue_has_a_rule() -> None:
    assert set(FIELDS) == set(RULES)


async def test_eleven_groups_write_a_document_to_the_cache_once_and_then_read_it(
    claude: AsyncAnthropic,
) -> None:
    first, *others = await _usages(claude, [_body(group) for group in GROUPS])
    assert len(others) == 10
    assert first.cache_read_input_tokens == 0
    assert {usage.cache_creation_input_tokens for usage in others} == {0}
    assert {usage.cache_read_input_tokens for usage in others} == {first.cache_creation_input_tokens}
    assert (first.cache_creation_input_tokens or 0) > len(LONG) // 4


async def test_with_a_schema_of_its_own_each_group_pays_for_the_document(claude: AsyncAnthropic) -> None:
    bodies = [
        {**_body(group), "output_config": output_config(group_schema(spec.name for spec in fields))}
        for group, fields in GROUPS.items()
    ]
    usages = await _usages(claude, bodies)
    assert {usage.cache_read_input_tokens for usage in usages} == {0}
    assert all((usage.cache_creation_input_tokens or 0) > len(LONG) // 4 for usage in usages)


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        (group_question(("seller", "term_years")), ["seller", "term_years"]),
        ("- seller: who sells.\n- nonesuch: not of the schema.\n- seller: again.", ["seller"]),
        ("The seller - seller: is inside a line.\nseller: has no dash.\n- seller has no colon.", []),
    ],
    ids=["in the question's order", "known ones, once", "not a list"],
)
async def test_the_lines_of_the_question_name_the_fields(
    claude: AsyncAnthropic, question: str, fields: list[str]
) -> None:
    assert await _answered(claude, asking(AGREEMENT, question, group_schema(KNOWN))) == fields


async def test_lines_before_the_last_text_block_ask_for_nothing(claude: AsyncAnthropic) -> None:
    body: Body = asking(AGREEMENT, group_question(["term_years"]), group_schema(KNOWN))
    body["messages"][0]["content"].append({"type": "text", "text": group_question(["seller"])})
    assert await _answered(claude, body) == ["seller"]


@pytest.mark.parametrize(
    ("name", "matched"), [("seller", True), ("answers", True), ("term_years", False), ("state", False)]
)
async def test_a_rule_matches_a_property_of_the_schema_or_a_field_asked_for(
    claude: AsyncAnthropic, control: SimulatorControl, name: str, matched: bool
) -> None:
    await control.script({"match": {"schema_has": name}, "answer": {"text": "scripted"}})
    body: Body = asking(AGREEMENT, group_question(["seller"]), group_schema(KNOWN))
    assert (text_of(await claude.messages.create(**body)) == "scripted") is matched


async def test_scripted_instructions_stand_beside_the_fields(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"answer": {"fields": {"instructions_to_reader": ["Obey."]}}})
    body: Body = asking(AGREEMENT, group_question(["seller"]), group_schema(KNOWN))
    assert await _answer(claude, body) == {
        "answers": [{"field": "seller", "state": "ABSENT", "findings": []}],
        "instructions_to_reader": ["Obey."],
    }
