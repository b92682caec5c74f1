"""No two questions share a kept answer unless they are the same question of the same organization."""

import json
import os
import random
import unicodedata
from collections.abc import Callable, Mapping
from uuid import UUID

import pytest
from google.protobuf import json_format, struct_pb2

from ai_gateway.cache.answers import key_of
from ai_gateway.generation.prompt import Defaults, read_prompt
from ai_gateway.generation.question import Question
from ai_gateway_testing.gateway import prompt
from ai_gateway_testing.requests import Asked, asked, changes, meaning, reordered
from bloom.ai.v1 import ai_pb2, ai_service_pb2

# The seed of a run that failed is in its message: SOUNDNESS_SEED=… finds the same pair again.
SEED = int(os.environ.get("SOUNDNESS_SEED", random.SystemRandom().getrandbits(48)))
PAIRS, CHANGES_OF_ONE = 100_000, 20
KeyOf = Callable[[UUID, str, str, Mapping[str, object]], object]
ALIASES = {"fast": "claude-haiku-5-5", "standard": "claude-sonnet-5-5", "deep": "claude-opus-5-5"}
DEFAULTS = Defaults(ALIASES, 4000, 0.7, "2026-10-21")
ORG = UUID("018f0000-0000-7000-8000-000000000001")


def key(of: KeyOf, request: Asked) -> str:
    return str(of(request.org, request.destination, request.version, request.body))


def wrong_hit(of: KeyOf, pairs: int, seed: int = SEED) -> str | None:
    """The first pair of different requests with one key, also of pairs that were not made as pairs."""
    chance, seen = random.Random(seed), dict[str, int]()
    for number in range(pairs // CHANGES_OF_ONE):
        first = asked(chance)
        for request, meant in ((first, meaning(first)), *changes(chance, first, CHANGES_OF_ONE)):
            if seen.setdefault(key(of, request), hash(meant)) != hash(meant):
                return f"SOUNDNESS_SEED={seed}, request {number}: {meant}"
    return None


def test_100_000_pairs_that_differ_in_one_thing_never_share_a_key() -> None:
    assert wrong_hit(key_of, PAIRS) is None


def test_the_order_of_names_does_not_matter() -> None:
    chance = random.Random(SEED)
    for _ in range(5_000):
        one = asked(chance)
        other = Asked(one.org, one.destination, one.version, reordered(chance, one.body))
        assert key(key_of, one) == key(key_of, other), f"SOUNDNESS_SEED={SEED}: {meaning(one)}"


def without(**left_out: object) -> KeyOf:
    """The key, blind to a part."""

    def of(org: UUID, destination: str, version: str, body: Mapping[str, object]) -> object:
        given = {"org_id": org, "destination": destination, "api_version": version, "body": body}
        return key_of(**(given | left_out))  # type: ignore[arg-type]

    return of


def without_field(name: str) -> KeyOf:
    return lambda org, to, version, body: key_of(
        org, to, version, {field: part for field, part in body.items() if field != name}
    )


def over(text_of: Callable[[Mapping[str, object]], str]) -> KeyOf:
    """The key over some other form of the body."""
    return lambda org, to, version, body: key_of(org, to, version, {"body": text_of(body)})


def plainly(body: object) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def joined(value: object) -> str:
    """Texts in a row, as who takes a prompt for a text would hash it."""
    if isinstance(value, dict):
        return "".join(name + joined(value[name]) for name in sorted(value))
    return "".join(map(joined, value)) if isinstance(value, list) else str(value)


def unordered(value: object) -> str:
    if isinstance(value, dict):
        return str(sorted((name, unordered(part)) for name, part in value.items()))
    return str(sorted(map(unordered, value))) if isinstance(value, list) else json.dumps(value)


def numbers_alike(value: object) -> object:
    """As a language has it in which 1, 1.0 and true are equal."""
    if isinstance(value, dict):
        return {name: numbers_alike(part) for name, part in value.items()}
    if isinstance(value, list):
        return [numbers_alike(part) for part in value]
    return float(value) if isinstance(value, int | float) else value


@pytest.mark.parametrize(
    "weak",
    [
        pytest.param(without(org_id=ORG), id="organization"),
        pytest.param(without(destination=""), id="destination"),
        pytest.param(without(api_version=""), id="version"),
        *(
            pytest.param(without_field(name), id=name)
            for name in (
                "model", "max_tokens", "system", "messages", "output_config", "thinking", "temperature",
                "stop_sequences", "betas", "of_next_year",
            )
        ),
        pytest.param(over(lambda body: unicodedata.normalize("NFC", plainly(body))), id="normal form"),
        pytest.param(over(lambda body: plainly(body).casefold()), id="case"),
        pytest.param(over(joined), id="concatenation"),
        pytest.param(over(unordered), id="order of blocks"),
        pytest.param(over(lambda body: plainly(numbers_alike(body))), id="kinds of numbers"),
    ],
)  # fmt: skip
def test_a_key_that_is_blind_to_one_thing_is_found_out(weak: KeyOf) -> None:
    """Else the test of 100,000 pairs would show nothing."""
    assert wrong_hit(weak, 20_000) is not None


def resolved(asked_for: ai_service_pb2.Prompt) -> Question:
    return read_prompt(asked_for, DEFAULTS)


def raw(**fields: object) -> ai_pb2.ContentBlock:
    struct = json_format.ParseDict({"type": "novel", **fields}, struct_pb2.Struct())
    return ai_pb2.ContentBlock(raw=struct)


def with_blocks(*blocks: ai_pb2.ContentBlock) -> ai_service_pb2.Prompt:
    message = ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=blocks)
    return ai_service_pb2.Prompt(task="tests.ask", messages=[message])


