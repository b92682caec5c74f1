"""Answers kept in Valkey. It may be slow, full or away: then questions are asked, and nobody fails."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ai_gateway.cache.answers import CacheKey, from_bytes, prefix_of, to_bytes
from ai_gateway.claude.reply import Reply
from service_runtime.errors import unavailable

_log = logging.getLogger("bloom.ai.cache")
# A cache that takes longer than this is no help.
_BUDGET_SECONDS = 0.05
# After a failure it is left alone for a moment, so that a dead one does not cost every call its budget.
_REST_SECONDS = 1.0
_LOG_EVERY_SECONDS = 60.0
_SCANNED_AT_ONCE = 500
_CONNECTIONS = 64
# An answer of 128,000 tokens is about half a megabyte; more than this is not worth keeping.
_MOST_BYTES = 4 * 1024 * 1024


class ValkeyAnswerCache:
    """Entries live for `ttl` seconds."""

    def __init__(self, url: SecretStr, ttl: int) -> None:
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
        self._ttl = ttl
        self._rests_until = self._silent_until = float("-inf")

    async def get(self, key: CacheKey) -> Reply | None:
        """The kept answer; None also when the cache does not answer in time."""
        kept: object = None
        if self._rested:
            with self._forgiving():
                async with asyncio.timeout(_BUDGET_SECONDS):
                    kept = await self._client.get(str(key))
        return _read(kept) if isinstance(kept, bytes) else None

    async def put(self, key: CacheKey, reply: Reply) -> None:
        """Keeps it if the cache takes it in time."""
        entry = to_bytes(reply)
        if self._rested and len(entry) <= _MOST_BYTES:
            with self._forgiving():
                async with asyncio.timeout(_BUDGET_SECONDS):
                    await self._client.set(str(key), entry, ex=self._ttl)

    async def purge(self, org_id: UUID) -> int:
        """Looks through all keys, a few hundred at a time. Raises DomainError when Valkey is away."""
        purged = 0
        try:
            async for key in self._client.scan_iter(match=prefix_of(org_id) + "*", count=_SCANNED_AT_ONCE):
                purged += int(await self._client.unlink(key))
        except (RedisError, OSError, TimeoutError) as away:
            raise unavailable("valkey") from away
        return purged

    async def close(self) -> None:
        """Ends the connections."""
        with self._forgiving():
            await self._client.aclose()

    @property
    def _rested(self) -> bool:
        return time.monotonic() >= self._rests_until

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError, TimeoutError) as away:
            now = time.monotonic()
            self._rests_until = now + _REST_SECONDS
            if now >= self._silent_until:
                self._silent_until = now + _LOG_EVERY_SECONDS
                # The class alone: the message may show the address with its password.
                _log.warning(
                    "the answer cache is away; served without it", extra={"error": type(away).__name__}
                )


def _read(kept: bytes) -> Reply | None:
    try:
        return from_bytes(kept)
    except (ValueError, TypeError):
        _log.warning("a kept answer could not be read")
        return None
