"""What comes back: values restored whole or streamed, wherever a stream is cut."""

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai_gateway.privacy.placeholders import Kind
from ai_gateway.privacy.redaction import redact
from ai_gateway.privacy.vault import Vault

VALUES = {
    "[EMAIL-1]": "a@example.com", "[EMAIL-11]": 'o"p\\t@example.com', "[PHONE-1]": "(650) 253-\n0000",
    "[LITERAL-1]": "[EMAIL-1]", "[PRIVATE-1]": "Zoë 😀\t",
}  # fmt: skip
VAULT = Vault(VALUES)
# Whole marks, their pieces, and what is nearly one.
PIECES = st.sampled_from(
    [
        *VALUES, "[", "]", "[[", "[EMAIL", "[EMAIL-", "[EMAIL-1", "-1]", "[E", "MAIL-1]", "[EMAIL-0]",
        "[EMAIL-12]", "[EMAIL-1234567]", "[email-1]", "[***]", "1", "-", " ", "\n", "é", '"', "\\", "😀",
        "[PRIVATE-1", "[LITERAL-",
    ]
)  # fmt: skip
ANSWERS = st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)
PERSONAL = st.sampled_from(
    [
        "a@example.com", "b.c@example.org", "(650) 253-0000", "+44 20 7010 8319", "536-90-4399", "tel ",
        "EIN 94-3404561", "94-3404561", "4111 1111 1111 1111", "GB82WEST12345698765432", "6502530000",
    ]
)  # fmt: skip
# Everything that can be in a text: personal data touching other personal data, lookalikes, and any character.
TEXTS = st.lists(PIECES | PERSONAL | st.text(max_size=8), max_size=25).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def streamed(vault: Vault, chunks: list[str], *, json: bool = False) -> str:
    restorer = vault.stream(json=json)
    return "".join([restorer.feed(chunk) for chunk in chunks] + [restorer.end()])


def body_of(text: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}]}


def seen_of(body: object) -> str:
    return body["messages"][0]["content"]  # type: ignore[index, no-any-return]


@MANY
@given(text=ANSWERS, cuts=st.lists(st.integers(0, 200)), as_json=st.booleans())
def test_a_stream_restores_as_the_whole_does(text: str, cuts: list[int], as_json: bool) -> None:
    edges = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    chunks = [text[start:end] for start, end in pairwise(edges)]
    assert streamed(VAULT, chunks, json=as_json) == VAULT.restore(text, json=as_json)


def test_every_cut_of_an_answer_restores_the_same() -> None:
    text = "To [EMAIL-1], [[EMAIL-11] or [PHONE-1][LITERAL-1] [EMAIL-1234567] [EMAIL-"
    whole = VAULT.restore(text)
    assert streamed(VAULT, list(text)) == whole
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            assert streamed(VAULT, [text[:first], text[first:second], text[second:]]) == whole


@MANY
@given(text=TEXTS, marked=st.lists(st.text(min_size=1, max_size=3) | PIECES, max_size=3))
def test_what_was_withheld_comes_back_unchanged(text: str, marked: list[str]) -> None:
    redacted = redact(body_of(text), marked)
    assert redacted.vault.restore(seen_of(redacted.body)) == text
    assert redact(body_of(text), marked) == redacted


@MANY
@given(pieces=st.lists(PIECES | PERSONAL | st.text(max_size=8), max_size=25))
def test_what_left_has_nothing_more_to_withhold_but_its_marks(pieces: list[str]) -> None:
    seen = seen_of(redact(body_of(" | ".join(pieces))).body)
    assert redact(body_of(seen)).counts == {}


@MANY
@given(value=JSON)
def test_restored_json_is_the_same_json_with_its_values(value: object) -> None:
    def restored(part: object) -> object:
        if isinstance(part, str):
            return VAULT.restore(part)
        if isinstance(part, list):
            return [restored(one) for one in part]
        if isinstance(part, dict):
            return {restored(name): restored(one) for name, one in part.items()}
        return part

    for ascii_only in (True, False):
        answer = json.dumps(value, ensure_ascii=ascii_only)
        assert json.loads(VAULT.restore(answer, json=True)) == restored(value)
        assert streamed(VAULT, list(answer), json=True) == VAULT.restore(answer, json=True)


@pytest.mark.parametrize(
    ("delta", "given"),
    [
        ("Hello", "Hello"), ("[1] see", "[1] see"), ("see [", "see "), ("[EMAIL-1", ""), ("[E[", "[E"),
        ("a]", "a]"), ("[EMAIL-x", "[EMAIL-x"), ("[EMAIL-1]", "a@example.com"), ("[Exhibit", "[Exhibit"),
        ("[EMAIL-1234567", "[EMAIL-1234567"),
    ],
)  # fmt: skip
def test_only_what_may_become_a_placeholder_waits(delta: str, given: str) -> None:
    assert VAULT.stream().feed(delta) == given


@MANY
@given(text=ANSWERS)
def test_never_more_waits_than_a_placeholder_is_long(text: str) -> None:
    restorer, come = Vault({"[EMAIL-999]": "?"}).stream(), 0
    for fed, character in enumerate(text, 1):
        come += len(restorer.feed(character))
        assert fed - come < len("[LITERAL-999999]")


def test_nothing_waits_where_nothing_was_withheld() -> None:
    assert Vault({}).stream().feed("[EMAIL-") == "[EMAIL-"


def test_what_claude_made_up_stays() -> None:
    assert VAULT.restore("[EMAIL-2] [email-1] [EMAIL- 1]") == "[EMAIL-2] [email-1] [EMAIL- 1]"


def test_every_kind_restores() -> None:
    vault = Vault({f"[{kind}-1]": kind.name for kind in Kind})
    assert streamed(vault, list("".join(vault.values))) == "".join(kind.name for kind in Kind)
