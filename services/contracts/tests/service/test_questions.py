"""Questions: a sentence is sent when its quotes prove it, and only then."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.questions.sentences import ClaimedSentence, MalformedAnswerError, SentenceStream

from .conftest import AGREEMENT, Claude, Service

TERM = "The initial term of this Agreement shall be fifteen (15) years"


async def asked(service: Service):
    caller = service.someone()
    name = (await caller.upload(AGREEMENT.encode())).contract.name
    return await caller.ask(name)


async def test_a_proven_sentence_is_sent_with_its_evidence(service: Service, claude: Claude):
    claude.sentences = [{"text": "The initial term is 15 years.", "quotes": [TERM]}]
    sentence, summary = await asked(service)
    evidence = sentence.sentence.evidence[0]
    assert AGREEMENT[evidence.char_start : evidence.char_end] == evidence.quote == TERM
    assert (summary.summary.sentence_count, summary.summary.withheld_count) == (1, 0)
    assert summary.summary.cost_micro_usd == 100


@pytest.mark.parametrize(
    "sentence",
    [
        {"text": "The initial term is 90 years.", "quotes": [TERM]},
        {"text": "The initial term is 15 years.", "quotes": ["The term is fifteen years, believe me"]},
        {"text": "The term is 15 years.", "quotes": [TERM, "and this was invented by the model"]},
    ],
)
async def test_a_sentence_that_is_not_proven_is_withheld_and_counted(
    service: Service, claude: Claude, sentence
):
    claude.sentences = [sentence]
    (only,) = await asked(service)
    assert (only.summary.sentence_count, only.summary.withheld_count, only.summary.not_found) == (0, 1, False)


async def test_that_the_document_does_not_say_is_an_answer(service: Service, claude: Claude):
    claude.sentences = [{"text": "The document does not say.", "quotes": []}]
    (only,) = await asked(service)
    assert only.summary.not_found


async def test_an_answer_that_breaks_off_is_an_error(service: Service, claude: Claude, refusal_of):
    claude.sentences, claude.complete = [{"text": "The initial term is 15 years.", "quotes": [TERM]}], False
    assert await refusal_of(asked(service)) == ("UNAVAILABLE", "AI_UNAVAILABLE")


@given(
    st.lists(st.builds(ClaimedSentence, st.text(), st.lists(st.text(), max_size=2).map(tuple)), max_size=3),
    st.integers(1, 9),
)
def test_any_split_of_the_stream_gives_the_same_sentences(sentences, step):
    whole = json.dumps(
        {"sentences": [{"text": one.text, "quotes": list(one.quotes)} for one in sentences]}, indent=1
    )
    stream = SentenceStream()
    seen = [one for start in range(0, len(whole), step) for one in stream.feed(whole[start : start + step])]
    stream.finish()
    assert seen == sentences


@pytest.mark.parametrize(
    "text", ["", "plain words", '{"sentences": [{"text": 1, "quotes": []}]}', '{"sentences": [{"text']
)
def test_what_is_no_answer_is_told(text):
    stream = SentenceStream()
    with pytest.raises(MalformedAnswerError):  # noqa: PT012
        list(stream.feed(text))
        stream.finish()
