"""The egress records and their chain: proto in, proto out."""

from collections.abc import AsyncIterator

import asyncpg

from ai_gateway.egress import store
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime import pagination
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres
from service_runtime.timestamps import timestamp

_DEFAULT_PAGE = 25
_EXPORT_AT_ONCE = 500


async def list_records(
    postgres: Postgres, request: ai_service_pb2.ListEgressRecordsRequest
) -> ai_service_pb2.ListEgressRecordsResponse:
    """Newest first."""
    tenant, size = current_identity.get().tenant, request.page_size or _DEFAULT_PAGE
    before = pagination.ordinal(request.page_token, "egress") or None
    rows = await store.page(postgres.reader(tenant), tenant, before=before, limit=size + 1)
    more = len(rows) > size
    token = pagination.encode([str(rows[size - 1]["seq"])], "egress") if more else ""
    return ai_service_pb2.ListEgressRecordsResponse(
        egress_records=[_record(row) for row in rows[:size]], next_page_token=token
    )


async def export_chain(
    postgres: Postgres, request: ai_service_pb2.ExportEgressChainRequest
) -> AsyncIterator[ai_service_pb2.EgressChainEntry]:
    """Oldest first, as it was hashed."""
    tenant, after = current_identity.get().tenant, request.after_seq
    while rows := await store.chain(postgres.reader(tenant), tenant, after=after, limit=_EXPORT_AT_ONCE):
        for row in rows:
            yield ai_service_pb2.EgressChainEntry(seq=row["seq"], entry=row["entry"], hash=row["hash"].hex())
        after = rows[-1]["seq"]


def _record(row: asyncpg.Record) -> ai_pb2.EgressRecord:
    ended = row["ended_at"]
    return ai_pb2.EgressRecord(
        id=str(row["id"]),
        leave_time=timestamp(row["at"]),
        end_time=timestamp(ended) if ended is not None else None,
        request_id=str(row["request_id"]),
        workload=row["workload"],
        subject=row["subject"],
        task=row["task"],
        model=row["model"],
        destination=row["destination"] + row["path"],
        request_sha256=row["request_sha256"].hex(),
        request_bytes=row["request_bytes"],
        redactions=row["redactions"],
        outcome=row["outcome"] or "",
        cost_micro_usd=row["cost_micro_usd"],
        upstream_request_id=row["upstream_request_id"] or "",
        trace_id=row["trace_id"],
        simulated=bool(row["simulated"]),
        seq=row["seq"],
        hash=row["hash"].hex(),
    )
