"""Lists by keywords: each question of the contracts service is answered in its form and verbatim."""

import json

import pytest
from anthropic import AsyncAnthropic

from claude_simulator.rules.lists.front import opening
from claude_simulator.rules.lists.sentences import sentences
from claude_simulator.testing import AGREEMENT, Body, asking, text_of
from contracts_service.entries import parse_list_answer
from contracts_service.prompts.uses import QUESTIONS
from contracts_service.sections import Part

LISTS = [question for question in QUESTIONS.values() if question.spec is not None]
LONG = AGREEMENT + "The parties keep records of what they deliver. " * 400


def _body(name: str, document: str = AGREEMENT) -> Body:
    prompt = QUESTIONS[name].prompt("Agreement", document, Part(0, len(document)))
    body: Body = asking(document, prompt.messages[0].content[-1].text.text, json.loads(prompt.output_schema))
    body["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    return {**body, "system": "\n".join(prompt.system)}


@pytest.mark.parametrize("question", LISTS, ids=lambda question: question.name)
async def test_every_list_is_answered_in_its_form_with_verbatim_passages(claude: AsyncAnthropic, question):
    answer = text_of(await claude.messages.create(**_body(question.name)))
    read = parse_list_answer(question.spec, answer)
    for entry in read.entries:
        assert entry.quote in AGREEMENT
        assert "AI system" not in entry.quote
        assert all(stated.quote in AGREEMENT for stated in entry.attributes)
    assert len(read.instructions_to_reader) == 1


async def test_fields_and_lists_read_one_prefix_from_the_cache(claude: AsyncAnthropic):
    names = ["term", "list_obligations", "list_clauses_money"]
    first, *others = [(await claude.messages.create(**_body(name, LONG))).usage for name in names]
    assert {usage.cache_creation_input_tokens for usage in others} == {0}
    assert {usage.cache_read_input_tokens for usage in others} == {first.cache_creation_input_tokens}


async def test_clauses_are_found_by_their_words(claude: AsyncAnthropic):
    answer = json.loads(text_of(await claude.messages.create(**_body("list_clauses_general"))))
    found = {entry["kind"]: entry["quote"] for entry in answer["entries"]}
    assert found["Document Name"] == "MICROGRID SERVICES AGREEMENT"
    assert found["Governing Law"].startswith("This Agreement is governed by the laws")
    assert "Insurance" in answer["absent"]


def test_sentences_end_where_sentences_do():
    said = "Acme Inc. shall pay the price when it is due. See No. 4 of it. It may also pay it sooner."
    assert sentences(said) == ["Acme Inc. shall pay the price when it is due.", "It may also pay it sooner."]


def test_names_of_the_parties_come_from_the_preamble_alone():
    text = (
        'This agreement is between Acme Power, Inc. ("Acme") and Ohio.\nWHEREAS Other Works, LLC stands by.'
    )
    assert opening("Parties", text) == ["Acme Power, Inc.", "Acme"]
