"""Kept answers and leads in Valkey. While it is away every process asks, and nobody fails.

A lead is a key with a time to live, whose value is the leader's token. Who cannot have it announces that it
follows, which the leader hears on the channel of its process, and reads the leader's log: a stream that is
written only while somebody follows.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import cast
from uuid import UUID, uuid4

import redis.asyncio
from pydantic import SecretStr

from ai_gateway.cache.answers import from_bytes, prefix_of, to_bytes
from ai_gateway.claude.reply import Reply
from ai_gateway.flights.board import Claimed, Route
from ai_gateway.valkey import DOWN, Valkey, pool, script
from service_runtime.errors import unavailable

_log = logging.getLogger("bloom.ai.cache")
_REST_SECONDS = 1.0
_LISTENING_CONNECTIONS = 64
# An answer of 128,000 tokens is about half a megabyte; more than this is not worth keeping.
_MOST_BYTES = 4 * 1024 * 1024
_LEAD_MS = 1500
_LISTEN_MS = 400
# A log outlives its leader by this, for who reads it a little later.
_LOG_MS = 5000
_SCANNED_AT_ONCE = 500
_CHANNEL = "ai:flights:"

# In these, KEYS are: lead, followed, answer, log. A token is the process's name, a colon, and a number.
_CLAIM = script(f"""
if ARGV[3] == '1' then
  local kept = redis.call('GET', KEYS[3])
  if kept then return {{'hit', kept}} end
end
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {{'lead', ARGV[1]}} end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
local leader = redis.call('GET', KEYS[1])
redis.call('PUBLISH', '{_CHANNEL}' .. string.match(leader, '^[^:]+'), leader)
return {{'follow', leader}}
""")
_RENEW = script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('EXISTS', KEYS[2])
""")
_FOLLOW = script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 1
""")
_PUBLISH = script("""
redis.call('XADD', KEYS[1], '*', 'text', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")
_LAND = script("""
if ARGV[2] ~= '' and tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[3], ARGV[2], 'EX', ARGV[3]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('XADD', KEYS[4], '*', 'end', ARGV[2])
  redis.call('PEXPIRE', KEYS[4], ARGV[4])
end
""")


class ValkeyBoard:
    """Answers are kept for `ttl` seconds."""

    def __init__(self, valkey: Valkey, url: SecretStr, ttl: int) -> None:
        self._valkey = valkey
        # Connections of their own, since they wait: for the next words of a leader, and for followers.
        waiting = pool(url, _LISTEN_MS / 1000 + 1, _LISTENING_CONNECTIONS)
        self._listening = redis.asyncio.Redis.from_pool(waiting)
        self._ttl = ttl
        self._process, self._number = uuid4().hex, 0
        self._channel: asyncio.Task[None] | None = None

    async def claim(self, route: Route) -> Claimed:
        self._number += 1
        token = f"{self._process}:{self._number}"
        answer = await self._valkey.run(_CLAIM, _keys(route), token, _LEAD_MS, "" if route.fresh else "1")
        if not isinstance(answer, list):
            return Claimed(leads=True)
        kind, value = answer
        if kind == b"follow":
            return Claimed(token=value.decode())
        if kind == b"hit":
            hit = _read(value)
            return Claimed(hit=hit) if hit is not None else Claimed(leads=True)
        return Claimed(token=token, leads=True)

    async def renew(self, route: Route, token: str) -> bool:
        return bool(await self._valkey.run(_RENEW, _keys(route), token, _LEAD_MS))

    async def publish(self, token: str, text: str) -> None:
        log = _log_of(token)
        await self._valkey.run(_PUBLISH, (log,), text.encode(), _LOG_MS)

    async def land(self, route: Route, token: str, reply: Reply, *, keep: bool) -> None:
        entry = to_bytes(reply)
        small = len(entry) <= _MOST_BYTES
        await self._end(route, token, entry if small else b"", self._ttl if keep else 0)

    async def leave(self, route: Route, token: str) -> None:
        await self._end(route, token, b"", 0)

    async def heard(self, route: Route, token: str) -> AsyncIterator[str | Reply]:
        last: bytes | str = "0-0"
        with self._valkey.forgiving():
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
                followed = await self._valkey.run(_FOLLOW, _keys(route), token, _LEAD_MS)
                if not followed and not entries:
                    return

    def tell_followed(self, told: Callable[[str], None]) -> None:
        self._channel = asyncio.create_task(self._hear_followers(told))

    async def purge(self, org_id: UUID) -> int:
        """Looks through all keys, some hundreds at a time. Raises DomainError when Valkey is away."""
        purged = 0
        try:
            async for key in self._valkey.client.scan_iter(
                match=prefix_of(org_id) + "*", count=_SCANNED_AT_ONCE
            ):
                purged += int(await self._valkey.client.unlink(key))
        except DOWN as away:
            raise unavailable("valkey") from away
        return purged

    async def close(self) -> None:
        if self._channel is not None:
            self._channel.cancel()
            await asyncio.gather(self._channel, return_exceptions=True)
        with self._valkey.forgiving():
            await self._listening.aclose()

    async def _end(self, route: Route, token: str, entry: bytes, ttl: int) -> None:
        if token or ttl:
            await self._valkey.run(_LAND, (*_keys(route), _log_of(token)), token, entry, ttl, _LOG_MS)

    async def _entries(self, token: str, last: bytes | str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """What came after `last`; waits for it a moment."""
        answer = await self._listening.xread({_log_of(token): last}, block=_LISTEN_MS)
        streams = cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", answer or [])
        return [entry for _, entries in streams for entry in entries]

    async def _hear_followers(self, told: Callable[[str], None]) -> None:
        while True:
            with contextlib.suppress(*DOWN):
                async with self._listening.pubsub() as channel:
                    await channel.subscribe(_CHANNEL + self._process)
                    while True:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=None)
                        if message is not None:
                            told(message["data"].decode())
            await asyncio.sleep(_REST_SECONDS)


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
