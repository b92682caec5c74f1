"""What must never be verified, however the document is printed, scanned, blacked out or forged."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.evidence import Status
from contracts_service.evidence.locate import locate
from contracts_service.evidence.pages import running_lines
from contracts_service.evidence.reasons import Reason
from contracts_service.fields import AnswerState

from .documents import check, document
from .test_properties import Fact, facts

MARKS = [
    "[***]",
    "[* * *]",
    "[REDACTED]",
    "(redacted)",
    "<redacted>",
    "████",
    "█",
    "■■",
    "***",
    "[●]",
    "XXXXX",
]
HIDDEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u2066", "\u200f", "\u061c"]
FORGED = "٣３З୦О𝟑٠۵"
RIGHT_TO_LEFT = ["\u05e9\u05dc\u05d5\u05dd", "\u0633\u0644\u0627\u0645"]


def digits(text: str) -> list[int]:
    return [i for i, character in enumerate(text) if character.isdigit()]


class TestRedactions:
    @given(facts(), st.sampled_from(MARKS), st.data())
    def test_a_value_over_a_redaction(self, fact: Fact, mark: str, data: st.DataObject) -> None:
        """In the place of the number, of one of its digits, or beside it: the number there is not known."""
        first, last = digits(fact.sentence)[0], digits(fact.sentence)[-1]
        start = data.draw(st.integers(first, last))
        end = data.draw(st.integers(start, last + 1))
        hidden = fact.sentence[:start] + mark + fact.sentence[end:]
        for quote in (hidden, fact.sentence, hidden[: start + len(mark)]):
            assert check(f"{hidden}.", fact.field, fact.value, fact.unit, quote).status is not Status.VERIFIED

    @pytest.mark.parametrize("mark", MARKS)
    def test_what_is_blacked_out_is_redacted(self, mark: str) -> None:
        text = f"The maximum liability of Seller shall be ${mark} in all."
        entry = check(text, "liability_cap", "", "", state=AnswerState.REDACTED)
        assert entry.status is Status.REDACTED, entry.reason_sentence

    @pytest.mark.parametrize("text", ["$7.5█", "$7.█5", "█7.5", "$7,[*]00", "$7*", "■5,000", "$5[*]"])
    def test_a_number_that_a_mark_touches_is_not_known(self, text: str) -> None:
        for value in ("7.5", "7", "5", "5000", "0.5"):
            where = f"The maximum liability of Seller shall be {text} in all."
            quote = where[: where.index(text) + len(text.rstrip("█■[]*"))]
            for words in (quote, where):
                assert check(where, "liability_cap", value, "USD", words).status is not Status.VERIFIED


class TestForgedCharacters:
    @given(facts(), st.sampled_from(HIDDEN), st.data())
    def test_hidden_characters_within_a_number(self, fact: Fact, hidden: str, data: st.DataObject) -> None:
        inner = [i for i in digits(fact.sentence) if fact.sentence[i + 1 : i + 2].isdigit()]
        if inner:
            at = data.draw(st.sampled_from(inner)) + 1
            forged = fact.sentence[:at] + hidden + fact.sentence[at:]
            for quote in (forged, fact.sentence):
                entry = check(f"{forged}.", fact.field, fact.value, fact.unit, quote)
                assert entry.status is Status.UNVERIFIED

    @given(facts(), st.sampled_from(FORGED), st.data())
    def test_what_is_left_of_a_forged_number(self, fact: Fact, forged: str, data: st.DataObject) -> None:
        at = data.draw(st.sampled_from(digits(fact.sentence)))
        sentence = fact.sentence[:at] + forged + fact.sentence[at + 1 :]
        for start in range(at, min(at + 4, len(sentence))):
            for value in (fact.value, fact.value[1:], fact.value[:1]):
                quote = sentence[start + 1 :].lstrip(",")
                entry = check(f"{sentence}.", fact.field, value or "0", fact.unit, quote)
                assert entry.status is Status.UNVERIFIED

    @given(facts(), st.sampled_from(RIGHT_TO_LEFT), st.booleans())
    def test_right_to_left_words_in_the_quote(self, fact: Fact, word: str, before: bool) -> None:
        sentence = f"{word} {fact.sentence}" if before else f"{fact.sentence} {word}"
        assert check(sentence, fact.field, fact.value, fact.unit).status is Status.UNVERIFIED

    @given(facts(), st.sampled_from(HIDDEN[:5]))
    def test_hidden_characters_between_words_change_nothing(self, fact: Fact, hidden: str) -> None:
        printed = fact.sentence.replace(" ", f"{hidden} ")
        assert check(printed, fact.field, fact.value, fact.unit, fact.sentence).status is Status.VERIFIED


class TestPrinting:
    @given(facts(), st.data())
    def test_hyphenated_and_with_ligatures(self, fact: Fact, data: st.DataObject) -> None:
        cuts = [
            i
            for i in range(3, len(fact.sentence) - 3)
            if fact.sentence[i - 3 : i + 3].isalpha() and fact.sentence[i - 3 : i + 3].islower()
        ]
        at = data.draw(st.sampled_from(cuts))
        printed = f"{fact.sentence[:at]}-\n{fact.sentence[at:]}".replace("fi", "ﬁ").replace("fl", "ﬂ")
        entry = check(f"{printed}.", fact.field, fact.value, fact.unit, fact.sentence)
        assert entry.status is Status.VERIFIED, entry.reason_sentence

    @given(facts(), st.data())
    def test_a_torn_number_is_none(self, fact: Fact, data: st.DataObject) -> None:
        inner = [i for i in digits(fact.sentence) if fact.sentence[i + 1 : i + 2].isdigit()]
        if inner and "(" not in fact.sentence:
            at = data.draw(st.sampled_from(inner)) + 1
            torn = f"{fact.sentence[:at]} {fact.sentence[at:]}"
            for value in (fact.value, fact.value[:1], fact.value[1:]):
                for quote in (torn, torn[at + 1 :]):
                    entry = check(f"{torn}.", fact.field, value, fact.unit, quote)
                    assert entry.status is Status.UNVERIFIED


class TestScans:
    MISREAD = (
        ("m", "rn"),
        ("l", "1"),
        ("i", "l"),
        ("o", "0"),
        ("s", "5"),
        ("d", "cl"),
        (" ", ""),
        (" ", "  . "),
    )

    @given(facts(), st.lists(st.sampled_from(MISREAD), min_size=1, max_size=4, unique=True))
    def test_a_misread_quote_is_shown_but_proves_nothing(
        self, fact: Fact, misread: list[tuple[str, str]]
    ) -> None:
        words = fact.sentence
        for printed, read in misread:
            words = words.replace(printed, read, 2)
        where = document(f"Time is of the essence.\n\n{words}.\n\nThe Parties agree.")
        if words == fact.sentence or " ".join(words.split()) == fact.sentence:
            return
        entry = check(where, fact.field, fact.value, fact.unit, fact.sentence)
        assert (entry.status, entry.reason) == (Status.UNVERIFIED, "QUOTE_NOT_EXACT")
        (passage,) = entry.evidence
        assert passage.stands_in(where)
        assert passage.quote in words

    @given(facts(), st.data())
    def test_what_ocr_was_unsure_of_is_shown_but_proves_nothing(
        self, fact: Fact, data: st.DataObject
    ) -> None:
        where = document(f"Time is of the essence.\n\n{fact.sentence}.\n\nThe Parties agree.")
        begins = where.text.index(fact.sentence)
        start = data.draw(st.integers(begins, begins + len(fact.sentence) - 1))
        entry = check(
            replace(where, unsure=((0, 4), (start, start + 1))),
            fact.field,
            fact.value,
            fact.unit,
            fact.sentence,
        )
        assert (entry.status, entry.reason) == (Status.UNVERIFIED, "SCAN_UNSURE")
        assert entry.evidence[0].stands_in(where)
        elsewhere = replace(where, unsure=((0, begins), (begins + len(fact.sentence), len(where.text))))
        sure = check(where, fact.field, fact.value, fact.unit, fact.sentence)
        assert check(elsewhere, fact.field, fact.value, fact.unit, fact.sentence) == sure

    def test_words_that_are_nowhere_are_not_found(self) -> None:
        where = document("The total capacity of the facility shall be 30 MW.")
        assert (
            locate(where, "The total weight of the vessel shall be 30 tons").reason is Reason.QUOTE_NOT_FOUND
        )


class TestPages:
    @staticmethod
    def book(*bodies: str) -> list[str]:
        total = len(bodies)
        return [
            f"Services Agreement\n{body}\nPage {i} of {total} - Confidential"
            for i, body in enumerate(bodies, 1)
        ]

    @given(facts(), st.data())
    def test_a_quote_across_headers_is_shown_on_both_pages(self, fact: Fact, data: st.DataObject) -> None:
        words = fact.sentence.split(" ")
        cut = data.draw(st.integers(1, len(words) - 1))
        pages = [
            "One.",
            f"It begins. {' '.join(words[:cut])}",
            f"{' '.join(words[cut:])}. It goes on.",
            "End.",
        ]
        where = document(*self.book(*pages))
        entry = check(where, fact.field, fact.value, fact.unit, fact.sentence)
        assert (entry.status, entry.reason) == (Status.UNVERIFIED, "CROSSES_PAGE")
        assert [one.page for one in entry.evidence] == [2, 3]
        assert " ".join(one.quote for one in entry.evidence) == fact.sentence
        assert all(one.stands_in(where) for one in entry.evidence)

    def test_headers_and_footers_are_known_by_being_repeated(self) -> None:
        text = document(*self.book("A first.", "A second.", "A third.", "A last.")).text
        lines = [text[start:end] for start, end in running_lines(text)]
        assert lines.count("Services Agreement") == 4
        assert len(lines) == 8

    def test_a_line_that_stands_twice_is_none(self) -> None:
        assert running_lines(document("Pay 30.\nBye", "Pay 30.\nSo", "Never.\nNo").text) == ()


OPEN = [
    ("The term is [ten (10) years] [fifteen (15) years].", "term_years", "10", "years", "LEFT_OPEN"),
    ("The term is [ten (10) years].", "term_years", "10", "years", "LEFT_OPEN"),
    ("For example, if the term is ten (10) years.", "term_years", "10", "years", "ONLY_EXAMPLE"),
    ("The Parties have not agreed that the term is ten (10) years.", "term_years", "10", "years", "NEGATED"),
    ("The following is deleted: the term is ten (10) years.", "term_years", "10", "years", "NEGATED"),
    ("Previously, it read: the term is ten (10) years.", "term_years", "10", "years", "NEGATED"),
    (
        "The term of ten (10) years is hereby extended.",
        "term_years",
        "10",
        "years",
        "NEGATED",
    ),
    (
        "The term is five (5) years (originally ten (10) years).",
        "term_years",
        "10",
        "years",
        "SEVERAL_VALUES",
    ),
    ("The term is ten (10) years per Contract Year.", "term_years", "10", "years", "NO_VALUE_IN_QUOTE"),
    ("The energy price is $0.01 per kWh per year.", "energy_price", "0.01", "USD/kWh", "UNITS_DISAGREE"),
]


@pytest.mark.parametrize(("text", "field", "value", "unit", "reason"), OPEN)
def test_what_is_open_or_taken_back(text: str, field: str, value: str, unit: str, reason: str) -> None:
    entry = check(text, field, value, unit)
    assert (entry.status, entry.reason) == (Status.UNVERIFIED, reason)


STATED = [
    (
        "A Party gives notice of its intent not to renew thirty (30) days before the expiration of the term.",
        "renewal_notice",
        "30",
        "days before the expiration of the term",
    ),
    ("Seller's total liability will not be more than $5,000.", "liability_cap", "5000", "USD"),
    ('It is dated June 3, 2025 (the "Effective Date").', "effective_date", "2025-06-03", "date"),
    ('It starts on the 3rd of June, 2025 (the "Effective Date").', "effective_date", "2025-06-03", "date"),
    ("Buyer shall pay 30 days upon receipt of the invoice.", "invoice_due", "30", "days after receipt"),
]


@pytest.mark.parametrize(("text", "field", "value", "unit"), STATED)
def test_what_only_sounds_denied_is_stated(text: str, field: str, value: str, unit: str) -> None:
    entry = check(text, field, value, unit)
    assert entry.status is Status.VERIFIED, entry.reason_sentence
