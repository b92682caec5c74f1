"""Sentences of an answer to a question: each quote located, each number in the sentence re-read from them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from contracts_service.evidence.address import addresses_machine
from contracts_service.evidence.dates import dates
from contracts_service.evidence.jurisdictions import chosen_laws
from contracts_service.evidence.locate import Place, locate
from contracts_service.evidence.marks import has_lookalikes, hides_in_number
from contracts_service.evidence.measures import Measure, measures
from contracts_service.evidence.model import DocumentText, Evidence
from contracts_service.evidence.normalize import normalize
from contracts_service.evidence.percents import period_of
from contracts_service.evidence.reasons import Doubt, Reason
from contracts_service.evidence.units import in_base_units, unit_named

_MARGIN = 160


@dataclass(frozen=True, slots=True)
class QuoteEvidence:
    """A quote and the passages where it stands, or the doubt that it stands anywhere."""

    quote: str
    evidence: tuple[Evidence, ...]
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class SentenceVerdict:
    """A sentence with the passages that bear it out; `doubt` is None where it is verified."""

    sentence: str
    quotes: tuple[QuoteEvidence, ...]
    doubt: Doubt | None

    @property
    def verified(self) -> bool:
        """Whether every quote stands and states every figure of the sentence."""
        return self.doubt is None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All passages, in the order of the quotes."""
        return tuple(dict.fromkeys(one for quote in self.quotes for one in quote.evidence))


@dataclass(frozen=True, slots=True)
class _Statement:
    """A figure in comparable form: its kind of unit, the amount or date, and the words it was read from."""

    kind: str
    amount: Decimal | str
    words: str
    period: str | None = None


def locate_sentence_evidence(document: DocumentText, quotes: Sequence[str]) -> tuple[QuoteEvidence, ...]:
    """Locates each quote; those that do not stand whole on one page are returned with their doubt."""
    return tuple(_locate_one(document, quote)[0] for quote in quotes)


def verify_sentence(document: DocumentText, sentence: str, quotes: Sequence[str]) -> SentenceVerdict:
    """Checks a sentence against its quotes: all must stand, and state each number, date, percentage,
    amount and period of the sentence in the same or a convertible unit."""
    located = [_locate_one(document, quote) for quote in quotes]
    found = tuple(one for one, _ in located)
    doubt = next((one.doubt for one in found if one.doubt), None if found else Doubt(Reason.NO_QUOTE))
    if doubt is None:
        doubt = _unproven(document, sentence, [place for _, place in located if place])
    return SentenceVerdict(sentence, found, doubt)


def _locate_one(document: DocumentText, quote: str) -> tuple[QuoteEvidence, Place | None]:
    located = locate(document, quote)
    if located.reason:
        return QuoteEvidence(quote, (), Doubt(located.reason)), None
    whole = [place for place in located.places if not place.crosses_page(document)]
    said = [place for place in whole if not _told_to_machine(document, place)]
    places = said or whole or located.places[:1]
    evidence = tuple(place.evidence(document) for place in places)
    reason = None if said else Reason.ADDRESSES_MACHINE if whole else Reason.CROSSES_PAGE
    return QuoteEvidence(quote, evidence, Doubt(reason) if reason else None), places[0]


def _told_to_machine(document: DocumentText, place: Place) -> bool:
    return addresses_machine(document.normalized.text, place.start, place.end)


def _unproven(document: DocumentText, sentence: str, places: list[Place]) -> Doubt | None:
    text = normalize(sentence).text
    if has_lookalikes(text) and re.search(r"\d", text):
        return Doubt(Reason.LOOKALIKE_CHARACTERS)
    proven = [one for place in places for one in _stated_at(document, place)]
    for statement in _statements(text, 0, len(text)):
        if isinstance(statement, Reason):
            return Doubt(statement)
        if not any(_bears_out(one, statement) for one in proven):
            return Doubt(Reason.STATEMENT_NOT_IN_QUOTES, f'Not found: "{statement.words}".')
    return None


def _bears_out(proven: _Statement, stated: _Statement) -> bool:
    """A bare number of the sentence may have any unit in the quote; one with a unit needs that unit."""
    if stated.kind == "bare":
        year = proven.kind == "date" and str(proven.amount).startswith(f"{stated.words}-")
        return year or proven.amount == stated.amount
    return (proven.kind, proven.amount) == (stated.kind, stated.amount) and stated.period in (
        None,
        proven.period,
    )


def _stated_at(document: DocumentText, place: Place) -> list[_Statement]:
    """What the document states within a quote; read with its surroundings, so that edges cut no number."""
    text = document.normalized.text
    start, end = max(0, place.start - _MARGIN), min(len(text), place.end + _MARGIN)
    if has_lookalikes(text[place.start : place.end]) or hides_in_number(place.evidence(document).quote):
        return []
    found = _statements(text[start:end], place.start - start, place.end - start)
    return [one for one in found if isinstance(one, _Statement)]


def _statements(text: str, start: int, end: int) -> Iterator[_Statement | Reason]:
    """The statements that lie wholly within [start, end); a reason for a figure that cannot be read."""
    found = dates(text)
    for one in found:
        if start <= one.start and one.end <= end:
            words = text[one.start : one.end]
            yield (
                _Statement("date", one.day.isoformat(), words)
                if one.day
                else one.flaw or Reason.DATE_AMBIGUOUS
            )
    for name, law_start, law_end in chosen_laws(text):
        if start <= law_start and law_end <= end:
            yield _Statement("law", name, text[law_start:law_end])
    for measure in measures(text):
        in_date = any(one.start < measure.end and measure.start < one.end for one in found)
        if start <= measure.start and measure.end <= end and not in_date and not _is_pronoun(measure):
            yield _statement(text, measure)


def _is_pronoun(measure: Measure) -> bool:
    return measure.unit is None and measure.in_words and not measure.ordinal and measure.amount == 1


def _statement(text: str, measure: Measure) -> _Statement | Reason:
    # "5 to 10 days" in a sentence needs both numbers in the quotes; only unreadable ones are refused.
    if measure.flaw and measure.flaw is not Reason.NOT_A_SINGLE_VALUE:
        return measure.flaw
    words = text[measure.start : measure.end]
    if measure.unit is None:
        return _Statement("bare", measure.amount.normalize(), words)
    if unit_named(measure.unit) is None:
        return _Statement(measure.unit, measure.amount.normalize(), words)
    kind, amount = in_base_units(measure.amount, measure.unit)
    statement = _Statement(kind, amount.normalize(), words)
    return (
        replace(statement, period=period_of(text, measure.start, measure.end)[0])
        if kind == "percent"
        else statement
    )
