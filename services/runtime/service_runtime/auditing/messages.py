"""Events and lines of the chain as messages of the schema."""

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
from google.protobuf import timestamp_pb2
from google.protobuf.message import Message

from bloom.auth.v1 import audit_service_pb2
from service_runtime.auditing.store import Filter
from service_runtime.chain_file import Entry, Head
from service_runtime.errors import invalid
from service_runtime.timestamps import timestamp


def wanted(request: Any) -> Filter:
    """Of a listing's request, as `ListAuditEventsRequest` is one. Raises INVALID_FIELD."""
    return Filter(
        actor=request.actor,
        action=request.action,
        resource=request.resource,
        start=_moment(request, "start_time"),
        end=_moment(request, "end_time"),
    )


def _moment(request: Message, field: str) -> datetime | None:
    """Raises INVALID_FIELD for a time that no calendar has."""
    if not request.HasField(field):
        return None
    stamp: timestamp_pb2.Timestamp = getattr(request, field)
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise invalid(field, "is no time between the years 1 and 9999") from None


def event_message(row: asyncpg.Record) -> audit_service_pb2.AuditEvent:
    """As it stands in the chain."""
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


def line_message(line: Entry | Head) -> audit_service_pb2.AuditChainLine:
    """Of an export."""
    if isinstance(line, Entry):
        entry = audit_service_pb2.AuditChainEntry(seq=line.seq, entry=line.text, hash=line.hash)
        return audit_service_pb2.AuditChainLine(entry=entry)
    head = audit_service_pb2.SignedAuditHead(seq=line.seq, hash=line.hash)
    if line.seal is not None:
        head.signature = line.seal.signature
        head.key.update(line.seal.key)
    return audit_service_pb2.AuditChainLine(head=head)
