"""What two analyses of a contract say differently about each field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bloom.contracts.v1 import contract_pb2, reading_service_pb2
from contracts_service.analysis.model import StoredValue
from contracts_service.fields import FIELDS

_Kind = reading_service_pb2.FieldChange


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of which the analyses do not say the same. `kind` is a FieldChange.Kind."""

    field: str
    kind: int
    earlier: tuple[StoredValue, ...]
    later: tuple[StoredValue, ...]


def compare(earlier: Sequence[StoredValue], later: Sequence[StoredValue]) -> tuple[list[FieldChange], int]:
    """The fields that changed, in the catalogue's order, and how many did not."""
    before, after = _by_field(earlier), _by_field(later)
    fields = [name for name in FIELDS if name in before or name in after]
    # A field of an older catalogue is still told of.
    fields += sorted((before.keys() | after.keys()) - FIELDS.keys())
    changes = [
        FieldChange(name, kind, before.get(name, ()), after.get(name, ()))
        for name in fields
        if (kind := _kind(before.get(name, ()), after.get(name, ())))
    ]
    return changes, len(fields) - len(changes)


def _kind(earlier: Sequence[StoredValue], later: Sequence[StoredValue]) -> int:
    """0 where both say the same: the same values, of the same status. Where they stand is no difference."""
    said, says = _said(earlier), _said(later)
    if said.keys() == says.keys():
        return 0 if said == says else _Kind.KIND_STATUS_CHANGED
    if not said:
        return _Kind.KIND_ADDED
    return _Kind.KIND_CHANGED if says else _Kind.KIND_REMOVED


def _said(values: Iterable[StoredValue]) -> Mapping[tuple[str, str], frozenset[int]]:
    """The statuses of each value that an analysis gives; what is absent gives none."""
    said: dict[tuple[str, str], frozenset[int]] = {}
    for value in values:
        if value.status != contract_pb2.VALUE_STATUS_ABSENT:
            key = (value.value, value.unit)
            said[key] = said.get(key, frozenset()) | {value.status}
    return said


def _by_field(values: Iterable[StoredValue]) -> dict[str, tuple[StoredValue, ...]]:
    found: dict[str, tuple[StoredValue, ...]] = {}
    for value in values:
        found[value.field] = (*found.get(value.field, ()), value)
    return found
