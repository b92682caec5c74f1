"""Personal data does not leave, and comes back in the answer: over the whole gateway."""

import json

import pytest
import redis.asyncio

from ai_gateway.generation import withholding
from ai_gateway.privacy.redaction import RedactionError
from ai_gateway_testing.gateway import Gateway, prompt, refusal

CLAUSE = "Notices go to jane.doe@example.com or +1 212 555 0147, attention Project Sunrise."
WITHHELD = ("jane.doe@example.com", "212 555 0147", "Project Sunrise")
SCHEMA = json.dumps(
    {
        "type": "object", "properties": {"quote": {"type": "string"}},
        "required": ["quote"], "additionalProperties": False,
    }
)  # fmt: skip


def asked(schema: str = "") -> object:
    question = prompt("Where do notices go?", document=CLAUSE, schema=schema)
    question.withhold.append("Project Sunrise")
    return question


async def answers(gateway: Gateway, text: str) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": text}})


async def left(gateway: Gateway) -> str:
    return json.dumps(await gateway.claude.requests(), ensure_ascii=False)


async def test_what_is_withheld_never_leaves_and_is_in_the_answer(gateway: Gateway) -> None:
    await answers(gateway, "To [EMAIL-1], or [PHONE-1]; ask for [PRIVATE-1], not [EMAIL-7].")
    answer = await gateway.client.ask(asked())
    assert answer.text == f"To {WITHHELD[0]}, or +1 {WITHHELD[1]}; ask for {WITHHELD[2]}, not [EMAIL-7]."
    sent = await left(gateway)
    assert not [value for value in WITHHELD if value in sent]
    assert "attention [PRIVATE-1]" in sent


async def test_a_stream_is_restored_wherever_it_is_cut(gateway: Gateway) -> None:
    await answers(gateway, "To [EMAIL-1], or [PHONE-1]; again [EMAIL-1]" + " and so on" * 30 + " [EMAIL-1]")
    whole = "".join((await gateway.client.stream(asked()))[0])
    assert whole.startswith(f"To {WITHHELD[0]}, or +1 {WITHHELD[1]}; again {WITHHELD[0]} and so on")
    assert whole.endswith(WITHHELD[0])


async def test_a_quote_in_json_is_the_documents_own(gateway: Gateway) -> None:
    quote = "Notices go to [EMAIL-1] or [PHONE-1], attention [PRIVATE-1]."
    await answers(gateway, json.dumps({"quote": quote}))
    answer = await gateway.client.ask(asked(SCHEMA))
    assert json.loads(answer.text)["quote"] == CLAUSE


async def test_the_kept_answer_holds_nothing_private_and_is_restored_too(
    gateway: Gateway, valkey_url: str
) -> None:
    await answers(gateway, "To [EMAIL-1].")
    first, again = [await gateway.client.ask(asked()) for _ in range(2)]
    streamed, _ = await gateway.client.stream(asked())
    assert first.text == again.text == "".join(streamed) == f"To {WITHHELD[0]}."
    assert len(await gateway.claude.requests()) == 1
    async with redis.asyncio.Redis.from_url(valkey_url) as valkey:
        keys = [key async for key in valkey.scan_iter(match=f"*{gateway.client.org}*")]
        kept = b"".join([await valkey.get(key) for key in keys if key.startswith(b"ai:answer:")])
    assert b"[EMAIL-1]" in kept
    assert not [value for value in WITHHELD if value.encode() in kept]


async def test_the_record_counts_what_was_withheld(gateway: Gateway) -> None:
    await gateway.client.ask(asked())
    (record,) = await gateway.egress()
    assert json.loads(record["redactions"]) == {"EMAIL": 1, "PHONE": 1, "PRIVATE": 1}


async def test_what_cannot_be_searched_does_not_leave(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RedactionError("ValueError")

    monkeypatch.setattr(withholding, "redact", fails)
    assert (await refusal(gateway.client.ask(asked()))).reason_name == "AI_REDACTION_FAILED"
    assert await gateway.claude.requests() == []


async def test_another_value_under_the_same_mark_is_another_question_only_to_its_caller(
    gateway: Gateway,
) -> None:
    """What Claude sees is equal, so it is asked once; each caller gets its own values back."""
    await answers(gateway, "To [EMAIL-1].")
    for address in ("one@example.com", "two@example.com"):
        answer = await gateway.client.ask(prompt("Where?", document=f"Notices go to {address}."))
        assert answer.text == f"To {address}."
    assert len(await gateway.claude.requests()) == 1
