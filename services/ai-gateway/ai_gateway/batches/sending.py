"""Sends a part, once: recorded before it leaves, and remembered by the name that Claude gives it."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ai_gateway.batches import parts
from ai_gateway.batches.batch import Asked, Outcome, Part, Work
from ai_gateway.batches.reserve import at_most
from ai_gateway.batches.tools import Tools
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.upstream import Leaving
from ai_gateway.egress.record import Egress, Ending, Purpose, about_to_send
from ai_gateway.generation import errors
from ai_gateway.limits.refused import Priority
from service_runtime.errors import Reason

# The same bytes would be refused again.
_FOR_EVER = frozenset({FaultKind.REQUEST_REFUSED, FaultKind.TOO_LARGE, FaultKind.MODEL_REFUSED})
_TIMED_OUT_STATUS = 408
_REFUSED_STATUSES = range(400, 500)


async def send(tools: Tools, work: Work, part: Part, until: float) -> bool:
    """Whether anything changed. `until`, on the event loop's clock: later the lease is another runner's.

    Raises ClaudeError. Where it leaves a doubt whether Claude has the part, the part stays SENDING.
    """
    if asyncio.get_running_loop().time() >= until:
        return False
    items = await parts.asked(tools.postgres, work.lease, part)
    leaving = tools.wire.leaving(_content(part, items))
    egress = _record(tools, work, part, items, leaving)
    if not await parts.open_record(tools.postgres, work.lease, part, egress):
        reason = Reason.Name(Reason.ERROR_REASON_AI_BUDGET_SPENT).removeprefix("ERROR_REASON_")
        await give_up(tools, work, part, Outcome.ERRORED, reason)
        return True
    part = replace(part, egress_id=egress.id)
    try:
        async with asyncio.timeout_at(until):
            if asyncio.get_running_loop().time() >= until:
                raise TimeoutError
            upstream = await tools.wire.create(leaving)
    except TimeoutError as late:
        raise ClaudeError(FaultKind.TIMED_OUT) from late
    except ClaudeError as fault:
        if not _not_taken(fault):
            raise
        ending = Ending(fault.kind.value, fault.request_id)
        if fault.kind in _FOR_EVER:
            await give_up(tools, work, part, Outcome.ERRORED, errors.of_fault(fault).reason_name, ending)
        else:
            await parts.try_again(tools.postgres, work.lease, part, ending)
        raise
    await parts.remember(tools.postgres, work.lease, part, upstream.id)
    return True


async def give_up(
    tools: Tools, work: Work, part: Part, outcome: Outcome, reason: str = "", ending: Ending | None = None
) -> None:
    """None of its items will be answered."""
    items = await parts.asked(tools.postgres, work.lease, part)
    results = [item.without_answer(outcome, reason) for item in items]
    await parts.settle(tools.postgres, work.lease, part, results, ending or Ending("LOST"))


def _not_taken(fault: ClaudeError) -> bool:
    """Whether Claude has surely not taken it; what failed in any other way may still have arrived."""
    return fault.kind is FaultKind.HELD_OFF or (
        fault.status in _REFUSED_STATUSES and fault.status != _TIMED_OUT_STATUS
    )


def _content(part: Part, items: Sequence[Asked]) -> bytes:
    """Each item's request goes in as the text that it was kept as."""
    rows = (
        f'{{"custom_id":{json.dumps(f"{part.mark}{item.ordinal}")},"params":{item.params}}}' for item in items
    )
    return f'{{"requests":[{",".join(rows)}]}}'.encode()


def _record(tools: Tools, work: Work, part: Part, items: Sequence[Asked], leaving: Leaving) -> Egress:
    redactions: Counter[str] = Counter()
    for item in items:
        redactions.update(item.redactions)
    purpose = Purpose(
        work.caller,
        work.lease.batch_id,
        part.task,
        part.model,
        dict(sorted(redactions.items())),
        Priority.BULK,
    )
    reserved = sum(at_most(tools.prices, item) for item in items)
    egress = about_to_send(purpose, tools.destination, leaving.path, leaving.content, reserved)
    return replace(egress, trace_id=work.trace_id)
