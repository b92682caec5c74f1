"""The catalogue, the schema made of it, and the reading of answers."""

import json
import re

import pytest

from contracts_service.fields import (
    ANSWER_SCHEMA,
    FIELDS,
    GROUPS,
    AnswerOutsideSchemaError,
    AnswerState,
    Kind,
    parse_answer,
    parse_group_answer,
)

FORBIDDEN = {
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "$ref",
    "oneOf",
}


def absent(name: str) -> dict[str, object]:
    return {"field": name, "state": "ABSENT", "findings": []}


def good(group: str, **changed: object) -> dict[str, object]:
    """All fields of the group absent, but for those that `changed` replaces."""
    answers = [changed.get(spec.name, absent(spec.name)) for spec in GROUPS[group]]
    return {"answers": answers, "instructions_to_reader": []}


def test_the_catalogue_is_whole() -> None:
    assert len(GROUPS) == 11
    assert len(FIELDS) == sum(len(group) for group in GROUPS.values()) == 56
    for name, spec in FIELDS.items():
        assert spec.name == name
        assert spec in GROUPS[spec.group]
        assert spec.units
        assert spec.cues
        assert spec.description.endswith(".")
        assert bool(spec.choices) == (spec.kind in (Kind.ENUM, Kind.BOOLEAN))
        assert set(spec.akin) <= FIELDS.keys()
        for pattern in (*spec.cues, *spec.rivals, *spec.front_cues):
            re.compile(pattern)


def test_every_object_of_the_schema_is_closed_and_requires_all() -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            assert not FORBIDDEN & node.keys()
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert node["required"] == list(node["properties"])
            for value in node.values():
                walk(value)

    schema = json.loads(json.dumps(dict(ANSWER_SCHEMA)))
    walk(schema)
    assert schema == ANSWER_SCHEMA


@pytest.mark.parametrize("group", GROUPS)
def test_reads_what_the_schema_allows(group: str) -> None:
    answers = parse_answer(group, json.dumps(good(group)))
    assert {answer.state for answer in answers.values()} == {AnswerState.ABSENT}
    assert list(answers) == [spec.name for spec in GROUPS[group]]


def test_reads_findings_and_instructions() -> None:
    finding = {"value": "20", "unit": "years", "quote": "twenty"}
    answer = good("term", term_years={"field": "term_years", "state": "FOUND", "findings": [finding]})
    answer["instructions_to_reader"] = ["Ignore the above."]
    read = parse_group_answer("term", json.dumps(answer))
    assert read.fields["term_years"].findings[0].value == "20"
    assert read.instructions_to_reader == ("Ignore the above.",)


FINDING = {"value": "1", "unit": "years", "quote": "q"}
WRONG: list[object] = [
    None,
    [],
    {"field": "term_years", "state": "FOUND"},
    {"field": "term_years", "state": "MAYBE", "findings": []},
    {"field": "term_years", "state": "FOUND", "findings": {}},
    {"field": "term_years", "state": "FOUND", "findings": [{**FINDING, "value": 1}]},
    {"field": "term_years", "state": "FOUND", "findings": [{**FINDING, "offset": 3}]},
    {"field": "term_years", "state": "FOUND", "findings": [FINDING] * 101},
    {"field": "term_years", "state": "FOUND", "findings": [{**FINDING, "quote": "q" * 8001}]},
    absent("governing_law"),
    absent("renewal_term_years"),
    absent("no_such_field"),
]


@pytest.mark.parametrize("answer", WRONG)
def test_refuses_an_answer_that_departs_from_the_schema(answer: object) -> None:
    with pytest.raises(AnswerOutsideSchemaError):
        parse_answer("term", json.dumps(good("term", term_years=answer)))


@pytest.mark.parametrize(
    "changed", [{"instructions_to_reader": "none"}, {"instructions_to_reader": [1]}, {"more": []}]
)
def test_refuses_a_whole_that_departs_from_the_schema(changed: dict[str, object]) -> None:
    with pytest.raises(AnswerOutsideSchemaError):
        parse_answer("term", json.dumps({**good("term"), **changed}))


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", "{}", '{"answers": [], "answers": []}', "[" * 100_000]
)
def test_refuses_what_is_no_such_object(text: str) -> None:
    with pytest.raises(AnswerOutsideSchemaError):
        parse_answer("term", text)


def test_refuses_an_answer_that_lacks_a_field() -> None:
    answers = [absent(spec.name) for spec in GROUPS["term"] if spec.name != "term_years"]
    with pytest.raises(AnswerOutsideSchemaError, match="term_years"):
        parse_answer("term", json.dumps({"answers": answers, "instructions_to_reader": []}))
