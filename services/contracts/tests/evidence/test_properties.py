"""What must never be verified, over generated contracts."""

from dataclasses import dataclass, replace

from hypothesis import assume, given
from hypothesis import strategies as st

from contracts_service.evidence import Status

from .documents import check, document
from .test_numbers import spelled


@dataclass(frozen=True)
class Fact:
    """A sentence that states a field, split where a page might break."""

    field: str
    value: str
    unit: str
    sentence: str


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    n = draw(st.integers(2, 400))
    styled = draw(st.sampled_from([f"{n}", f"{spelled(n)} ({n})", f"{spelled(n).title()} ({n})"]))
    return draw(
        st.sampled_from(
            [
                Fact(
                    "invoice_due",
                    f"{n}",
                    "days after receipt of invoice",
                    f"Buyer shall pay within {styled} days after receipt of each invoice",
                ),
                Fact(
                    "termination_notice",
                    f"{n}",
                    "days before termination",
                    f"Either Party may terminate upon {styled} days' prior written notice",
                ),
                Fact("capacity", f"{n}", "MW", f"The total capacity of the facility shall be {styled} MW"),
                Fact(
                    "liability_cap",
                    f"{n}000",
                    "USD",
                    f"The maximum liability of Seller shall be ${n},000 in all",
                ),
                Fact(
                    "term_years", f"{n}", "years", f"The initial term shall be {styled} years from the start"
                ),
                Fact("availability", f"{n}", "%", f"The guaranteed availability shall be {styled} percent"),
            ]
        )
    )


FILLER = st.lists(
    st.sampled_from(
        [
            "Headings are for convenience only.",
            "Time is of the essence.",
            "The Parties act in good faith.",
            "Nothing herein creates a partnership.",
            "Words in the singular include the plural.",
        ]
    ),
    min_size=1,
    max_size=6,
).map(" ".join)


@given(facts(), FILLER, FILLER)
def test_the_truth_is_verified(fact: Fact, before: str, after: str) -> None:
    where = document(f"{before}\n\n{fact.sentence}.\n\n{after}")
    entry = check(where, fact.field, fact.value, fact.unit, fact.sentence)
    assert entry.status is Status.VERIFIED, entry.reason_sentence
    assert all(one.stands_in(where) for one in entry.evidence)


@given(facts(), FILLER, FILLER)
def test_a_true_value_with_a_false_quote(fact: Fact, before: str, after: str) -> None:
    where = document(f"{before}\n\n{fact.sentence}.\n\n{after}")
    for quote in (f"{fact.sentence} without exception", after, f"{before} {after}"):
        assert check(where, fact.field, fact.value, fact.unit, quote).status is Status.UNVERIFIED


@given(facts(), st.integers(1, 10_000_000))
def test_a_false_value_with_a_true_quote(fact: Fact, other: int) -> None:
    assume(str(other) != fact.value)
    for value in (str(other), f"-{fact.value}", f"{fact.value}0", f"{fact.value}.5"):
        assert (
            check(f"{fact.sentence}.", fact.field, value, fact.unit, fact.sentence).status
            is Status.UNVERIFIED
        )


WRONG_UNITS = [
    "kW",
    "kWh",
    "V",
    "EUR",
    "months",
    "%/year",
    "% LHV",
    "business days after receipt of invoice",
    "days before receipt of invoice",
    "weeks after receipt of invoice",
    "days after termination of lease",
]


@given(facts(), st.sampled_from(WRONG_UNITS))
def test_a_wrong_unit(fact: Fact, unit: str) -> None:
    assert check(f"{fact.sentence}.", fact.field, fact.value, unit, fact.sentence).status is Status.UNVERIFIED


@given(facts(), FILLER, FILLER, st.data())
def test_a_shifted_span(fact: Fact, before: str, after: str, data: st.DataObject) -> None:
    """Evidence moved by any distance no longer stands; nor does a quote moved off its value prove it."""
    where = document(f"{before}\n\n{fact.sentence}.\n\n{after}")
    entry = check(where, fact.field, fact.value, fact.unit, fact.sentence)
    (evidence,) = entry.evidence
    shift = data.draw(st.integers(-len(before), len(after)).filter(bool))
    moved = replace(evidence, char_start=evidence.char_start + shift, char_end=evidence.char_end + shift)
    assert not moved.stands_in(where)
    value_end = where.text.index(entry.raw_text) + len(entry.raw_text)
    start = data.draw(st.integers(where.text.index(entry.raw_text) + 1, value_end))
    quote = where.text[start : start + len(fact.sentence)]
    assert check(where, fact.field, fact.value, fact.unit, quote).status is Status.UNVERIFIED


@given(facts(), FILLER, FILLER, st.data())
def test_a_quote_across_a_page_break(fact: Fact, before: str, after: str, data: st.DataObject) -> None:
    words = fact.sentence.split(" ")
    cut = data.draw(st.integers(1, len(words) - 1))
    footer = data.draw(st.sampled_from(["", "\n- 7 -", "\nPage 7 of 20", "\n7"]))
    where = document(f"{before}\n\n{' '.join(words[:cut])}{footer}", f"{' '.join(words[cut:])}.\n\n{after}")
    entry = check(where, fact.field, fact.value, fact.unit, fact.sentence)
    assert (entry.status, entry.reason) == (Status.UNVERIFIED, "CROSSES_PAGE")
    assert entry.evidence[0].page == 1


@given(facts(), st.sampled_from("٠٣５９З"), st.data())
def test_a_lookalike_digit(fact: Fact, lookalike: str, data: st.DataObject) -> None:
    digits = [i for i, character in enumerate(fact.sentence) if character.isdigit()]
    at = data.draw(st.sampled_from(digits))
    forged = fact.sentence[:at] + lookalike + fact.sentence[at + 1 :]
    assert check(f"{forged}.", fact.field, fact.value, fact.unit, forged).status is Status.UNVERIFIED
