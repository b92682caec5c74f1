"""One named quantity or day with two values: in two clauses, or in a summary and in the body."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.statements import Form, Statement, statements


def find(reading: Reading) -> Iterator[Contradiction]:
    """The first two that differ, for each name."""
    if reading.structure.amends:
        return
    by_name: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for one in statements(reading):
        by_name[one.term, one.kind].append(one)
    for found in by_name.values():
        for other in found[1:]:
            if other.value != found[0].value and _comparable(found[0], other):
                yield _contradiction(reading, (found[0], other))
                break


def _comparable(first: Statement, second: Statement) -> bool:
    """An exhibit may define a term anew, for itself; a summary of the terms speaks of the body's."""
    return first.part == second.part or Form.LABELLED in (first.form, second.form)


def _contradiction(reading: Reading, pair: Sequence[Statement]) -> Contradiction:
    values = [one.shown for one in pair]
    return Contradiction(
        Kind.SAME_QUANTITY_TWICE,
        Severity.HIGH,
        f'"{pair[0].name}" is {values[0]} in one place and {values[1]} in another.',
        _passages(reading, pair[0], pair[1]),
    )


def _passages(reading: Reading, first: Statement, second: Statement) -> tuple[Passage, Passage]:
    one, other = _passage(reading, first), _passage(reading, second)
    if one.evidence == other.evidence:
        other = reading.exactly(second.start, second.end, second.shown)
    return one, other


def _passage(reading: Reading, one: Statement) -> Passage:
    quoted = reading.line if one.form is Form.LABELLED else reading.passage
    return quoted(one.start, one.end, one.shown)
