"""Ends the records of calls that nobody can end any more: their process died while they ran.

What such a call used is not known; if Claude answered, its answer reached nobody. The record is ended as LOST
and holds no budget any longer.
"""

import asyncio
import logging
from datetime import timedelta

from ai_gateway import metrics
from ai_gateway.egress import store
from ai_gateway.egress.record import Ending
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.ai.egress")
_LOST = Ending("LOST")
_EVERY_SECONDS = 30.0
# Beyond the time that a call may take: its end may still be on its way to a database that was away.
_GRACE = timedelta(minutes=2)


async def sweep(postgres: Postgres, longest_call: timedelta) -> None:
    """Runs until it is cancelled. Any number of replicas may do so at once."""
    while True:
        try:
            await end_lost(postgres, longest_call + _GRACE)
        except DomainError as fault:
            _log.warning("lost calls wait: %s", fault.reason_name)
        await asyncio.sleep(_EVERY_SECONDS)


async def end_lost(postgres: Postgres, older_than: timedelta) -> int:
    """How many there were."""
    ended = 0
    for org_id, ids in (await store.running(postgres, older_than)).items():
        await store.settle_all(postgres, {org_id: [_LOST.fields(egress_id) for egress_id in ids]})
        metrics.lost(len(ids))
        _log.warning("calls were lost", extra={"org": str(org_id), "calls": len(ids)})
        ended += len(ids)
    return ended
