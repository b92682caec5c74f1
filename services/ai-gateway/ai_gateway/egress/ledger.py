"""The record of each call: written before it, told its end after it together with what it used.

No record, no call. An end is written even when whoever asked has gone: in a task of its own, with time of its
own, again and again for a while when the database is away. Whatever waits to be written is written together,
in one statement: that is what makes two durable writes a call affordable.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from uuid import UUID

from ai_gateway.egress import store
from ai_gateway.egress.record import Egress, Ending
from ai_gateway.money.budgets import budget_spent
from service_runtime import deadlines
from service_runtime.gathering import Gathered
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.ai.egress")
_ATTEMPT_SECONDS = 5.0
_PAUSES_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
# How long an answer waits for its receipt while the database is away; the writing goes on behind it.
_PATIENCE_SECONDS = 2.0
_TOGETHER = 200


class Ledger:
    """Opens and settles. `drain` before the pool is closed."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._opening = Gathered(self._open_all, most=_TOGETHER)
        self._ending = Gathered(self._settle_all, most=_TOGETHER)
        self._settling: set[asyncio.Task[None]] = set()

    async def open(self, egress: Egress) -> None:
        """Returns when the record is durable. Raises when it is not, and then the call must not be made."""
        no_room = await self._opening.do(egress)
        if no_room is not None:
            raise budget_spent(no_room.scope, no_room.resets)

    def settle(self, egress: Egress, ending: Ending) -> "asyncio.Task[None]":
        """Begins to write the end and, where known, what was used. Nobody needs to wait for the task."""
        task = asyncio.create_task(self._settle(egress, ending))
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

    async def _open_all(self, calls: Sequence[Egress]) -> list[store.NoRoom | None]:
        deadlines.set_remaining(_ATTEMPT_SECONDS)
        of_org = _by_org((call, call.fields()) for call in calls)
        refused = await store.open_all(self._postgres, of_org)
        return [refused.get(call.id) for call in calls]

    async def _settle_all(self, ends: Sequence[tuple[Egress, Ending]]) -> list[None]:
        deadlines.set_remaining(_ATTEMPT_SECONDS)
        of_org = _by_org((egress, ending.fields(egress.id)) for egress, ending in ends)
        for alert in await store.settle_all(self._postgres, of_org):
            _log.warning("a budget is at %s %%", alert["percent"], extra={**alert, "org": str(alert["org"])})
        return [None] * len(ends)

    async def _settle(self, egress: Egress, ending: Ending) -> None:
        for pause in (*_PAUSES_SECONDS, None):
            try:
                await self._ending.do((egress, ending))
            except Exception as broken:  # noqa: BLE001 whatever it is, the figures must be in the log at least
                if pause is None:
                    _log_lost(egress, ending, broken)
                    return
                await asyncio.sleep(pause)
            else:
                return


def _by_org(rows: Iterable[tuple[Egress, store.Fields]]) -> dict[UUID, list[store.Fields]]:
    of_org: dict[UUID, list[store.Fields]] = {}
    for egress, fields in rows:
        of_org.setdefault(egress.org_id, []).append(fields)
    return of_org


def _log_lost(egress: Egress, ending: Ending, error: Exception) -> None:
    _log.error(
        "the end of a call could not be written",
        extra={
            "org": str(egress.org_id), "egress": str(egress.id), "outcome": ending.outcome,
            "request_id": str(egress.purpose.request_id), "task": egress.purpose.task,
            "model": egress.purpose.model, "spent": repr(ending.spent), "error": type(error).__name__,
        },
    )  # fmt: skip
