"""Work that ends as soon as nobody waits for it any more."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any


class WorkEndedError(Exception):
    """Nobody waits for the work any more; what was under way is ended."""


async def ended_with(
    work: Coroutine[Any, Any, None], ended: Callable[[], Awaitable[bool]], *, every_seconds: float
) -> None:
    """Does `work`. Raises WorkEndedError when `ended`, which is asked every so often, says so."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_until(ended, every_seconds))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            watching.result()
            raise WorkEndedError
        working.result()
    finally:
        await _end(working, watching)


async def _until(ended: Callable[[], Awaitable[bool]], every_seconds: float) -> None:
    while not await ended():  # noqa: ASYNC110 the event is a row of the database
        await asyncio.sleep(every_seconds)


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        # What a task that is no longer waited for raised while it ended is nobody's concern.
        with suppress(asyncio.CancelledError, Exception):
            await task
