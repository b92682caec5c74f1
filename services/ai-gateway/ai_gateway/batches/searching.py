"""Finds a part again that was sent and whose name nobody knows: its runner died, or the answer was lost.

Claude's list tells of a batch when it was created and how many items it has, but not whose they are: its
results alone tell that. So a batch that could be the part is waited for, and taken for it only when the names
of its items have the part's mark. Where none could be, for longer than one needs to turn up, it never
arrived.
"""

import logging
from contextlib import aclosing
from datetime import datetime, timedelta

from ai_gateway.batches import leases, parts
from ai_gateway.batches.batch import Part, Work
from ai_gateway.batches.judging import read_line
from ai_gateway.batches.tools import Tools
from ai_gateway.batches.wire import UpstreamBatch
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.egress.record import Ending

_log = logging.getLogger("bloom.ai.batches")
# By how much Claude's clock may be behind the database's.
_SKEW = timedelta(minutes=5)
_UNREADABLE = frozenset({FaultKind.REQUEST_REFUSED, FaultKind.MODEL_REFUSED, FaultKind.MALFORMED})


async def search(tools: Tools, work: Work, part: Part, sent_at: datetime) -> bool:
    """Whether it was found, or is known not to be there. Raises ClaudeError."""
    listed = await tools.wire.created_since(sent_at - _SKEW)
    alike = [batch for batch in listed if batch.item_count == part.item_count]
    taken = await leases.taken(tools.postgres, [batch.id for batch in alike])
    candidates = [batch for batch in alike if batch.id not in taken]
    for batch in candidates:
        if batch.ended and await _is_ours(tools, batch, part):
            await parts.remember(tools.postgres, work.lease, part, batch.id)
            return True
    if not all(batch.ended for batch in candidates):
        return False
    if (work.now - sent_at).total_seconds() <= tools.times.doubt:
        return False
    _log.warning("a part of a batch never arrived; it is sent again", extra={"part": str(part.id)})
    await parts.try_again(tools.postgres, work.lease, part, Ending("LOST"))
    return True


async def _is_ours(tools: Tools, batch: UpstreamBatch, part: Part) -> bool:
    try:
        async with aclosing(tools.wire.results(batch)) as lines:
            async for line in lines:
                read_line(line, part.mark)
                return True
    except ClaudeError as fault:
        if fault.kind not in _UNREADABLE:
            raise
    return False
