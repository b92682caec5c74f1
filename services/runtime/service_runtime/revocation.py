"""Access tokens that are called back before they end: told through Valkey, known here within a second.

The auth service appends to one stream, and every service follows it, from the beginning of what still counts.
So nothing is lost between two connections, and a service that starts knows what was called back before. A
stream that cannot be reached changes nothing of what is known; no token lives longer than ten minutes anyway.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from service_runtime import tasks
from service_runtime.errors import unavailable

_log = logging.getLogger("bloom.revocation")
_STREAM = "auth:revocations"
_DOWN = (RedisError, OSError, TimeoutError)
# As long as the longest access token lives, with the leeway of its verifiers.
LASTS_SECONDS = 660.0
_BLOCK_MS = 1000
_AGAIN_SECONDS = 0.25
# A start does not wait longer for Valkey than this.
_FIRST_LOOK_SECONDS = 2.0
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Revocation:
    """Which tokens: all of a session, or those of a subject that are older than `epoch`; None means all."""

    key: str
    epoch: int | None = None


def of_session(session_id: UUID) -> Revocation:
    """Every token of one session."""
    return Revocation(_session(str(session_id)))


def of_key(key_id: UUID) -> Revocation:
    """Every token that was given for an API key."""
    return Revocation(_api_key(str(key_id)))


def of_subject(org_id: UUID, subject: str, epoch: int | None = None) -> Revocation:
    """Every token of a subject in an organization, from however many sessions, given before this epoch."""
    return Revocation(_subject(str(org_id), subject), epoch)


class Revocations:
    """What this process knows. It forgets what no token can outlive."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By key, in the order of their coming: epoch, and when to forget it.
        self._known: dict[str, tuple[float, float]] = {}

    def add(self, revocation: Revocation) -> None:
        """From now on these tokens are refused; a lower epoch than is known changes nothing."""
        epoch = float("inf") if revocation.epoch is None else float(revocation.epoch)
        before, _ = self._known.pop(revocation.key, (epoch, 0.0))
        now = self._clock()
        self._known[revocation.key] = max(epoch, before), now + LASTS_SECONDS
        while (oldest := next(iter(self._known))) and self._known[oldest][1] < now:
            del self._known[oldest]

    def refuses(self, claims: Mapping[str, object]) -> bool:
        """Whether a token with these claims was called back."""
        if not self._known:
            return False
        for name, key in (("sid", _session), ("key", _api_key)):
            if name in claims and key(str(claims[name])) in self._known:
                return True
        known = self._known.get(_subject(str(claims.get("org", "")), str(claims.get("sub", ""))))
        if known is None:
            return False
        epoch = claims.get("epo")
        return known[0] > (epoch if isinstance(epoch, int) else -1)

    def __len__(self) -> int:
        return len(self._known)


@asynccontextmanager
async def following(url: SecretStr) -> AsyncIterator[Revocations]:
    """Kept up to date inside the block. Without an address nothing is heard, which is told."""
    known = Revocations()
    if not url.get_secret_value():
        _log.warning("without REDIS_URL tokens are good until they end, whatever is called back")
        yield known
        return
    looked = asyncio.Event()
    task = asyncio.create_task(_follow(url, known, looked))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FIRST_LOOK_SECONDS):
            await looked.wait()
    try:
        yield known
    finally:
        await tasks.end(task)


class Announcer:
    """The auth service's end of the stream. `close` it."""

    def __init__(self, url: SecretStr) -> None:
        self._client = _client(url)

    async def announce(self, revocation: Revocation) -> None:
        """To every service. Raises DomainError when Valkey does not answer."""
        epoch = "" if revocation.epoch is None else str(revocation.epoch)
        oldest = int((time.time() - 2 * LASTS_SECONDS) * 1000)
        try:
            await self._client.xadd(
                _STREAM, {"key": revocation.key, "epoch": epoch}, minid=oldest, approximate=True
            )
        except _DOWN as away:
            raise unavailable("valkey") from away

    async def close(self) -> None:
        """Ends the connections."""
        with contextlib.suppress(*_DOWN):
            await self._client.aclose()


async def _follow(url: SecretStr, known: Revocations, looked: asyncio.Event) -> None:
    client, last, away = _client(url), _begin(), False
    try:
        while True:
            try:
                last = await _read(client, last, known, block=looked.is_set())
                looked.set()
                if away:
                    _log.info("revocations are heard again")
                away = False
            except _DOWN as fault:
                if not away:
                    # The class alone: the message may show the address with its password.
                    _log.warning("revocations are not heard", extra={"error": type(fault).__name__})
                away = True
                await asyncio.sleep(_AGAIN_SECONDS)
    finally:
        with contextlib.suppress(*_DOWN):
            await client.aclose()


async def _read(client: "redis.asyncio.Redis", last: str, known: Revocations, *, block: bool) -> str:
    """What came after `last`, and the new last."""
    answer = await client.xread({_STREAM: last}, count=_AT_ONCE, block=_BLOCK_MS if block else None)
    for _, entries in cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", answer or []):
        for place, fields in entries:
            epoch = fields[b"epoch"]
            known.add(Revocation(fields[b"key"].decode(), int(epoch) if epoch else None))
            last = place.decode()
    return last


def _begin() -> str:
    """Before everything that still counts. By our clock, which may differ from Valkey's by a little."""
    return f"{int((time.time() - 2 * LASTS_SECONDS) * 1000)}-0"


def _client(url: SecretStr) -> "redis.asyncio.Redis":
    return redis.asyncio.Redis.from_url(
        url.get_secret_value(),
        socket_timeout=_BLOCK_MS / 1000 + 1,
        socket_connect_timeout=1.0,
        retry=Retry(NoBackoff(), 0),
    )


def _session(session_id: str) -> str:
    return f"session:{session_id}"


def _api_key(key_id: str) -> str:
    return f"key:{key_id}"


def _subject(org_id: str, subject: str) -> str:
    return f"subject:{org_id}:{subject}"
