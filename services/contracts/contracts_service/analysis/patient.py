"""Asks Claude in batches, at half the price: created once, waited for, and what they did not answer told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from bloom.ai.v1 import batch_service_pb2, batch_service_pb2_grpc
from contracts_service.analysis.plan import Ask
from contracts_service.analysis.reader import Keep, is_cached
from contracts_service.fields import AnswerOutsideSchemaError
from contracts_service.operations.model import GroupResult
from service_runtime import deadlines
from service_runtime.clients import answers_of

_CALL_SECONDS = 60.0
# Each question carries its part of the document, and a batch may have 32 MB.
_BATCH_BYTES = 16 * 1024 * 1024
_BATCH_ITEMS = 1_000
_SUCCEEDED = batch_service_pb2.BatchResult.OUTCOME_SUCCEEDED


@dataclass(frozen=True, slots=True)
class PatientReader:
    """Asks through the AI gateway, for the identity of the current task. All raise DomainError."""

    ai: batch_service_pb2_grpc.BatchServiceAsyncStub

    async def create(self, operation_id: UUID, title: str, text: str, asks: Sequence[Ask]) -> list[str]:
        """The batches' names. The same asks of the same operation again are the same batches."""
        created: list[str] = []
        for number, items in enumerate(_cut(_item(one, title, text) for one in asks)):
            request_id = str(uuid5(operation_id, str(number)))
            request = batch_service_pb2.CreateBatchRequest(items=items, request_id=request_id)
            deadlines.set_remaining(_CALL_SECONDS)
            with answers_of("ai-gateway"):
                created.append((await self.ai.CreateBatch(request)).name)
        return created

    async def ended(self, batches: Sequence[str]) -> bool:
        """Whether every item of all has its result."""
        for name in batches:
            deadlines.set_remaining(_CALL_SECONDS)
            with answers_of("ai-gateway"):
                batch = await self.ai.GetBatch(batch_service_pb2.GetBatchRequest(name=name))
            if batch.state != batch_service_pb2.Batch.STATE_ENDED:
                return False
        return True

    async def collect(self, batches: Sequence[str], asks: Sequence[Ask], keep: Keep) -> set[str]:
        """Keeps what was answered as it was asked; the keys of that."""
        asked, kept = {_custom_id(one): one for one in asks}, set[str]()
        for name in batches:
            request = batch_service_pb2.StreamBatchResultsRequest(name=name)
            deadlines.set_remaining(_CALL_SECONDS)
            with answers_of("ai-gateway"):
                async for result in self.ai.StreamBatchResults(request):
                    one = asked.get(result.custom_id)
                    if one is not None and (answer := _answer(one, result)):
                        await keep(answer)
                        kept.add(one.key)
        return kept

    async def cancel(self, batches: Sequence[str]) -> None:
        """What Claude has not begun costs nothing."""
        for name in batches:
            deadlines.set_remaining(_CALL_SECONDS)
            with answers_of("ai-gateway"):
                await self.ai.CancelBatch(batch_service_pb2.CancelBatchRequest(name=name))


def _custom_id(one: Ask) -> str:
    """Keys have signs that names of items may not have."""
    return hashlib.sha256(one.key.encode()).hexdigest()[:32]


def _item(one: Ask, title: str, text: str) -> batch_service_pb2.BatchItem:
    prompt = one.question.prompt(title, text, one.part)
    return batch_service_pb2.BatchItem(custom_id=_custom_id(one), prompt=prompt)


def _cut(items: Iterable[batch_service_pb2.BatchItem]) -> Iterator[list[batch_service_pb2.BatchItem]]:
    """Into batches that are not too large."""
    waiting, size = list[batch_service_pb2.BatchItem](), 0
    for item in items:
        if waiting and (size + item.ByteSize() > _BATCH_BYTES or len(waiting) == _BATCH_ITEMS):
            yield waiting
            waiting, size = [], 0
        waiting.append(item)
        size += item.ByteSize()
    if waiting:
        yield waiting


def _answer(one: Ask, result: batch_service_pb2.BatchResult) -> GroupResult | None:
    """None where the question has to be asked again."""
    if result.outcome != _SUCCEEDED:
        return None
    try:
        one.question.check(result.text)
    except AnswerOutsideSchemaError:
        return None
    done = result.completion
    return GroupResult(
        group=one.key,
        answer=result.text,
        model=done.model,
        simulated=done.simulated,
        cached=is_cached(done),
        cost_micro_usd=done.cost_micro_usd,
        prompt_version=one.question.version,
    )
