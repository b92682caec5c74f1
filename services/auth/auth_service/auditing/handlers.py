"""AuditService over gRPC."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
from google.protobuf import timestamp_pb2
from google.protobuf.message import Message

from auth_service.auditing import service
from auth_service.auditing.heads import SignedHeads
from auth_service.auditing.store import Filter
from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc
from service_runtime.chain_file import Entry, Head
from service_runtime.errors import invalid
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres
from service_runtime.timestamps import timestamp

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class AuditHandlers(audit_service_pb2_grpc.AuditServiceServicer):
    """The methods of `bloom.auth.v1.AuditService`."""

    postgres: Postgres
    heads: SignedHeads

    async def ListAuditEvents(  # noqa: N802
        self, request: audit_service_pb2.ListAuditEventsRequest, context: Context
    ) -> audit_service_pb2.ListAuditEventsResponse:
        wanted = Filter(
            actor=request.actor,
            action=request.action,
            resource=request.resource,
            start=_moment(request, "start_time"),
            end=_moment(request, "end_time"),
        )
        found, next_token = await service.page(
            self.postgres, current_identity.get(), wanted, size=request.page_size, token=request.page_token
        )
        return audit_service_pb2.ListAuditEventsResponse(
            audit_events=[_event(row) for row in found], next_page_token=next_token
        )

    async def ExportAuditChain(  # noqa: N802
        self, request: audit_service_pb2.ExportAuditChainRequest, context: Context
    ) -> AsyncIterator[audit_service_pb2.AuditChainLine]:
        identity = current_identity.get()
        async for line in service.export(self.postgres, self.heads, identity, request.after_seq):
            yield _line(line)


def _moment(request: Message, field: str) -> datetime | None:
    """Raises INVALID_FIELD for a time that no calendar has."""
    if not request.HasField(field):
        return None
    stamp: timestamp_pb2.Timestamp = getattr(request, field)
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise invalid(field, "is no time between the years 1 and 9999") from None


def _event(row: asyncpg.Record) -> audit_service_pb2.AuditEvent:
    told = json.loads(row["event"])
    return audit_service_pb2.AuditEvent(
        seq=row["seq"],
        event_time=timestamp(row["at"]),
        actor=told["actor"],
        workload=told["workload"],
        action=told["action"],
        resource=told["resource"],
        detail={
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in told["detail"].items()
        },
        trace_id=told["trace_id"],
        hash=row["hash"].hex(),
    )


def _line(line: Entry | Head) -> audit_service_pb2.AuditChainLine:
    if isinstance(line, Entry):
        entry = audit_service_pb2.AuditChainEntry(seq=line.seq, entry=line.text, hash=line.hash)
        return audit_service_pb2.AuditChainLine(entry=entry)
    head = audit_service_pb2.SignedAuditHead(seq=line.seq, hash=line.hash)
    if line.seal is not None:
        head.signature = line.seal.signature
        head.key.update(line.seal.key)
    return audit_service_pb2.AuditChainLine(head=head)
