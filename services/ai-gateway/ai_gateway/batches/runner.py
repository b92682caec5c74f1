"""Carries batches on, step by step, from wherever they stand. Any number of processes may do so at once."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from ai_gateway.batches import leases, parts
from ai_gateway.batches.batch import Lease, LeaseLostError, Outcome, Part, PartState, Work
from ai_gateway.batches.collecting import look_after
from ai_gateway.batches.planning import plan
from ai_gateway.batches.searching import search
from ai_gateway.batches.sending import give_up, send
from ai_gateway.batches.tools import Tools
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.generation import errors
from service_runtime.errors import DomainError

_log = logging.getLogger("bloom.ai.batches")
_REMOVE_EVERY_SECONDS = 600.0
# Of a lease, between its renewals.
_RENEWED_AT = 1 / 3


class Runner:
    """`run` it until it is cancelled, or `step` through it."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def run(self) -> None:
        """As many batches at once as the times say."""
        await asyncio.gather(self._remove_old(), *(self._work() for _ in range(self._tools.times.at_once)))

    async def step(self) -> bool:
        """One look at the batch that is due; whether there was one. Raises LeaseLostError, DomainError."""
        times = self._tools.times
        until = asyncio.get_running_loop().time() + times.lease
        lease = await leases.take(self._tools.postgres, times.lease)
        if lease is None:
            return False
        async with self._keeping(lease):
            await self._advance(lease, until)
        return True

    async def _work(self) -> None:
        while True:
            worked = False
            try:
                worked = await self.step()
            except LeaseLostError:
                _log.warning("a batch is another runner's by now")
            except DomainError as fault:
                _log.warning("batches wait: %s", fault.reason_name)
            except Exception as broken:  # noqa: BLE001 whatever it is, other batches go on; its words may quote
                _log.error("a batch could not be carried on", extra={"error": type(broken).__name__})
            if not worked:
                await asyncio.sleep(self._tools.times.look_again())

    async def _remove_old(self) -> None:
        while True:
            with contextlib.suppress(DomainError):
                while await leases.remove_old(self._tools.postgres):
                    pass
            await asyncio.sleep(_REMOVE_EVERY_SECONDS)

    async def _advance(self, lease: Lease, until: float) -> None:
        times, postgres = self._tools.times, self._tools.postgres
        work = await parts.load(postgres, lease)
        if not work.planned:
            await plan(self._tools, work)
            work = await parts.load(postgres, lease)
        changed, delay = False, 0.0
        for part in work.parts:
            try:
                changed |= await self._advance_part(work, part, until)
            except ClaudeError as fault:
                _note(fault, work, part)
                delay = max(delay, fault.retry_after or 0.0)
        quiet = 0 if changed else work.quiet + 1
        await leases.release(postgres, work, seconds=max(delay, times.pause(quiet)), quiet=quiet)

    async def _advance_part(self, work: Work, part: Part, until: float) -> bool:
        tools = self._tools
        late = work.age > tools.times.patience
        if part.state is PartState.READY:
            if work.cancelling or late:
                await give_up(tools, work, part, Outcome.CANCELLED if work.cancelling else Outcome.EXPIRED)
                return True
            return await send(tools, work, part, until)
        try:
            if part.state is PartState.RUNNING:
                changed = await look_after(tools, work, part)
            else:
                changed = await search(tools, work, part, part.sent_at or work.created_at)
        except ClaudeError as fault:
            if not late:
                raise
            _note(fault, work, part)
            changed = False
        if late and not changed:
            reason = errors.of_fault(ClaudeError(FaultKind.UNREACHABLE)).reason_name
            await give_up(tools, work, part, Outcome.ERRORED, reason)
            return True
        return changed

    @contextlib.asynccontextmanager
    async def _keeping(self, lease: Lease) -> AsyncIterator[None]:
        """Renews the lease as long as the work on it takes."""
        renewing = asyncio.create_task(self._renew(lease))
        try:
            yield
        finally:
            renewing.cancel()
            with contextlib.suppress(asyncio.CancelledError, LeaseLostError, DomainError):
                await renewing

    async def _renew(self, lease: Lease) -> None:
        seconds = self._tools.times.lease
        while True:
            await asyncio.sleep(seconds * _RENEWED_AT)
            await leases.renew(self._tools.postgres, lease, seconds)


def _note(fault: ClaudeError, work: Work, part: Part) -> None:
    """For operators; Claude's own words stay out, they may repeat the questions."""
    _log.log(
        logging.WARNING if fault.passing else logging.ERROR,
        "Claude did not carry a batch on: %s",
        fault.kind.value,
        extra={
            "batch": str(work.lease.batch_id), "part": str(part.id), "state": part.state.value,
            "http_status": fault.status, "upstream_request_id": fault.request_id,
        },
    )  # fmt: skip
