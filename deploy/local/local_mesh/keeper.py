"""Keeps one component running: starts it, waits until it serves, and starts it again when it ends."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable
from enum import StrEnum
from time import monotonic

from local_mesh.component import Component, StartFailedError
from local_mesh.guardian import Guardian
from local_mesh.logs import LogSink, Screen
from local_mesh.process import RunningProcess, ending

FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0
STABLE_SECONDS = 30.0
"""Up for so long, a component's earlier failures are forgotten."""
SETTLED_SECONDS = 3.0
"""Up for so long, a component has started; one that never was is given up after START_ATTEMPTS."""
START_ATTEMPTS = 3
_PROBE_EVERY = 0.02
_DEADLY = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT}


class KeeperState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting to restart"
    FAILED = "failed"


def backoff_seconds(failures: int, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """The pause before the next start: 0.2 s doubled with each failure, 10 s at most, ± 25 %."""
    doubled: float = FIRST_DELAY * 2 ** min(failures - 1, 20)
    return min(LONGEST_DELAY, doubled * jitter(0.75, 1.25))


class Keeper:
    """The life of one component under supervision."""

    def __init__(
        self,
        component: Component,
        guardian: Guardian,
        sink: LogSink,
        screen: Screen,
        changed: Callable[[], None],
    ) -> None:
        self.component = component
        self.state = KeeperState.STOPPED
        self.restarts = 0
        self._guardian = guardian
        self._sink = sink
        self._screen = screen
        self._changed = changed
        self._process: RunningProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._last_reason = "did not start"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Returns when the component serves. Raises StartFailedError after START_ATTEMPTS."""
        if self._task is None or self._task.done():
            self._stopping.clear()
            self._task = asyncio.create_task(self._keep(), name=f"keep:{self.component.name}")
        await self.wait_ready()

    async def wait_ready(self) -> None:
        """Until it serves. Raises StartFailedError when it is given up or stopped."""
        if self._task is None:
            raise StartFailedError(self.component.name, "was not started")
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not self._ready.is_set():
            raise StartFailedError(
                self.component.name, self._last_reason, log=self._sink.tail, hint=self.component.hint
            )

    def kill(self, number: signal.Signals) -> None:
        """Signals the process. After a deadly signal `wait_ready` waits for the successor."""
        if self._process is None:
            raise ProcessLookupError(f"{self.component.name} is not running")
        if number in _DEADLY:
            self._ready.clear()
        self._process.signal(number)

    async def stop(self) -> None:
        """Ends the process and the watch over it."""
        self._stopping.set()
        self._ready.clear()
        if self._process is not None:
            await self._process.stop()
        if self._task is not None:
            await self._task
        self._move(KeeperState.STOPPED)

    async def _keep(self) -> None:
        failures, settled = 0, False
        while not self._stopping.is_set():
            began = monotonic()
            reason = await self._live_once()
            if self._stopping.is_set():
                return
            lasted = monotonic() - began if self.state is KeeperState.READY else 0.0
            settled = settled or lasted > SETTLED_SECONDS
            failures = 1 if lasted > STABLE_SECONDS else failures + 1
            self._last_reason = reason
            if not settled and failures >= START_ATTEMPTS:
                self._give_up(reason)
                return
            await self._pause(failures, reason)

    def _give_up(self, reason: str) -> None:
        self._screen.say(
            f"{self.component.name} {reason}, {START_ATTEMPTS} times: it is given up", "bold red"
        )
        self._move(KeeperState.FAILED)

    async def _pause(self, failures: int, reason: str) -> None:
        self.restarts += 1
        self._move(KeeperState.WAITING)
        delay = backoff_seconds(failures)
        self._screen.say(
            f"{self.component.name} {reason}; starts again in {delay:.1f} s (restart {self.restarts})",
            "yellow",
        )
        try:
            await asyncio.wait_for(self._stopping.wait(), delay)
        except TimeoutError:
            return

    async def _live_once(self) -> str:
        """One life of the process, from its start to its end: why it ended."""
        self._move(KeeperState.STARTING)
        try:
            process = await RunningProcess.spawn(self.component, self._guardian, self._sink.write)
        except OSError as error:
            return f"cannot be run: {error}"
        self._process = process
        ended = asyncio.create_task(process.wait())
        if self._stopping.is_set():
            await process.stop()
        reason = await self._serve(process, ended)
        self._ready.clear()
        self._process = None
        return reason

    async def _serve(self, process: RunningProcess, ended: asyncio.Task[int]) -> str:
        if await self._becomes_ready(ended):
            self._ready.set()
            self._move(KeeperState.READY)
            return ending(await ended)
        if ended.done():
            return ending(ended.result())
        await process.stop()
        await ended
        return f"was not ready within {self.component.ready_seconds:.0f} s"

    async def _becomes_ready(self, ended: asyncio.Task[int]) -> bool:
        deadline = monotonic() + self.component.ready_seconds
        while not ended.done() and monotonic() < deadline:
            if await self._probe_once():
                return not ended.done()
            await asyncio.wait({ended}, timeout=_PROBE_EVERY)
        return False

    async def _probe_once(self) -> bool:
        try:
            async with asyncio.timeout(2):
                return await self.component.ready()
        except (OSError, TimeoutError):
            return False

    def _move(self, state: KeeperState) -> None:
        if state is not self.state:
            self.state = state
            self._changed()
