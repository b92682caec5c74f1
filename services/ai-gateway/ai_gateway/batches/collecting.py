"""Looks after a part that Claude has: asks how it is, cancels it, and takes in its results."""

import asyncio
import logging
from contextlib import aclosing

from ai_gateway.batches import parts
from ai_gateway.batches.batch import Asked, Outcome, Part, Result, Work
from ai_gateway.batches.judging import judged, read_line
from ai_gateway.batches.keeping import keep
from ai_gateway.batches.tools import Tools
from ai_gateway.batches.wire import UpstreamBatch
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Reply
from ai_gateway.egress.record import Ending
from ai_gateway.generation import errors
from ai_gateway.money.tokens import Spent

_log = logging.getLogger("bloom.ai.batches")
_ANSWERED = "ANSWERED"
_IN_PROGRESS = "in_progress"


async def look_after(tools: Tools, work: Work, part: Part) -> bool:
    """Whether anything changed. Raises ClaudeError."""
    upstream = await tools.wire.retrieve(part.upstream_id)
    if upstream.ended:
        await _collect(tools, work, part, upstream)
        return True
    if work.cancelling and upstream.status == _IN_PROGRESS:
        await tools.wire.cancel(part.upstream_id)
        return True
    return False


async def _collect(tools: Tools, work: Work, part: Part, upstream: UpstreamBatch) -> None:
    """All results in one transaction, with what they cost. Some missing or unreadable are waited for."""
    asked = {item.ordinal: item for item in await parts.asked(tools.postgres, work.lease, part)}
    whole = work.age <= tools.times.patience
    results, good = await _read(tools, part, upstream, asked, whole=whole)
    missing = asked.keys() - results.keys()
    if missing and whole:
        raise ClaudeError(FaultKind.MALFORMED)
    reason = errors.of_fault(ClaudeError(FaultKind.MALFORMED)).reason_name
    for ordinal in sorted(missing):
        results[ordinal] = asked[ordinal].without_answer(Outcome.ERRORED, reason)
    spent = sum((result.spent for result in results.values() if result.spent is not None), Spent())
    ending = Ending(_ANSWERED, upstream.id, upstream.simulated, spent)
    await parts.settle(tools.postgres, work.lease, part, list(results.values()), ending)
    await keep(tools, work.lease.org_id, good)


async def _read(
    tools: Tools, part: Part, upstream: UpstreamBatch, asked: dict[int, Asked], *, whole: bool
) -> tuple[dict[int, Result], list[tuple[Asked, Reply]]]:
    results: dict[int, Result] = {}
    good: list[tuple[Asked, Reply]] = []
    async with aclosing(tools.wire.results(upstream)) as lines:
        async for line in lines:
            try:
                ordinal, told = read_line(line, part.mark)
            except ClaudeError:
                if whole:
                    raise
                _log.error("a result cannot be read", extra={"upstream": upstream.id})
                continue
            item = asked.get(ordinal)
            # The first word on an item counts.
            if item is None or ordinal in results:
                continue
            results[ordinal], reply = judged(item, told, upstream, tools.prices)
            if reply is not None:
                good.append((item, reply))
            await asyncio.sleep(0)
    return results, good
