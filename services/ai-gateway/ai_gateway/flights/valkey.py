"""Kept answers and leads in Valkey. It may be slow, full or away: then every process asks, and nobody fails.

A lead is a key with a time to live, whose value is the leader's token. Who cannot have it announces that it
follows, which the leader hears on the channel of its process, and reads the leader's log: a stream that is
written only while somebody follows.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast
from uuid import UUID, uuid4

import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ai_gateway.cache.answers import from_bytes, prefix_of, to_bytes
from ai_gateway.claude.reply import Reply
from ai_gateway.flights.board import Claimed, Route
from service_runtime.errors import unavailable

_log = logging.getLogger("bloom.ai.cache")
# A cache that takes longer than this is no help.
_BUDGET_SECONDS = 0.05
# After a failure it is left alone for a moment, so that a dead one does not cost every call its budget.
_REST_SECONDS = 1.0
_LOG_EVERY_SECONDS = 60.0
_CONNECTIONS = 64
# An answer of 128,000 tokens is about half a megabyte; more than this is not worth keeping.
_MOST_BYTES = 4 * 1024 * 1024
_LEAD_MS = 1500
_LISTEN_MS = 400
# A log outlives its leader by this, for who reads it a little later.
_LOG_MS = 5000
_SCANNED_AT_ONCE = 500
_CHANNEL = "ai:flights:"
_DOWN = (RedisError, OSError, TimeoutError)

# In these, KEYS are: lead, followed, answer, log. A token is the process's name, a colon, and a number.
_CLAIM = f"""
if ARGV[3] == '1' then
  local kept = redis.call('GET', KEYS[3])
  if kept then return {{'hit', kept}} end
end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {{'lead', ARGV[1]}} end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
local leader = redis.call('GET', KEYS[1])
redis.call('PUBLISH', '{_CHANNEL}' .. string.match(leader, '^[^:]+'), leader)
return {{'follow', leader}}
"""
_RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('EXISTS', KEYS[2])
"""
_FOLLOW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1
"""
_LAND = """
if ARGV[2] ~= '' and tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[3], ARGV[2], 'EX', ARGV[3]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('XADD', KEYS[4], '*', 'end', ARGV[2])
  redis.call('PEXPIRE', KEYS[4], ARGV[4])
