"""One running process: its output is read to the end, and nothing of its group outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from local_mesh.component import Component
from local_mesh.guardian import Guardian, signal_group

_LINE_BYTES = 256 * 1024
_DRAIN_SECONDS = 1.0


class RunningProcess:
    """A component's process, the leader of its own process group."""

    def __init__(
        self,
        component: Component,
        process: asyncio.subprocess.Process,
        guardian: Guardian,
        reading: asyncio.Task[None],
    ) -> None:
        self._component = component
        self._process = process
        self._guardian = guardian
        self._reading = reading

    @classmethod
    async def spawn(
        cls, component: Component, guardian: Guardian, write: Callable[[str], None]
    ) -> RunningProcess:
        """Starts it; `write` gets its lines. Raises OSError when the command cannot be run."""
        # A pipe of our own: asyncio's would hide the end of the process for as long as a grandchild holds it.
        reader, writer = os.pipe()
        reading = asyncio.create_task(_read_lines(reader, write), name=f"output:{component.name}")
        try:
            process = await asyncio.create_subprocess_exec(
                *component.command,
                env=dict(component.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
            )
        finally:
            os.close(writer)
        guardian.watch(process.pid, component.stop_signal)
        return cls(component, process, guardian, reading)

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """To the process alone, as an operator's `kill` would."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Until it has ended: its exit status, negative for a signal. Then its group is gone as well."""
        status = await self._process.wait()
        signal_group(self.pid, signal.SIGKILL)
        self._guardian.forget(self.pid)
        await self._finish_reading()
        return status

    async def stop(self) -> None:
        """Asks it to end its work and its own children; after the grace period its group is killed."""
        self.signal(self._component.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), self._component.grace_seconds)
        except TimeoutError:
            signal_group(self.pid, signal.SIGKILL)
            await self._process.wait()

    async def _finish_reading(self) -> None:
        # A grandchild that left the group may hold the pipe open: its words are not waited for.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading, _DRAIN_SECONDS)


async def _read_lines(descriptor: int, write: Callable[[str], None]) -> None:
    """Until the last holder of the pipe's other end is gone."""
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb")
    )
    rest = b""
    try:
        while chunk := await stream.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                write(line.decode("utf-8", "replace"))
            if len(rest) > _LINE_BYTES:
                write(rest.decode("utf-8", "replace"))
                rest = b""
        if rest:
            write(rest.decode("utf-8", "replace"))
    finally:
        transport.close()


def ending(status: int) -> str:
    """An exit status in words."""
    return f"ended with status {status}" if status >= 0 else f"was ended by {signal.Signals(-status).name}"
