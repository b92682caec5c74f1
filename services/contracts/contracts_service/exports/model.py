"""An export, and what it wrote."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

# How long the ZIP can be downloaded: everything that is confidential lies in it.
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """An export as asked for by `subject`. `state` is an ExportState, `error` a google.rpc.Status."""

    id: UUID
    org_id: UUID
    state: int
    subject: str
    traceparent: str
    filter: str
    attempts: int
    contract_count: int
    written_count: int
    object_key: str
    file_count: int
    problem_count: int
    size_bytes: int
    # Lower-case hex.
    sha256: str
    error: bytes | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """The ZIP of an attempt."""

    object_key: str
    file_count: int
    problem_count: int
    size_bytes: int
    sha256: str
