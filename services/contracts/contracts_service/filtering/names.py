"""What a filter can ask about: columns of the contract, and fields of the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.descriptor import EnumDescriptor

from bloom.contracts.v1 import contract_pb2, grid_service_pb2
from contracts_service.fields import FIELDS
from contracts_service.record.readings import READINGS

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
EQUALITY = ("=", "!=")
TEXT = ("=", "!=", ":")


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the operators it takes; `read` raises ValueError, which says what is needed."""

    sql: str
    operators: tuple[str, ...]
    read: Callable[[str], object]


def code_of(descriptor: EnumDescriptor, prefix: str) -> Callable[[str], int]:
    """Reads a name of an enumeration, with its prefix or without."""
    codes = {value.name.removeprefix(prefix): value.number for value in descriptor.values if value.number}

    def read(text: str) -> int:
        code = codes.get(text.removeprefix(prefix))
        if code is None:
            raise ValueError(f"one of {', '.join(codes)}")
        return code

    return read


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise ValueError("a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z") from wrong
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


STATUS = code_of(contract_pb2.ValueStatus.DESCRIPTOR, "VALUE_STATUS_")
REVIEW = code_of(grid_service_pb2.ReviewState.DESCRIPTOR, "REVIEW_STATE_")

COLUMNS: Mapping[str, Column] = {
    "label": Column("contracts.label", TEXT, str),
    "reference_no": Column("contracts.reference_no", TEXT, str),
    "department": Column("coalesce(contracts.department, '')", TEXT, str),
    "creator": Column("contracts.creator", EQUALITY, str),
    "tags": Column("contracts.tags", (":",), str),
    "state": Column(
        "contracts.state", EQUALITY, code_of(contract_pb2.ContractState.DESCRIPTOR, "CONTRACT_STATE_")
    ),
    "office": Column("contracts.office", EQUALITY, code_of(contract_pb2.Office.DESCRIPTOR, "OFFICE_")),
    "agreement_type": Column(
        "contracts.agreement_type",
        EQUALITY,
        code_of(contract_pb2.AgreementType.DESCRIPTOR, "AGREEMENT_TYPE_"),
    ),
    "imported": Column("contracts.imported", EQUALITY, _flag),
    "text_state": Column("text_state", EQUALITY, code_of(contract_pb2.TextState.DESCRIPTOR, "TEXT_STATE_")),
    "analysis_state": Column(
        "contracts.analysis_state",
        EQUALITY,
        code_of(contract_pb2.AnalysisState.DESCRIPTOR, "ANALYSIS_STATE_"),
    ),
    "create_time": Column("contracts.created_at", COMPARISONS, _time),
    "update_time": Column("contracts.updated_at", COMPARISONS, _time),
}

# A field by its own name, and by that of the term that it says: `capacity_kw`, `expiration`.
_BY_TERM = {reading.path.rpartition(".")[2]: reading.field for reading in READINGS}
_BY_TERM |= {"renewal_term_years": "renewal_term_years", "term_years": "term_years"}
FIELD_OF: Mapping[str, str] = {
    name: field
    for name, field in ({field: field for field in FIELDS} | _BY_TERM).items()
    if name not in COLUMNS
}
