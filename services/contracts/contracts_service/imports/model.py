"""An import, its files, and the turns in which they are worked on."""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Defaults:
    """What all records of an import begin with. `office` is the schema's number."""

    department: str = ""
    tags: tuple[str, ...] = ()
    office: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file's bytes are: an object of its own, or a place in the archive."""

    size_bytes: int
    object_key: str = ""
    header_offset: int = 0
    packed_bytes: int = 0
    method: int = 0
    checksum: int = 0


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that an import begins with; `state` is QUEUED, or final where nothing is to be read."""

    path: str
    place: Place
    state: int
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class NewImport:
    """What is asked for. `source` is shown to people, `analysis` an ImportAnalysis."""

    id: UUID
    source: str
    archive_key: str
    defaults: Defaults
    analysis: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Files by how they ended."""

    total: int
    imported: int = 0
    duplicate: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def ended(self) -> int:
        """How many have their result."""
        return self.imported + self.duplicate + self.failed + self.skipped


@dataclass(frozen=True, slots=True)
class Analyses:
    """Of the contracts that came in by an import."""

    requested: int = 0
    done: int = 0
    failed: int = 0
    cost_micro_usd: int = 0


@dataclass(frozen=True, slots=True)
class Import:
    """An import as asked for by `subject`. `state` is an ImportState."""

    id: UUID
    org_id: UUID
    state: int
    subject: str
    traceparent: str
    source: str
    archive_key: str
    defaults: Defaults
    analysis: int
    counts: Counts
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportFile:
    """One file with what became of it."""

    number: int
    path: str
    place: Place
    state: int
    reason: str
    message: str
    contract_id: UUID | None
    operation_id: UUID | None
    sha256: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Result:
    """How a file ended. `state` is a final ImportFileState."""

    state: int
    reason: str = ""
    message: str = ""
    contract_id: UUID | None = None
    operation_id: UUID | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A job: the next file of a lane. One of an earlier turn is void."""

    org_id: UUID
    import_id: UUID
    lane: int
    turn: int

    def to_bytes(self) -> bytes:
        """As the queue keeps it."""
        return json.dumps(
            {"org": str(self.org_id), "import": str(self.import_id), "lane": self.lane, "turn": self.turn}
        ).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Turn":
        """Raises ValueError or KeyError for what `to_bytes` did not write."""
        fields = json.loads(payload)
        return cls(UUID(fields["org"]), UUID(fields["import"]), int(fields["lane"]), int(fields["turn"]))
