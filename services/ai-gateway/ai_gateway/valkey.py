"""Scripts in Valkey, in time or not at all. It may be slow or away: then nobody waits, and nobody fails.

What is to be run while something is under way gathers, and goes in one round trip.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field

import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from service_runtime.gathering import Gathered

DOWN = (RedisError, OSError, TimeoutError)
_log = logging.getLogger("bloom.ai.valkey")
# What takes longer than this is no help.
_BUDGET_SECONDS = 0.05
_MOMENTS = 5
# The connections' own timeouts only clear up behind it.
_SOCKET_SECONDS = 1.0
# After a failure it is left alone for a moment, so that a dead one does not cost every call its budget.
_REST_SECONDS = 1.0
_LOG_EVERY_SECONDS = 60.0
_CONNECTIONS = 16
_TOGETHER = 64
# Whoever brings as much as this does not go with the others.
_LARGE_BYTES = 64 * 1024

Argument = str | bytes | float


@dataclass(frozen=True, slots=True)
class Script:
    """Loaded where it is not yet known, also after Valkey was started anew."""

    source: str
    sha: str


@dataclass(frozen=True, slots=True)
class _Run:
    script: Script
    keys: Sequence[str]
    arguments: Sequence[Argument] = field(repr=False)


# Every script of the program.
_KNOWN: list[Script] = []


def script(source: str) -> Script:
    """By the name that Valkey gives it."""
    known = Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
    _KNOWN.append(known)
    return known


class Valkey:
    """One pool of connections, and one memory of whether it answers. `close` it."""

    def __init__(self, url: SecretStr) -> None:
        self.client = redis.asyncio.Redis.from_pool(pool(url, _SOCKET_SECONDS, _CONNECTIONS))
        self._together = Gathered(self._run_all, most=_TOGETHER)
        self._rests_until = self._silent_until = float("-inf")

    async def run(self, script: Script, keys: Sequence[str], *arguments: Argument) -> object:
        """What the script returns; None when Valkey does not answer in time."""
        if time.monotonic() < self._rests_until:
            return None
        run = _Run(script, keys, arguments)
        large = sum(len(argument) for argument in arguments if isinstance(argument, bytes)) > _LARGE_BYTES
        return (await self._run_all([run]))[0] if large else await self._together.do(run)

    async def warm(self) -> None:
        """Connected, and with its scripts, before the first call: a busy process has no time for it."""
        with self.forgiving():
            for known in _KNOWN:
                await self.client.script_load(known.source)

    @contextlib.contextmanager
    def forgiving(self) -> Iterator[None]:
        """What fails in here has just not been done."""
        try:
            yield
        except DOWN as away:
            now = time.monotonic()
            self._rests_until = now + _REST_SECONDS
            if now >= self._silent_until:
                self._silent_until = now + _LOG_EVERY_SECONDS
                # The class alone: the message may show the address with its password.
                _log.warning(
                    "Valkey is away: answers are not kept, and limits are what this replica knows itself",
                    extra={"error": type(away).__name__},
                )

    async def close(self) -> None:
        """Ends the connections."""
        with self.forgiving():
            await self.client.aclose()

    async def _run_all(self, runs: Sequence[_Run]) -> list[object]:
        with self.forgiving():
            return [self._answer(answer) for answer in await _in_time(self._answers(runs))]
        return [None] * len(runs)

    async def _answers(self, runs: Sequence[_Run]) -> list[object]:
        answers = await self._trip(runs)
        unknown = [at for at, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
        if unknown:
            for source in {runs[at].script.source for at in unknown}:
                await self.client.script_load(source)
            again = await self._trip([runs[at] for at in unknown])
            for at, answer in zip(unknown, again, strict=True):
                answers[at] = answer
        return answers

    async def _trip(self, runs: Sequence[_Run]) -> list[object]:
        async with self.client.pipeline(transaction=False) as pipeline:
            for run in runs:
                pipeline.evalsha(run.script.sha, len(run.keys), *run.keys, *run.arguments)
            answers: list[object] = await pipeline.execute(raise_on_error=False)
        return answers

    def _answer(self, answer: object) -> object:
        """One may fail, as it does in a full Valkey, without the others."""
        with self.forgiving():
            if isinstance(answer, Exception):
                raise answer
            return answer
        return None


async def _in_time(trip: Coroutine[object, object, list[object]]) -> list[object]:
    """The budget is counted in moments in which the loop looked at its sockets, not by the clock alone: a
    process that is busy with a thousand calls at once would else take its own lateness for Valkey's.
    """
    task = asyncio.create_task(trip)
    try:
        for _ in range(_MOMENTS):
            done, _ = await asyncio.wait({task}, timeout=_BUDGET_SECONDS / _MOMENTS)
            if done:
                return task.result()
        raise TimeoutError
    finally:
        task.cancel()


def pool(url: SecretStr, seconds: float, connections: int) -> redis.asyncio.BlockingConnectionPool:
    """Connections on which nothing takes longer than `seconds`."""
    made: redis.asyncio.BlockingConnectionPool = redis.asyncio.BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=connections,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=_SOCKET_SECONDS,
        # The library's own three tries would be far beyond the budget.
        retry=Retry(NoBackoff(), 0),
    )
    return made
