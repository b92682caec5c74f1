"""Judges one claim at one place of the document: does this passage state this value of this field?"""

from dataclasses import dataclass, replace

from contracts_service.evidence.address import addresses_machine
from contracts_service.evidence.candidates import Candidate, candidates
from contracts_service.evidence.cues import belongs
from contracts_service.evidence.framing import is_example, is_not_so
from contracts_service.evidence.locate import Place
from contracts_service.evidence.marks import denied, has_lookalikes, hides_in_number, redactions_in
from contracts_service.evidence.model import DocumentText, Evidence
from contracts_service.evidence.others import of_another_document
from contracts_service.evidence.percents import basis_span
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.redactions import could_hide
from contracts_service.evidence.values import Percent, RelativeDate, Value, content_words, same, same_offset
from contracts_service.fields import FieldSpec, Kind

#: How much of the document around a quote is parsed with it, to see values that its edges cut.
_MARGIN = 160
_NOTICE = content_words("notice")
_WORDED = (Kind.TEXT, Kind.ENUM, Kind.BOOLEAN, Kind.JURISDICTION)
#: For these the denial is part of what is claimed ("shall not assign"), or a name that cannot be denied.
_UNDENIABLE = (Kind.ENUM, Kind.BOOLEAN)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is None where the passage states the value; `raw_text` is what it was read from."""

    reason: Reason | None
    evidence: tuple[Evidence, ...]
    raw_text: str = ""
    cue_in_quote: bool = False
    exact: bool = True


def judge(document: DocumentText, spec: FieldSpec, claimed: Value, place: Place) -> Verdict:
    """Judges the claim at one occurrence of its quote. Anything doubtful is a reason not to verify."""
    verdict = Verdict(None, place.passages(document), exact=place.exact)
    reason = _unfit(document, spec, place)
    if reason:
        return replace(verdict, reason=reason)
    found = _read(document, spec, claimed, place)
    if isinstance(found, Reason):
        return replace(verdict, reason=found)
    return _weigh(document, spec, claimed, place, found, verdict)


def judge_stated(document: DocumentText, spec: FieldSpec, claimed: Value, place: Place) -> Verdict:
    """As `judge`, but for what the value belongs to: of that its caller is sure by where the quote stands."""
    verdict = Verdict(None, place.passages(document), exact=place.exact)
    reason = _unfit(document, spec, place)
    found = reason or _read(document, spec, claimed, place)
    if isinstance(found, Reason):
        return replace(verdict, reason=found)
    verdict = replace(verdict, raw_text=_stored(document, found.start, found.end).quote)
    text = document.normalized.text
    # Words are taken over as they stand, whoever they are denied to: "Buyer shall not" is about Buyer.
    if spec.kind not in (*_UNDENIABLE, Kind.TEXT) and _taken_back(text, found):
        return replace(verdict, reason=Reason.NEGATED)
    if isinstance(claimed, Percent):
        return _weigh_percent(document, spec, claimed, found, (place.start, place.end), verdict)
    return verdict


def judge_redacted(document: DocumentText, place: Place) -> Verdict:
    """Whether something is blacked out at an occurrence of a quote, whatever it may be."""
    verdict, text = Verdict(None, place.passages(document), exact=place.exact), document.normalized.text
    if place.crosses_page(document):
        return replace(verdict, reason=Reason.CROSSES_PAGE)
    if addresses_machine(text, place.start, place.end):
        return replace(verdict, reason=Reason.ADDRESSES_MACHINE)
    marked = redactions_in(text, place.start, place.end)
    return verdict if marked else replace(verdict, reason=Reason.NO_REDACTION_MARK)


def judge_redaction(document: DocumentText, spec: FieldSpec, place: Place) -> Verdict:
    """Judges the claim that the field's value is blacked out at one occurrence of its quote."""
    verdict = Verdict(None, place.passages(document), exact=place.exact)
    text = document.normalized.text
    if place.crosses_page(document):
        return replace(verdict, reason=Reason.CROSSES_PAGE)
    if addresses_machine(text, place.start, place.end):
        return replace(verdict, reason=Reason.ADDRESSES_MACHINE)
    marks = redactions_in(text, place.start, place.end)
    if not marks:
        return replace(verdict, reason=Reason.NO_REDACTION_MARK)
    quote, unnamed = (place.start, place.end), replace(spec, party=False)
    marks = [mark for mark in marks if could_hide(spec, text, mark)]
    if not marks:
        return replace(verdict, reason=Reason.NO_VALUE_IN_QUOTE)
    belongings = [belongs(unnamed, text, quote, mark) for mark in marks]
    belonging = next((one for one in belongings if one.reason is None), belongings[0])
    return replace(verdict, reason=belonging.reason, cue_in_quote=belonging.in_quote)


