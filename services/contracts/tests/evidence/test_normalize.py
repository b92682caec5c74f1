"""Normalisation keeps every character's way back, and quotes are located as whole words and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.evidence.locate import locate
from contracts_service.evidence.normalize import normalize
from contracts_service.evidence.reasons import Reason

from .documents import document

NOISY = st.text(
    st.sampled_from("ab Z9.,-\n\f\t\u00a0\u00ad\u200b\ufeffﬁﬄ“”’–—(）٣1й"), max_size=80
)  # the noise that is removed, and look-alikes that must stay


SAME = [
    ("of\u00a0the \n system", "of the system"),
    ("ef\u00adfi\u200bcient", "efficient"),
    ("capac-\nity", "capacity"),
    ("forty-\nfive", "forty-five"),
    ("eﬃciency of ﬂow", "efficiency of flow"),
    ("“Owner” – Buyer’s", '"Owner" - Buyer\'s'),
    ("due\n- 12 -\n\fwithin", "due\nwithin"),
    ("due\nPage 12 of 40\n\fwithin", "due\nwithin"),
    ("due\n\fPage 3\nwithin", "due\nwithin"),
    ("one\n\ntwo", "one\ntwo"),
    ("capac-\n\fity", "capacity"),
]


@pytest.mark.parametrize(("stored", "plain"), SAME)
def test_removes_typographic_noise(stored: str, plain: str) -> None:
    assert normalize(stored).text == plain


@pytest.mark.parametrize("text", ["９5", "9٥", "З0 days", "10²"])
def test_lookalikes_stay_what_they_are(text: str) -> None:
    assert normalize(text).text == text


@given(NOISY)
def test_every_stretch_leads_back_to_characters_that_normalise_to_it(stored: str) -> None:
    normalized = normalize(stored)
    for i, character in enumerate(normalized.text):
        start, end = normalized.stored.origin(i, i + 1)
        assert 0 <= start < end <= len(stored)
        assert character in normalize(stored[start:end]).text or character in "- "
    origins = [normalized.stored.origin(i, i + 1) for i in range(len(normalized.text))]
    assert origins == sorted(origins)


@given(NOISY)
def test_normalising_twice_changes_nothing(stored: str) -> None:
    once = normalize(stored).text
    assert (
        normalize(once.replace("\n", " ")).text.replace("\n", " ").split() == once.replace("\n", " ").split()
    )


@given(
    st.lists(
        st.sampled_from(["alpha", "beta", "gamma", "delta", "30", "(45)", "rate"]), min_size=6, max_size=30
    ),
    st.data(),
)
def test_a_located_quote_normalises_to_itself(words: list[str], data: st.DataObject) -> None:
    gaps = st.sampled_from([" ", "  ", "\n", "\u00a0", " \n ", "\u200b "])
    stored = "".join(word + data.draw(gaps) for word in words)
    first = data.draw(st.integers(0, len(words) - 5))
    quote = " ".join(words[first : first + 5])
    where = document(stored)
    found = locate(where, quote)
    assert found.places
    for place in found.places:
        evidence = place.evidence(where)
        assert evidence.quote == stored[evidence.char_start : evidence.char_end]
        assert normalize(evidence.quote).key.text == normalize(quote).key.text


TEXT = "Pay within one hundred thirty (130) days or 1,000,000 units at 1.5% of One- Month output."
CUT = [
    "30) days or 1,000,000 units",
    "30 days",
    "1,000,000 uni",
    "000,000 units at",
    "5% of One- Month",
    "units at 1",
    "ithin one hundred",
]


@pytest.mark.parametrize("quote", CUT)
def test_a_quote_cut_within_a_word_or_number_is_refused(quote: str) -> None:
    assert locate(document(TEXT), quote).places == ()


def test_finds_all_occurrences_in_its_own_case_first() -> None:
    where = document("The Term Sheet. THE TERM SHEET. The Term Sheet.")
    assert len(locate(where, "The Term Sheet").places) == 2
    folded = locate(where, "the term sheet").places
    assert (len(folded), {place.exact for place in folded}) == (3, {False})


def test_a_hyphen_within_a_word_may_be_written_either_way() -> None:
    assert locate(document(TEXT), "One-Month output").places


@pytest.mark.parametrize("quote", ["days", "(30)", "a b", ""])
def test_too_short_a_quote_proves_nothing(quote: str) -> None:
    assert locate(document(TEXT), quote).reason is Reason.QUOTE_TOO_SHORT


def test_too_long_a_quote_is_not_searched_for() -> None:
    text = "one and " * 2_000
    assert locate(document(text), text).reason is Reason.QUOTE_TOO_LONG