def closed(name: str) -> str:
    return json.dumps({
        "type": "object", "properties": {name: {"type": "string"}}, "required": [name],
        "additionalProperties": False,
    })  # fmt: skip


def test_prompts_as_callers_send_them_share_no_key() -> None:
    """The whole way from the protobuf: nothing that a caller says is lost before the key is made."""
    prompts = [
        prompt("ab"), prompt("a", "b"), prompt("b", "a"), prompt("ab", ""), prompt("ab "), prompt("aB"),
        prompt("é"), prompt("e\u0301"), prompt("ﬁ"), prompt("fi"), prompt("1"), prompt("１"),
        prompt("a", system=("b",)), prompt("a", system=("b", "c")), prompt("a", system=("c", "b")),
        prompt("a", system=("bc",)), prompt("a", document="b"), prompt("a", document="c"),
        prompt("ab", model="fast"), prompt("ab", model="deep"), prompt("ab", model="claude-opus-5"),
        prompt("ab", max_tokens=1), prompt("ab", max_tokens=10), prompt("ab", schema=closed("a")),
        prompt("ab", schema=closed("b")),
        *(with_blocks(raw(novel=value)) for value in (
            1, 1.5, True, "1", "1.0", "true", None, "null", "", 0, False, [], {}, [[]], [1], {"": 1}, "é",
            "e\u0301",
        )),
        with_blocks(raw(novel=1, more=2)), with_blocks(raw(novel=2, more=1)),
        with_blocks(raw(novel=1), raw(novel=2)), with_blocks(raw(novel=2), raw(novel=1)),
        with_blocks(raw(cache_control={"type": "ephemeral"})),
        with_blocks(raw(cache_control={"type": "ephemeral", "ttl": "1h"})),
    ]  # fmt: skip
    keys = [str(key_of(ORG, "https://a", "v", resolved(one).body)) for one in prompts]
    doubled = {one for one in keys if keys.count(one) > 1}
    assert not [asked_for for one, asked_for in zip(keys, prompts, strict=True) if one in doubled]


def test_prompts_that_mean_the_same_share_a_key() -> None:
    same = [
        (prompt("ab"), prompt("ab", model="standard")),
        (prompt("ab"), prompt("ab", model="claude-sonnet-5-5")),
        (prompt("ab"), prompt("ab", max_tokens=4000)),
        (with_blocks(raw(novel=1, more=2)), with_blocks(raw(more=2, novel=1.0))),
    ]
    for one, other in same:
        assert key_of(ORG, "", "", resolved(one).body) == key_of(ORG, "", "", resolved(other).body)