def _unfit(document: DocumentText, spec: FieldSpec, place: Place) -> Reason | None:
    text = document.normalized.text
    if place.crosses_page(document):
        return Reason.CROSSES_PAGE
    if addresses_machine(text, place.start, place.end):
        return Reason.ADDRESSES_MACHINE
    if redactions_in(text, place.start, place.end):
        return Reason.REDACTED_PASSAGE
    hidden = hides_in_number(place.evidence(document).quote)
    if hidden or (spec.kind is not Kind.TEXT and has_lookalikes(text[place.start : place.end])):
        return Reason.LOOKALIKE_CHARACTERS
    return None


def _read(document: DocumentText, spec: FieldSpec, claimed: Value, place: Place) -> Candidate | Reason:
    """The candidate within the quote that is the claimed value, if no other one makes it doubtful."""
    inside = _within(document, spec, claimed, place)
    if isinstance(inside, Reason):
        return inside
    flawed = next((one.flaw for one in inside if one.flaw), None)
    if flawed:
        return flawed
    if not inside:
        return Reason.NO_VALUE_IN_QUOTE
    agreeing = [
        one for one in inside if one.value is not None and _agrees(claimed, one, inside, document, place)
    ]
    if not agreeing:
        return _difference(claimed, inside)
    if any(one.value is None or not _equal(one.value, agreeing[0].value) for one in inside):
        return Reason.SEVERAL_VALUES
    return agreeing[0]


def _within(
    document: DocumentText, spec: FieldSpec, claimed: Value, place: Place
) -> list[Candidate] | Reason:
    """The candidates that lie wholly within the quote; a reason where one goes on beyond its edge.

    They are read from the document around the quote, so that a quote that starts after "twenty-" or
    ends before "million" cannot change a number.
    """
    text = document.normalized.text
    start, end = max(0, place.start - _MARGIN), min(len(text), place.end + _MARGIN)
    inside: list[Candidate] = []
    for one in candidates(spec, claimed, text[start:end]):
        moved = _moved(one, start)
        if moved.end <= place.start or place.end <= moved.start:
            continue
        core_end = moved.end if moved.anchor_start is None else moved.anchor_start
        if moved.start < place.start or core_end > place.end:
            if spec.kind in _WORDED:
                continue
            return Reason.VALUE_CUT
        inside.append(_trimmed(_settled(spec, moved, text), text, place))
    return inside


def _settled(spec: FieldSpec, one: Candidate, text: str) -> Candidate:
    """A draft leaves what is still open in brackets: [30 days] [45 days]."""
    bracketed = (
        text[max(0, one.start - 1) : one.start] == "[" or text[_core_end(one) : _core_end(one) + 1] == "]"
    )
    return replace(one, flaw=Reason.LEFT_OPEN) if bracketed and spec.kind not in _WORDED else one


def _moved(one: Candidate, by: int) -> Candidate:
    support = None if one.support is None else (one.support[0] + by, one.support[1] + by)
    anchor_start = None if one.anchor_start is None else one.anchor_start + by
    return replace(one, start=one.start + by, end=one.end + by, anchor_start=anchor_start, support=support)


def _trimmed(one: Candidate, text: str, place: Place) -> Candidate:
    """A relative date whose anchor is no longer than the quote."""
    if not isinstance(one.value, RelativeDate) or one.anchor_start is None or one.end <= place.end:
        return one
    anchor = text[one.anchor_start : place.end].strip()
    return replace(one, end=place.end, value=replace(one.value, anchor=anchor))


