"""Tasks that run until they are ended."""

import asyncio

_AGAIN_SECONDS = 0.25


async def end(task: "asyncio.Task[None]") -> None:
    """Cancels the task and waits for its end.

    More than once: while the Valkey client looks whether its connection lives, a cancel may be lost in it.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)
