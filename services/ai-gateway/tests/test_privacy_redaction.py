"""What leaves: which strings are searched, how placeholders are given, and that a fault lets nothing out."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ai_gateway.privacy import redaction
from ai_gateway.privacy import scan as scanning
from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.placeholders import LOOKALIKE, MOST_PER_KIND, NOTICE, Kind, placeholder
from ai_gateway.privacy.redaction import Redacted, RedactionError, redact
from ai_gateway.privacy.scan import KeptScans

MAIL, PHONE = "legal@example.com", "(650) 253-0000"
NOTICE_CLAUSE = f"""\
14.2 Notices. All notices shall be in writing and delivered
to Seller: Attention General Counsel, e-mail {MAIL},
telephone {PHONE}, facsimile (650) 253-
0001, with a copy to "counsel" at counsel@law.example.org.
"""
Block = dict[str, Any]


def text(text: str) -> Block:
    return {"type": "text", "text": text}


def document(data: str, title: str = "Agreement") -> Block:
    source = {"type": "text", "media_type": "text/plain", "data": data}
    return {"type": "document", "source": source, "title": title}


def asked(*blocks: Block, **more: object) -> dict[str, Any]:
    return {"model": "claude-sonnet-5-5", "messages": [{"role": "user", "content": list(blocks)}], **more}


def content(redacted: Redacted) -> Any:
    """The blocks of the first turn, as they leave."""
    messages: Any = redacted.body["messages"]
    return messages[0]["content"]


def test_a_question_about_a_contract_leaves_without_its_addresses() -> None:
    body = asked(
        document(NOTICE_CLAUSE, f"From {MAIL}"), text(f"Who reads {MAIL}?"), system=[text("Be exact.")]
    )
    before = json.dumps(body)
    redacted = redact(body)
    sent = json.dumps(redacted.body)
    assert "@" not in sent
    assert "253" not in sent
    assert sent.count("[EMAIL-1]") == 3
    assert redacted.counts == {"EMAIL": 4, "PHONE": 2}
    assert json.dumps(body) == before
    assert redacted.vault.restore(sent, json=True) == before


def test_a_quote_of_a_notice_clause_is_restored_to_the_very_words_of_the_document() -> None:
    redacted = redact(asked(document(NOTICE_CLAUSE)))
    seen = content(redacted)[0]["source"]["data"]
    quote = seen[seen.index("e-mail") : seen.index("[EMAIL-2]") + len("[EMAIL-2]")]
    assert quote.count("[") == 4
    answer = json.dumps({"findings": [{"quote": quote}]})
    restored = json.loads(redacted.vault.restore(answer, json=True))["findings"][0]["quote"]
    assert "(650) 253-\n0001" in restored
    assert NOTICE_CLAUSE.index(restored) == NOTICE_CLAUSE.index("e-mail")


def test_a_stable_prefix_is_the_same_bytes_under_every_question() -> None:
    prefix = document(f"{NOTICE_CLAUSE} See 94-3404561 and 6505550100.")
    questions = [
        "Who?", "Is a@example.org older than b@example.org?", "And [EMAIL-1] or [LITERAL-7]?", MAIL,
        "Seller's EIN is 94-3404561, tel. 6505550100.", "(212) 257-4709 " * 50,
    ]  # fmt: skip
    seen = set()
    for question in questions:
        redacted = redact(asked(prefix, text(question), system=[text("Mail ops@example.net.")]))
        seen.add(json.dumps([redacted.body["system"], content(redacted)[0]]))
    assert len(seen) == 1


def test_a_question_knows_what_the_document_told_to_be_private() -> None:
    redacted = redact(
        asked(document("Seller's EIN is 94-3404561."), text("Who is 94-3404561, and 94-3404562?"))
    )
    assert content(redacted)[1]["text"] == "Who is [EIN-1], and 94-3404562?"


def test_placeholders_are_numbered_as_claude_reads() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "string", "description": "like b@example.com"}}}
    body = asked(
        text("d@example.com"),
        system=[text("c@example.com")],
        tools=[{"name": "find", "description": "finds a@example.com", "input_schema": {"type": "object"}}],
        output_config={"format": {"type": "json_schema", "schema": schema}},
    )
    values = redact(body).vault.values
    assert list(values.items()) == [(f"[EMAIL-{n}]", f"{c}@example.com") for n, c in enumerate("abcd", 1)]
    assert list(redact(body).body) == list(body)


def test_every_kind_of_text_is_searched_and_the_form_of_a_request_is_not() -> None:
    call: Block = {
        "type": "tool_use",
        "id": MAIL,
        "name": MAIL,
        "input": {"name": MAIL, MAIL: [MAIL, 1, None]},
    }
    result: Block = {"type": "tool_result", "tool_use_id": MAIL, "content": [text(MAIL)], "is_error": False}
    found: Block = {"type": "search_result", "source": MAIL, "title": MAIL, "content": [text(MAIL)]}
    image: Block = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "4111111111111111"},
    }
    thought: Block = {"type": "thinking", "thinking": MAIL, "signature": "4111111111111111"}
    newer: Block = {"type": "hologram", "caption": MAIL, "layers": [{"words": (MAIL,)}]}
    far: Block = {"type": "image", "source": {"type": "url", "url": "https://example.com/?u=a@example.com"}}
    cited: Block = {
        **text(MAIL),
        "citations": [{"type": "char_location", "cited_text": MAIL, "start_char_index": 0}],
    }
    redacted = redact(
        asked(call, result, found, image, thought, newer, far, cited, text(MAIL)),
    )
    mark = "[EMAIL-1]"
    assert content(redacted) == [
        {**call, "input": {"name": mark, mark: [mark, 1, None]}},
        {**result, "content": [text(mark)]},
        {**found, "source": mark, "title": mark, "content": [text(mark)]},
        image,
        {**thought, "thinking": mark},
        {**newer, "caption": mark, "layers": [{"words": [mark]}]},
        far,
        {**text(mark), "citations": [{**cited["citations"][0], "cited_text": mark}]},
        text(mark),
    ]
    assert redacted.unread == 2


def test_a_schema_keeps_its_words_and_loses_its_data() -> None:
    schema = {
        "type": "object",
        "title": MAIL,
        "properties": {"description": {"type": "string", "enum": [MAIL, "none"]}, "pattern": {"const": MAIL}},
        "required": ["description", "pattern"],
        "additionalProperties": False,
    }
    config = {"format": {"type": "json_schema", "schema": schema}}
    redacted = redact(asked(text("?"), output_config=config))
    assert redacted.body["output_config"] == json.loads(json.dumps(config).replace(MAIL, "[EMAIL-1]"))


def test_what_is_marked_is_withheld_as_whole_words_across_lines() -> None:
    written = "Ann Lee and Ann\n  Lee's Annual Annex; account ACC-77, ACC-770; Acme."
    redacted = redact(asked(text(written)), ["Ann Lee", " ", "ACC-77", "Acme", "Ann Lee"])
    seen = content(redacted)[0]["text"]
    assert seen == "[PRIVATE-1] and [PRIVATE-2]'s Annual Annex; account [PRIVATE-3], ACC-770; [PRIVATE-4]."
    assert redacted.counts == {"PRIVATE": 4}
    assert redacted.vault.restore(seen) == written


@pytest.mark.parametrize(
    "lookalike",
    ["[EMAIL-1]", "[email-1]", "[EMAIL‑1]", "[ EMAIL - 1 ]", "[Phone_01]", "[LITERAL-1]", "[PRIVATE-9]"],
)
def test_a_document_cannot_forge_a_placeholder(lookalike: str) -> None:
    written = f"Pay to {lookalike}, says {MAIL}."
    redacted = redact(asked(document(written)))
    seen = content(redacted)[0]["source"]["data"]
    assert seen == "Pay to [LITERAL-1], says [EMAIL-1]."
    assert redacted.vault.restore(seen) == written
    assert redacted.counts == {"EMAIL": 1}


def test_names_that_look_like_placeholders_are_not_given_to_values() -> None:
    tool = {"name": "[EMAIL-1]", "input_schema": {"type": "object", "properties": {"[EMAIL-3]": {}}}}
    body = asked(text(f"{MAIL} b@example.com"), tools=[tool])
    assert redact(body).vault.values == {"[EMAIL-2]": MAIL, "[EMAIL-4]": "b@example.com"}


def test_the_notice_has_nothing_to_withhold() -> None:
    assert LOOKALIKE.search(NOTICE) is None
    assert redact(asked(text(NOTICE))).vault.values == {}
    assert all(f"[{kind}-n]" in NOTICE for kind in Kind if kind is not Kind.SEAL)


def test_values_do_not_print() -> None:
    redacted = redact(asked(text(MAIL)))
    assert MAIL not in repr(redacted)
    assert MAIL not in repr(redacted.vault)
    assert MAIL not in str(redacted.vault)


@pytest.mark.parametrize("broken", [b"bytes", {"a set"}, object(), {1: MAIL}])
def test_what_is_not_json_is_refused(broken: object) -> None:
    with pytest.raises(RedactionError):
        redact(asked({"type": "text", "text": broken}))


@pytest.mark.parametrize("marked", [["x"] * 201, ["x" * 1001]])
def test_more_marks_than_can_be_looked_for_are_refused(marked: list[str]) -> None:
    with pytest.raises(RedactionError):
        redact(asked(text("?")), marked)


def test_a_fault_of_a_recognizer_stops_the_request_and_repeats_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fault(text: str) -> Iterator[object]:
        raise ValueError(f"cannot read {text}")

    monkeypatch.setattr(redaction, "scan", fault)
    with pytest.raises(RedactionError) as refused:
        redact(asked(text(MAIL)))
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None
    assert str(refused.value) == "the request could not be searched for personal data: ValueError"


def test_nesting_without_end_is_refused() -> None:
    nested: object = MAIL
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(RedactionError):
        redact(asked({"type": "text", "text": nested}))


def test_numbers_end() -> None:
    assert placeholder(Kind.EMAIL, MOST_PER_KIND) == "[EMAIL-999999]"
    with pytest.raises(OverflowError):
        placeholder(Kind.EMAIL, MOST_PER_KIND + 1)


def test_kept_scans_are_bounded_in_texts_and_in_finds() -> None:
    find = Find(0, 1, Kind.EMAIL)
    kept = KeptScans(most_texts=3, most_finds=8)
    for number in range(10):
        kept.put(bytes([number]), (find,))
    assert kept.size == (3, 3)
    assert kept.get(bytes([7])) == (find,)
    kept.put(b"more", (find, find))
    assert kept.get(bytes([8])) is None
    assert kept.get(bytes([7])) == (find,)
    kept.put(b"huge", (find, find, find))
    assert kept.get(b"huge") is None
    for number in range(20, 30):
        kept.put(bytes([number]), (find, find))
    assert kept.size == (3, 6)
    kept.put(bytes([29]), (find,))
    assert kept.size == (3, 5)


def test_a_document_is_searched_once_for_many_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    search = scanning._search

    def counting(text: str) -> Iterator[object]:
        searched.append(len(text))
        return search(text)

    monkeypatch.setattr(scanning, "_search", counting)
    long = document("Unlike any other document of this run. " + NOTICE_CLAUSE * 40)
    answers = [redact(asked(long, text(f"Question {number}?"))) for number in range(5)]
    assert len([size for size in searched if size > 1000]) == 1
    assert {len(one.vault.values) for one in answers} == {4}
