"""Lets tests wait until what is recorded says something, without asking again and again."""

import asyncio
from collections.abc import Callable


class Changes:
    """Whoever records something tells; whoever waits looks again."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def tell(self) -> None:
        """Something has changed."""
        for event in self._waiting:
            event.set()

    async def until(self, holds: Callable[[], bool], patience: float) -> None:
        """Returns once `holds`, or when `patience` seconds have passed."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(patience):
                while not holds():
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(changed)