def _agrees(
    claimed: Value, one: Candidate, inside: list[Candidate], document: DocumentText, place: Place
) -> bool:
    if not isinstance(claimed, RelativeDate) or not isinstance(one.value, RelativeDate):
        return one.value is not None and same(claimed, one.value)
    # A notice period names no event of its own: the rest of the quote may name it.
    anchor = (
        document.normalized.text[place.start : place.end]
        if one.notice and len(inside) == 1
        else one.value.anchor
    )
    words, read = content_words(claimed.anchor), content_words(anchor)
    # A notice of termination is not the termination.
    of_notice = not one.notice and bool(_NOTICE & content_words(one.value.anchor) - words)
    return same_offset(claimed, one.value) and words <= read and not of_notice


def _equal(first: Value, second: Value | None) -> bool:
    return second is not None and same(first, second)


def _difference(claimed: Value, inside: list[Candidate]) -> Reason:
    if isinstance(claimed, Percent) and claimed.period:
        unproven = any(
            isinstance(one.value, Percent) and one.value.amount == claimed.amount for one in inside
        )
        return Reason.PERIOD_UNPROVEN if unproven else Reason.VALUE_DIFFERS
    if isinstance(claimed, RelativeDate):
        amounts = {
            (one.value.offset, one.value.unit) for one in inside if isinstance(one.value, RelativeDate)
        }
        return Reason.ANCHOR_DIFFERS if (claimed.offset, claimed.unit) in amounts else Reason.VALUE_DIFFERS
    return Reason.VALUE_DIFFERS


def _weigh(
    document: DocumentText, spec: FieldSpec, claimed: Value, place: Place, found: Candidate, verdict: Verdict
) -> Verdict:
    """The value stands there; now: is it affirmed, for this field, of this basis and period?"""
    text, quote = document.normalized.text, (place.start, place.end)
    verdict = replace(verdict, raw_text=_stored(document, found.start, found.end).quote)
    if spec.kind not in _UNDENIABLE and _taken_back(text, found):
        return replace(verdict, reason=Reason.NEGATED)
    if is_example(text, found.start):
        return replace(verdict, reason=Reason.ONLY_EXAMPLE)
    if spec.of_itself and of_another_document(text, found.start):
        return replace(verdict, reason=Reason.RIVAL_CUE)
    belonging = belongs(spec, text, quote, (found.start, found.end))
    if belonging.reason:
        return replace(verdict, reason=belonging.reason)
    verdict = replace(verdict, cue_in_quote=belonging.in_quote)
    if isinstance(claimed, Percent):
        return _weigh_percent(document, spec, claimed, found, quote, verdict)
    return verdict


def _taken_back(text: str, found: Candidate) -> bool:
    return denied(text, found.start, _core_end(found)) or is_not_so(text, found.start)


def _weigh_percent(
    document: DocumentText,
    spec: FieldSpec,
    claimed: Percent,
    found: Candidate,
    quote: tuple[int, int],
    verdict: Verdict,
) -> Verdict:
    if claimed.period and not _period_in_quote(claimed, found, quote):
        return replace(verdict, reason=Reason.PERIOD_UNPROVEN)
    if claimed.basis is None:
        return verdict
    span = basis_span(document, claimed.basis, spec.basis_term, quote, (found.start, found.end))
    if span is None:
        return replace(verdict, reason=Reason.BASIS_UNPROVEN)
    if quote[0] <= span[0] and span[1] <= quote[1]:
        return verdict
    return replace(verdict, evidence=(*verdict.evidence, _stored(document, *span)))


def _period_in_quote(claimed: Percent, found: Candidate, quote: tuple[int, int]) -> bool:
    read = isinstance(found.value, Percent) and found.value.period == claimed.period
    return (
        read and found.support is not None and quote[0] <= found.support[0] and found.support[1] <= quote[1]
    )


def _core_end(found: Candidate) -> int:
    return found.end if found.anchor_start is None else found.anchor_start


def _stored(document: DocumentText, start: int, end: int) -> Evidence:
    return Evidence.at(document, *document.normalized.stored.origin(start, end))
