"""Counts of what was found, by columns and by fields."""

from collections.abc import Mapping, Sequence

from google.protobuf.descriptor import EnumDescriptor

from bloom.contracts.v1 import contract_pb2
from contracts_service.fields import FIELDS, Kind
from contracts_service.search.model import Facet
from service_runtime.errors import invalid

_ENUMS: Mapping[str, tuple[EnumDescriptor, str]] = {
    "state": (contract_pb2.ContractState.DESCRIPTOR, "CONTRACT_STATE_"),
    "office": (contract_pb2.Office.DESCRIPTOR, "OFFICE_"),
    "agreement_type": (contract_pb2.AgreementType.DESCRIPTOR, "AGREEMENT_TYPE_"),
    "analysis_state": (contract_pb2.AnalysisState.DESCRIPTOR, "ANALYSIS_STATE_"),
}
_COUNTED = (Kind.TEXT, Kind.JURISDICTION, Kind.ENUM, Kind.BOOLEAN)
FACETS = (
    *_ENUMS,
    "department",
    "tags",
    *(name for name, spec in FIELDS.items() if spec.kind in _COUNTED and name not in _ENUMS),
)


def require_known(asked: Sequence[str]) -> None:
    """Raises INVALID_FIELD."""
    if unknown := [name for name in asked if name not in FACETS]:
        raise invalid("facets", f"{unknown[0]} cannot be counted; these can: {', '.join(FACETS)}")


def facets(asked: Sequence[str], counted: Sequence[tuple[str, str, int]]) -> tuple[int, list[Facet]]:
    """How many match, and the facets in the order in which they were asked for."""
    total = next(count for facet, _, count in counted if not facet)
    values = {
        name: [(_shown(name, value), count) for facet, value, count in counted if facet == name]
        for name in asked
    }
    return total, [Facet(name, tuple(values[name])) for name in asked]


def _shown(facet: str, value: str) -> str:
    if facet not in _ENUMS:
        return value
    descriptor, prefix = _ENUMS[facet]
    return str(descriptor.values_by_number[int(value)].name).removeprefix(prefix)