end
"""


class ValkeyBoard:
    """Answers are kept for `ttl` seconds."""

    def __init__(self, url: SecretStr, ttl: int) -> None:
        self._client = redis.asyncio.Redis.from_pool(_pool(url, _BUDGET_SECONDS))
        # Of their own, since they wait: for the next words of a leader, and for followers.
        self._listening = redis.asyncio.Redis.from_pool(_pool(url, _LISTEN_MS / 1000 + 1))
        self._ttl = ttl
        self._process, self._number = uuid4().hex, 0
        self._rests_until = self._silent_until = float("-inf")
        self._claim, self._renew, self._follow, self._land = (
            self._client.register_script(script) for script in (_CLAIM, _RENEW, _FOLLOW, _LAND)
        )
        self._channel: asyncio.Task[None] | None = None

    async def claim(self, route: Route) -> Claimed:
        self._number += 1
        token = f"{self._process}:{self._number}"
        answer: list[bytes] = []
        if self._rested:
            with self._forgiving():
                async with asyncio.timeout(_BUDGET_SECONDS):
                    arguments = (token, _LEAD_MS, "" if route.fresh else "1")
                    answer = await self._claim(keys=_keys(route), args=arguments)
        if not answer:
            return Claimed(leads=True)
        kind, value = answer
        if kind == b"follow":
            return Claimed(token=value.decode())
        if kind == b"hit":
            hit = _read(value)
            return Claimed(hit=hit) if hit is not None else Claimed(leads=True)
        return Claimed(token=token, leads=True)

    async def renew(self, route: Route, token: str) -> bool:
        followed = 0
        with self._forgiving():
            async with asyncio.timeout(_BUDGET_SECONDS):
                followed = await self._renew(keys=_keys(route), args=(token, _LEAD_MS))
        return bool(followed)

    async def publish(self, token: str, text: str) -> None:
        with self._forgiving():
            async with asyncio.timeout(_BUDGET_SECONDS), self._client.pipeline(transaction=False) as pipeline:
                pipeline.xadd(_log_of(token), {"text": text})
                pipeline.pexpire(_log_of(token), _LOG_MS)
                await pipeline.execute()

    async def land(self, route: Route, token: str, reply: Reply, *, keep: bool) -> None:
        entry = to_bytes(reply)
        small = len(entry) <= _MOST_BYTES
        await self._end(route, token, entry if small else b"", self._ttl if keep else 0)

    async def leave(self, route: Route, token: str) -> None:
        await self._end(route, token, b"", 0)

    async def heard(self, route: Route, token: str) -> AsyncIterator[str | Reply]:
        last: bytes | str = "0-0"
        with self._forgiving():
            while True:
                entries = await self._entries(token, last)
                for place, fields in entries:
                    last = place
                    if b"end" in fields:
                        reply = _read(fields[b"end"])
                        if reply is not None:
                            yield reply
                        return
                    yield fields[b"text"].decode()
                if not await self._follow(keys=_keys(route), args=(token, _LEAD_MS)) and not entries:
                    return

    def tell_followed(self, told: Callable[[str], None]) -> None:
        self._channel = asyncio.create_task(self._hear_followers(told))

    async def purge(self, org_id: UUID) -> int:
        """Looks through all keys, some hundreds at a time. Raises DomainError when Valkey is away."""
        purged = 0
        try:
            async for key in self._client.scan_iter(match=prefix_of(org_id) + "*", count=_SCANNED_AT_ONCE):
                purged += int(await self._client.unlink(key))
        except _DOWN as away:
            raise unavailable("valkey") from away
        return purged

    async def close(self) -> None:
        if self._channel is not None:
            self._channel.cancel()
            await asyncio.gather(self._channel, return_exceptions=True)
        with self._forgiving():
            await self._client.aclose()
            await self._listening.aclose()

    async def _end(self, route: Route, token: str, entry: bytes, ttl: int) -> None:
        if (token or ttl) and self._rested:
            with self._forgiving():
                async with asyncio.timeout(_BUDGET_SECONDS):
                    await self._land(keys=(*_keys(route), _log_of(token)), args=(token, entry, ttl, _LOG_MS))

    async def _entries(self, token: str, last: bytes | str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """What came after `last`; waits for it a moment."""
        answer = await self._listening.xread({_log_of(token): last}, block=_LISTEN_MS)
        streams = cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", answer or [])
        return [entry for _, entries in streams for entry in entries]

    async def _hear_followers(self, told: Callable[[str], None]) -> None:
        while True:
            with contextlib.suppress(*_DOWN):
                async with self._listening.pubsub() as channel:
                    await channel.subscribe(_CHANNEL + self._process)
                    while True:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=None)
                        if message is not None:
                            told(message["data"].decode())
            await asyncio.sleep(_REST_SECONDS)

    @property
    def _rested(self) -> bool:
        return time.monotonic() >= self._rests_until

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except _DOWN as away:
            now = time.monotonic()
            self._rests_until = now + _REST_SECONDS
            if now >= self._silent_until:
                self._silent_until = now + _LOG_EVERY_SECONDS
                # The class alone: the message may show the address with its password.
                _log.warning(
                    "the answer cache is away; served without it", extra={"error": type(away).__name__}
                )


def _pool(url: SecretStr, seconds: float) -> redis.asyncio.BlockingConnectionPool:
    pool: redis.asyncio.BlockingConnectionPool = redis.asyncio.BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=_CONNECTIONS,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=_BUDGET_SECONDS,
        # The library's own three tries would be far beyond the budget.
        retry=Retry(NoBackoff(), 0),
    )
    return pool


def _keys(route: Route) -> tuple[str, str, str]:
    name = f"{route.key.org_id}:{route.key.digest}:{route.fresh:d}{route.lane}"
    return f"ai:lead:{name}", f"ai:followed:{name}", str(route.key)


def _log_of(token: str) -> str:
    return f"ai:log:{token}"


def _read(kept: bytes) -> Reply | None:
    try:
        return from_bytes(kept)
    except (ValueError, TypeError):
        if kept:
            _log.warning("a kept answer could not be read")
        return None
