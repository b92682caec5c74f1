"""The record of each call: written before it, told its end after it together with what it used.

No record, no call. An end is written even when whoever asked has gone: in a task of its own, with time of its
own, again and again for a while when the database is away.
"""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime

from ai_gateway.egress import store as records
from ai_gateway.egress.record import Egress, Ending
from ai_gateway.money import store as money
from ai_gateway.money.tokens import Spent
from ai_gateway.money.usage import UsageEvent
from service_runtime import deadlines
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.ai.egress")
_ATTEMPT_SECONDS = 5.0
_PAUSES_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
# How long an answer waits for its receipt while the database is away; the writing goes on behind it.
_PATIENCE_SECONDS = 2.0


class Ledger:
    """Opens and settles. `drain` before the pool is closed."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._settling: set[asyncio.Task[None]] = set()

    async def open(self, egress: Egress) -> None:
        """Returns when the record is durable. Raises when it is not, and then the call must not be made."""
        async with self._postgres.transaction(egress.org_id) as connection:
            await records.add(connection, egress)

    def settle(self, egress: Egress, ending: Ending, spent: Spent | None) -> "asyncio.Task[None]":
        """Begins to write the end and, where known, what was used. Nobody needs to wait for the task."""
        task = asyncio.create_task(self._settle(egress, ending, spent))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return task

    async def settled(self, task: "asyncio.Task[None]") -> None:
        """Waits until it is written, as long as an answer can; a caller that leaves ends only the wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.shield(task)

    async def drain(self, seconds: float) -> None:
        """Waits for all that is being written."""
        if self._settling:
            await asyncio.wait(self._settling, timeout=seconds)

    async def _settle(self, egress: Egress, ending: Ending, spent: Spent | None) -> None:
        for pause in (*_PAUSES_SECONDS, None):
            deadlines.set_remaining(_ATTEMPT_SECONDS)
            try:
                await self._write(egress, ending, spent)
            except Exception as broken:  # noqa: BLE001 whatever it is, the figures must be in the log at least
                if pause is None:
                    _log_lost(egress, ending, spent, broken)
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _write(self, egress: Egress, ending: Ending, spent: Spent | None) -> None:
        async with self._postgres.transaction(egress.org_id) as connection:
            # Told once: a second try after a commit whose answer was lost finds the end there, adds nothing.
            if await records.end(connection, egress, ending) and spent is not None:
                await money.add(connection, _event(egress, ending, spent))


def _event(egress: Egress, ending: Ending, spent: Spent) -> UsageEvent:
    purpose = egress.purpose
    return UsageEvent(
        datetime.now(UTC),
        egress.org_id,
        purpose.request_id,
        purpose.task,
        purpose.model,
        purpose.caller.workload,
        purpose.caller.subject,
        cached=False,
        simulated=ending.simulated,
        spent=spent,
    )


def _log_lost(egress: Egress, ending: Ending, spent: Spent | None, error: Exception) -> None:
    _log.error(
        "the end of a call could not be written",
        extra={
            "org": str(egress.org_id), "egress": str(egress.id), "outcome": ending.outcome,
            "request_id": str(egress.purpose.request_id), "task": egress.purpose.task,
            "model": egress.purpose.model, "spent": repr(spent), "error": type(error).__name__,
        },
    )  # fmt: skip
