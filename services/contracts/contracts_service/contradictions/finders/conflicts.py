"""Two proven values of one field: what the verifier has found to be in conflict."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.evidence.model import ExtractedValue, Status
from contracts_service.evidence.values import Value, same
from contracts_service.fields import FIELDS


def find(reading: Reading) -> Iterator[Contradiction]:
    """One for each field with such values."""
    by_field: dict[str, list[ExtractedValue]] = defaultdict(list)
    for one in reading.values:
        if one.status is Status.CONFLICT and one.value is not None and one.evidence:
            by_field[one.field].append(one)
    for field, found in by_field.items():
        different = _different(found)
        if len(different) > 1:
            shown = [_shown(one) for one in different]
            yield Contradiction(
                Kind.SAME_QUANTITY_TWICE,
                Severity.HIGH,
                f"{FIELDS[field].label} is stated as {' and as '.join(shown)}.",
                tuple(
                    Passage(one.evidence[0], text, reading.document.document_id)
                    for one, text in zip(different, shown, strict=True)
                ),
            )


def _different(found: Sequence[ExtractedValue]) -> list[ExtractedValue]:
    kept: list[tuple[Value, ExtractedValue]] = []
    for one in found:
        if one.value is not None and not any(same(one.value, value) for value, _ in kept):
            kept.append((one.value, one))
    return [one for _, one in kept]


def _shown(one: ExtractedValue) -> str:
    return (
        one.wire_value if one.wire_unit in ("date", "text", "enum") else f"{one.wire_value} {one.wire_unit}"
    )
