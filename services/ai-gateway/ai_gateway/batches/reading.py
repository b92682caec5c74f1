"""From a request to items that can be kept: each is read as a lone prompt is, and withheld the same way."""

import asyncio
from uuid import uuid4

from ai_gateway.batches.batch import NewItem
from ai_gateway.generation.prompt import Defaults, read_prompt, to_wire
from ai_gateway.generation.withholding import withheld
from bloom.ai.v1 import batch_service_pb2
from service_runtime.errors import DomainError, invalid


async def read_items(request: batch_service_pb2.CreateBatchRequest, defaults: Defaults) -> list[NewItem]:
    """Raises DomainError for the first item that cannot be asked, with its path."""
    items: list[NewItem] = []
    taken: set[str] = set()
    for index, item in enumerate(request.items):
        path = f"items[{index}]"
        if item.custom_id in taken:
            raise invalid(f"{path}.custom_id", "names an earlier item, too")
        taken.add(item.custom_id)
        try:
            items.append(await _read(item, defaults))
        except DomainError as bad:
            raise _at(path, bad) from None
        # Thousands of them must not keep other calls waiting.
        await asyncio.sleep(0)
    return items


async def _read(item: batch_service_pb2.BatchItem, defaults: Defaults) -> NewItem:
    if item.prompt.betas:
        raise invalid("prompt.betas", "are not taken in a batch")
    question = await withheld(read_prompt(item.prompt, defaults))
    return NewItem(
        uuid4(), item.custom_id, question.task, question.model.name, question.caching, question.max_tokens,
        to_wire(question.body, stream=False).decode(), item.prompt.output_schema, question.vault.values,
        question.redactions,
    )  # fmt: skip


def _at(path: str, bad: DomainError) -> DomainError:
    """The same error, of an item: its fields are `items[3].prompt…`."""
    violations = {f"{path}.{field}": problem for field, problem in bad.violations.items()}
    metadata = {name: f"{path}.{value}" if name == "field" else value for name, value in bad.metadata.items()}
    return DomainError(
        bad.code,
        bad.reason,
        f"{path}.{bad.message}" if violations else f"{path}: {bad.message}",
        metadata,
        violations=violations or {f"{path}.prompt": bad.message},
        retry_after=bad.retry_after,
    )
