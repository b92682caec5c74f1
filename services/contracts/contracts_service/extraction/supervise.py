"""Runs one command to its end, within a time and an output size, and leaves no process behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its exit status (negative: the signal that ended it) and what it wrote."""

    status: int
    output: bytes


class OutputTooLongError(Exception):
    """The command wrote more than it may; it has been ended."""


async def supervise(
    command: Sequence[str], *, stdin: IO[bytes], env: Mapping[str, str], seconds: float, max_output: int
) -> Finished:
    """Run `command` as a session of its own and kill that whole session however this call ends.

    Raises `TimeoutError` after `seconds`, and `OutputTooLongError` beyond `max_output` bytes.
    """
    async with asyncio.timeout(seconds):
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(env),
            start_new_session=True,
        )
        try:
            output = await _read(_stdout(process), max_output)
            return Finished(await process.wait(), output)
        finally:
            if process.returncode is None:
                await _end(process)


def _stdout(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise RuntimeError("the process was started without a pipe")
    return process.stdout


async def _read(stream: asyncio.StreamReader, max_output: int) -> bytes:
    output = bytearray()
    while chunk := await stream.read(_CHUNK):
        output += chunk
        if len(output) > max_output:
            raise OutputTooLongError
    return bytes(output)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # A paused pipe would never report its end, and wait() would wait for that report.
    while await _stdout(process).read(_CHUNK):
        pass
    await process.wait()
