"""The limits' own connections to Valkey. It may be slow or away: then each replica goes by what it knows."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar

import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

_T = TypeVar("_T")
_log = logging.getLogger("bloom.ai.limits")
_BUDGET_SECONDS = 0.05
# After a failure it is left alone for a moment, so that a dead one does not cost every call its budget.
_REST_SECONDS = 1.0
_LOG_EVERY_SECONDS = 60.0
# Each organization and each model has at most one question under way.
_CONNECTIONS = 16


class Valkey:
    """Runs scripts, in time or not at all."""

    def __init__(self, url: SecretStr) -> None:
        pool: redis.asyncio.BlockingConnectionPool = redis.asyncio.BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=_CONNECTIONS,
            timeout=_BUDGET_SECONDS,
            socket_timeout=_BUDGET_SECONDS,
            socket_connect_timeout=_BUDGET_SECONDS,
            # The library's own three tries would be far beyond the budget.
            retry=Retry(NoBackoff(), 0),
        )
        self._client = redis.asyncio.Redis.from_pool(pool)
        self._rests_until = self._silent_until = float("-inf")

    def script(self, source: str) -> AsyncScript:
        """Loaded where it is not yet known, also after Valkey was started anew."""
        return self._client.register_script(source)

    async def run(self, script: AsyncScript, key: str, *arguments: str | float) -> object:
        """What the script returns; None when Valkey does not answer in time."""
        if time.monotonic() < self._rests_until:
            return None
        return await self._forgiven(script([key], arguments))

    async def close(self) -> None:
        """Ends the connections."""
        await self._forgiven(self._client.aclose())

    async def _forgiven(self, answer: Awaitable[_T]) -> _T | None:
        try:
            async with asyncio.timeout(_BUDGET_SECONDS):
                return await answer
        except (RedisError, OSError, TimeoutError) as away:
            now = time.monotonic()
            self._rests_until = now + _REST_SECONDS
            if now >= self._silent_until:
                self._silent_until = now + _LOG_EVERY_SECONDS
                # The class alone: the message may show the address with its password.
                _log.warning(
                    "Valkey is away; this replica limits by what it knows itself",
                    extra={"error": type(away).__name__},
                )
            return None
