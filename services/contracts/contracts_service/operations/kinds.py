"""What OperationService needs of each kind of long work, which keeps its operations in tables of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from google.longrunning import operations_pb2

from service_runtime.identity import Identity
from service_runtime.postgres import Connection


@dataclass(frozen=True, slots=True)
class Listed:
    """An operation in a list of several kinds."""

    created_at: datetime
    id: UUID
    message: operations_pb2.Operation


class OperationKind(Protocol):
    """Analyses, imports, exports. What the caller may not see does not exist for him."""

    async def get(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """None where this kind has none of that id."""
        ...

    async def page(
        self, connection: Connection, identity: Identity, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[Listed]:
        """Newest first."""
        ...

    async def cancel(
        self, connection: Connection, identity: Identity, operation_id: UUID
    ) -> operations_pb2.Operation | None:
        """None where this kind has none of that id. Raises CONDITION_FORBIDS."""
        ...
