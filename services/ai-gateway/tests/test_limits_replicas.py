"""One limit, several processes: in sum no more than it allows, whatever becomes of Valkey or of one of them.

Run as a program it is one replica: it takes what it is given for a while, and prints how it went.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from ai_gateway.limits.buckets import Allowance, Ask, Buckets, Grant, LocalBuckets
from ai_gateway.limits.orgs import OrgLimits
from ai_gateway.limits.refused import RefusedError
from ai_gateway.limits.shared_buckets import SharedBuckets
from ai_gateway.valkey import Valkey, script
from ai_gateway_testing.backends import free_port
from local_mesh import valkey

SECONDS = 1.5
TOKENS = 10
CALLERS = 40


@dataclass
class Counted:
    """Buckets that count the visits."""

    inner: Buckets
    visits: int = 0

    async def visit(self, org_id: UUID, allowance: Allowance, ask: Ask) -> Grant:
        self.visits += 1
        return await self.inner.visit(org_id, allowance, ask)


async def replica(url: str, org_id: UUID, requests: int, begin_at: float) -> dict[str, float]:
    """As many calls as callers that never rest can make."""
    buckets = Counted(SharedBuckets(Valkey(SecretStr(url))) if url else LocalBuckets())
    orgs = OrgLimits(buckets, Allowance(requests, requests * TOKENS * 2))
    await asyncio.sleep(begin_at - time.time())
    taken = 0

    async def caller(end: float) -> None:
        nonlocal taken
        while time.time() < end:
            try:
                orgs.settle(org_id, await orgs.take(org_id, TOKENS * 3), TOKENS)
            except RefusedError as refused:
                await asyncio.sleep(min(refused.retry_after, 0.05))
            else:
                taken += 1
                await asyncio.sleep(0.002)

    await asyncio.gather(*(caller(begin_at + SECONDS) for _ in range(CALLERS)))
    ended_at = time.time()
    await orgs.close()
    return {"taken": taken, "visits": buckets.visits, "ended_at": ended_at}


def run_two(url: str, requests: int) -> tuple[float, list[dict[str, float]]]:
    """The time from their first call to the last, and what each did."""
    command = [sys.executable, __file__, url, str(uuid4()), str(requests)]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    begin_at = time.time() + 0.1
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"{begin_at}\n")
        process.stdin.flush()
    told = [json.loads(process.communicate(timeout=30)[0]) for process in running]
    return max(one["ended_at"] for one in told) - begin_at, told


def test_two_processes_keep_one_limit_together(valkey_url: str) -> None:
    seconds, told = run_two(valkey_url, 600)
    taken = sum(one["taken"] for one in told)
    # A hundred at once, and ten a second.
    assert 90 <= taken <= 100 + 10 * seconds + 1


def test_without_a_bucket_in_common_they_take_twice_as_much() -> None:
    seconds, told = run_two("", 600)
    assert sum(one["taken"] for one in told) > 1.5 * (100 + 10 * seconds)


def test_also_what_is_taken_in_advance_stays_within_it(valkey_url: str) -> None:
    seconds, told = run_two(valkey_url, 30_000)
    taken, visits = sum(one["taken"] for one in told), sum(one["visits"] for one in told)
    assert 2_500 <= taken <= 5_000 + 500 * seconds + 1
    assert visits < taken / 2


class Server:
    """A Valkey that can be killed and started anew."""

    def __init__(self, configuration: Path) -> None:
        self._configuration = configuration
        self.port = free_port()
        asyncio.run(valkey.configure(configuration, self.port, "of-one-test"))
        self.start()

    @property
    def url(self) -> str:
        return valkey.url(self.port, "of-one-test")

    def start(self) -> None:
        command = valkey.command(self._configuration)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(5)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path / "valkey.conf")
    yield started
    with contextlib.suppress(ProcessLookupError):
        started.kill()


async def until_shared(shared: SharedBuckets) -> None:
    """Waits until a visit is one to Valkey."""
    async with asyncio.timeout(10):
        while await shared._valkey.run(script("return 1"), ["test"]) != 1:  # noqa: ASYNC110 Valkey tells nobody that it is back
            await asyncio.sleep(0.02)


async def test_valkey_killed_and_back_costs_nobody_an_answer(server: Server) -> None:
    shared, org_id = SharedBuckets(Valkey(SecretStr(server.url))), uuid4()
    await until_shared(shared)
    orgs = OrgLimits(shared, Allowance(600, 600_000))
    longest = 0.0

    async def take(calls: int) -> int:
        nonlocal longest
        taken = 0
        for _ in range(calls):
            began = time.monotonic()
            with contextlib.suppress(RefusedError):
                await orgs.take(org_id, 1)
                taken += 1
            longest = max(longest, time.monotonic() - began)
        return taken

    assert await take(80) == 80
    server.kill()
    # What this replica itself has taken is known to it: no new burst for a Valkey that died.
    assert 15 <= await take(200) <= 25
    server.start()
    await until_shared(shared)
    assert await take(200) >= 80
    assert longest < 0.5
    await orgs.close()


async def test_what_a_dead_replica_held_is_lost_and_comes_back_by_itself(server: Server) -> None:
    shared, org_id = SharedBuckets(Valkey(SecretStr(server.url))), uuid4()
    await until_shared(shared)
    fast = Allowance(60_000, 60_000_000, burst_seconds=0.5)  # five hundred at once, a thousand a second
    dead = OrgLimits(shared, fast)
    for _ in range(100):
        await dead.take(org_id, 1)
    for tick in dead._ticks.values():
        tick.cancel()
    held = sum(stock.requests for stock in dead._stocks.values())
    alive = OrgLimits(shared, fast)
    await asyncio.gather(*(alive.take(org_id, 1) for _ in range(500)), return_exceptions=True)
    assert 0 < held <= 25
    await asyncio.sleep(0.6)
    taken = await asyncio.gather(*(alive.take(org_id, 1) for _ in range(450)), return_exceptions=True)
    assert not any(isinstance(one, RefusedError) for one in taken)
    await dead.close()


if __name__ == "__main__":
    _, url, org, requests = sys.argv
    print("ready", flush=True)
    begin_at = input()
    print(json.dumps(asyncio.run(replica(url, UUID(org), int(requests), float(begin_at)))))
