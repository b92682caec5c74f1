"""The key of the Claude API, and its rotation while calls run: no restart, no call lost."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import Protocol

from pydantic import SecretStr

from ai_gateway.aws.secret import ReadSecret, SecretUnreadableError

_log = logging.getLogger("bloom.ai.claude")
# However many calls are refused, the secret is read this often at most; in seconds.
_GAP = 3.0
_JITTER = 0.2


class Key(Protocol):
    """What requests leave with."""

    @property
    def current(self) -> SecretStr:
        """As it is now."""
        ...

    async def renewed(self, refused: SecretStr) -> bool:
        """Whether there is another key than the one that was refused, if need be after a look."""
        ...


class FixedKey:
    """A key from the settings: it changes with a restart alone."""

    def __init__(self, key: SecretStr) -> None:
        self.current = key

    async def renewed(self, refused: SecretStr) -> bool:
        """It never is."""
        return self.current != refused


class RotatedKey:
    """A key that is read again every so often, and at once when Claude refuses it.

    `use` is told of each new one; what has left by then keeps the old. A failing look changes nothing.
    """

    def __init__(
        self,
        read: ReadSecret,
        first: SecretStr,
        use: Callable[[SecretStr], None],
        *,
        every: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current = first
        self._read = read
        self._use = use
        self._every = every
        self._clock = clock
        self._looked_at = clock()
        self._looking: asyncio.Task[None] | None = None

    async def renewed(self, refused: SecretStr) -> bool:
        """Calls that are refused together look once, together."""
        if self.current == refused and self._may_look():
            # Shielded: a caller who leaves must not take the look from the others.
            await asyncio.shield(self._look())
        return self.current != refused

    async def keep_fresh(self) -> None:
        """Looks until cancelled; replicas do not look in step."""
        while True:
            await asyncio.sleep(self._every * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311
            await asyncio.shield(self._look())

    async def close(self) -> None:
        """Waits for a look that is under way: a thread has it."""
        if self._looking is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    def _may_look(self) -> bool:
        return self._looking is not None or self._clock() - self._looked_at >= _GAP

    def _look(self) -> "asyncio.Task[None]":
        if self._looking is None:
            self._looking = asyncio.create_task(self._looked())
        return self._looking

    async def _looked(self) -> None:
        try:
            key = await asyncio.to_thread(self._read)
        except SecretUnreadableError as away:
            _log.warning("Claude's key could not be read again: %s. The old one stays", away)
        else:
            if key != self.current:
                self.current = key
                self._use(key)
                _log.info("Claude's key was rotated; requests leave with the new one")
        finally:
            self._looked_at = self._clock()
            self._looking = None
