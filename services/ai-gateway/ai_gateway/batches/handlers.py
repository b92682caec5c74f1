"""BatchService: proto in, proto out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ai_gateway.batches import store
from ai_gateway.batches.batch import KEPT, Given, Outcome, Shown
from ai_gateway.batches.reading import read_items
from ai_gateway.batches.service import Batches, batch_id_of
from ai_gateway.generation.completion import completion
from ai_gateway.generation.prompt import Defaults
from ai_gateway.money.handlers import usage_message
from ai_gateway.money.tokens import Spent
from bloom.ai.v1 import ai_pb2, batch_service_pb2, batch_service_pb2_grpc
from service_runtime import pagination
from service_runtime.errors import Reason
from service_runtime.idempotency import once
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres
from service_runtime.timestamps import timestamp

SERVICE = "bloom.ai.v1.BatchService"
_DEFAULT_PAGE = 25
_Batch = batch_service_pb2.Batch


@dataclass(frozen=True, slots=True)
class BatchServicer(batch_service_pb2_grpc.BatchServiceServicer):
    """What the gRPC server calls."""

    batches: Batches
    defaults: Defaults
    postgres: Postgres

    async def CreateBatch(  # noqa: N802 the schema's name
        self, request: batch_service_pb2.CreateBatchRequest, _context: object
    ) -> _Batch:
        caller = current_identity.get()
        await self.batches.admit(caller)
        items = await read_items(request, self.defaults)
        async with self.postgres.transaction(caller.tenant) as connection:

            async def create() -> _Batch:
                return _message(await self.batches.create(connection, caller, items))

            return await once(connection, caller, request, request.request_id, _Batch, create)

    async def GetBatch(  # noqa: N802
        self, request: batch_service_pb2.GetBatchRequest, _context: object
    ) -> _Batch:
        return _message(await self.batches.get(current_identity.get(), request.name))

    async def ListBatches(  # noqa: N802
        self, request: batch_service_pb2.ListBatchesRequest, _context: object
    ) -> batch_service_pb2.ListBatchesResponse:
        tenant, size = current_identity.get().tenant, request.page_size or _DEFAULT_PAGE
        cursor = pagination.decode(request.page_token, "batches", parts=2)
        before = pagination.moment_and_id(cursor) if cursor is not None else None
        found = await store.page(self.postgres.reader(tenant), tenant, before, size + 1)
        token = ""
        if len(found) > size:
            last = found[size - 1]
            token = pagination.encode([last.created_at.isoformat(), str(last.id)], "batches")
        return batch_service_pb2.ListBatchesResponse(
            batches=[_message(batch) for batch in found[:size]], next_page_token=token
        )

    async def CancelBatch(  # noqa: N802
        self, request: batch_service_pb2.CancelBatchRequest, _context: object
    ) -> _Batch:
        return _message(await self.batches.cancel(current_identity.get(), request.name))

    async def StreamBatchResults(  # noqa: N802
        self, request: batch_service_pb2.StreamBatchResultsRequest, _context: object
    ) -> AsyncIterator[batch_service_pb2.BatchResult]:
        caller = current_identity.get()
        await self.batches.get(caller, request.name)
        batch_id = batch_id_of(request.name)
        async for given in store.results(self.postgres, caller.tenant, batch_id, request.after):
            yield _result(given)


def _message(batch: Shown) -> _Batch:
    counts, finished = batch.counts, sum(batch.counts.values())
    cancelled, ended = batch.cancel_asked_at, batch.ended_at
    return _Batch(
        name=f"batches/{batch.id}",
        state=_state(batch),
        counts=batch_service_pb2.BatchCounts(
            total=batch.item_count,
            processing=batch.item_count - finished,
            **{outcome.value.lower(): counts.get(outcome, 0) for outcome in Outcome},
        ),
        usage=usage_message(batch.spent.tokens),
        cost_micro_usd=batch.spent.cost,
        list_cost_micro_usd=batch.spent.list_cost,
        creator=batch.creator,
        create_time=timestamp(batch.created_at),
        cancel_time=timestamp(cancelled) if cancelled is not None else None,
        end_time=timestamp(ended) if ended is not None else None,
        expire_time=timestamp(batch.created_at + KEPT),
    )


def _state(batch: Shown) -> "batch_service_pb2.Batch.State.ValueType":
    if batch.ended_at is not None:
        return _Batch.STATE_ENDED
    if batch.cancel_asked_at is not None:
        return _Batch.STATE_CANCELLING
    return _Batch.STATE_IN_PROGRESS if batch.left else _Batch.STATE_PENDING


def _result(given: Given) -> batch_service_pb2.BatchResult:
    result = given.result
    return batch_service_pb2.BatchResult(
        seq=given.seq,
        custom_id=given.custom_id,
        outcome=batch_service_pb2.BatchResult.Outcome.Value(f"OUTCOME_{result.outcome.value}"),
        text=given.text,
        completion=completion(
            result.stop_reason,
            result.spent or Spent(),
            ai_pb2.SERVED_FROM_CACHE if result.from_cache else ai_pb2.SERVED_FROM_UPSTREAM,
            result.model,
            result.upstream_id,
            given.blocks,
            simulated=result.simulated,
        ),
        reason=Reason.Value(f"ERROR_REASON_{result.reason or 'UNSPECIFIED'}"),
    )
