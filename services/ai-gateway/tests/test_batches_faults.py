"""Runners that die, runners side by side, a Claude that fails: each item is sent, answered and paid once."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import aiohttp
import pytest

from ai_gateway.batches import leases, parts
from ai_gateway.batches.batch import LeaseLostError
from ai_gateway.batches.runner import Runner
from ai_gateway.batches.tools import Tools
from ai_gateway.batches.wire import BatchWire, UpstreamBatch
from ai_gateway.claude.upstream import Leaving
from ai_gateway.egress import sweep
from ai_gateway_testing import batching
from ai_gateway_testing.batching import Batch, Bulk
from ai_gateway_testing.gateway import prompt
from bloom.ai.v1 import ai_service_pb2
from claude_simulator import server as simulator
from claude_simulator.batches.store import BatchLimits
from claude_simulator.control_client import SimulatorControl
from claude_simulator.simulation import Simulation
from service_runtime.postgres import Connection, Postgres, Reader

BYPASS = ai_service_pb2.CACHE_POLICY_BYPASS
HOLD: dict[str, object] = {"match": {"endpoint": "batches.create"}, "hold": True}
# Of a runner whose process is gone, nobody waits for the lease.
QUICK = replace(batching.FAST, doubt=0.05)


@pytest.fixture
async def claude() -> AsyncIterator[SimulatorControl]:
    """A simulator that answers batches at once."""
    hurried = Simulation(batch_limits=BatchLimits(seconds=0.01))
    async with simulator.serving(hurried) as url, aiohttp.ClientSession() as http:
        yield SimulatorControl(url, http)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@dataclass
class Life:
    """So many steps, and no more."""

    steps: int

    def step(self) -> None:
        if self.steps == 0:
            raise KilledError
        self.steps -= 1


class MortalPostgres:
    """Dies before a transaction, or right behind its commit."""

    def __init__(self, postgres: Postgres, life: Life) -> None:
        self._postgres, self._life = postgres, life

    def reader(self, org_id: UUID) -> Reader:
        return self._postgres.reader(org_id)

    @asynccontextmanager
    async def transaction(self, org_id: UUID) -> AsyncIterator[Connection]:
        self._life.step()
        async with self._postgres.transaction(org_id) as connection:
            yield connection
        self._life.step()

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[Connection]:
        async with self._postgres.sweeping() as connection:
            yield connection
        self._life.step()


class MortalWire(BatchWire):
    """Dies before Claude is asked, when it has heard, and in the middle of results."""

    life: Life

    async def create(self, leaving: Leaving) -> UpstreamBatch:
        self.life.step()
        created = await super().create(leaving)
        self.life.step()
        return created

    async def results(self, batch: UpstreamBatch) -> AsyncGenerator[bytes, None]:
        async for line in super().results(batch):
            self.life.step()
            yield line


def mortal(tools: Tools, life: Life) -> Tools:
    wire = MortalWire(tools.wire._upstream, tools.wire._destination, tools.wire._seconds)
    wire.life = life
    return replace(tools, postgres=cast("Postgres", MortalPostgres(tools.postgres, life)), wire=wire)


async def until_ended(bulk: Bulk, runner: Runner, name: str) -> None:
    async with asyncio.timeout(10):
        while (await bulk.get(name)).state != Batch.STATE_ENDED:
            await runner.step()
            await asyncio.sleep(0.02)


async def free_leases(bulk: Bulk) -> None:
    """The time of whoever held one is over."""
    await bulk.gateway.rows("UPDATE batches SET leased_until = '-infinity', due_at = now()")


async def check_once(bulk: Bulk, name: str, items: int, upstream: int = 1) -> None:
    """Each item has one result and is paid once; Claude has seen so many batches."""
    batch, results = await bulk.get(name), await bulk.by_id(name)
    assert batch.counts.succeeded == len(results) == items
    assert sorted(result.seq for result in results.values()) == list(range(1, items + 1))
    assert len(await bulk.upstream()) == upstream
    rows, records = await bulk.usage_rows(), await bulk.egress()
    assert len(rows) == items
    assert all(record["outcome"] for record in records)
    sums = {sum(row["cost_micro_usd"] for row in some) for some in (rows, records)}
    assert sums == {batch.cost_micro_usd}
    assert batch.cost_micro_usd > 0


async def test_a_runner_may_die_at_any_step(start_bulk: batching.Start) -> None:
    async with start_bulk(batching.NO_RUNNER) as bulk, bulk.runner_tools(QUICK) as tools:
        steps, died = 0, True
        while died:
            one = bulk.of(bulk.gateway.other_organization())
            name = (await one.create(a=prompt("1", cache_policy=BYPASS), b=prompt("2"))).name
            before = len(await one.upstream())
            try:
                await until_ended(one, Runner(mortal(tools, Life(steps))), name)
                died = False
            except KilledError:
                await free_leases(one)
                await until_ended(one, Runner(tools), name)
            await check_once(one, name, items=2, upstream=before + 1)
            steps += 1
        # Or the runner did not do what this test believes.
        assert steps > 15


async def test_a_runner_that_is_killed_while_it_sends(start_bulk: batching.Start) -> None:
    """A real process and SIGKILL: Claude has the batch, and nobody has heard its name."""
    async with start_bulk(batching.NO_RUNNER) as bulk:
        await bulk.claude.script(
            {"match": {"endpoint": "batches.create"}, "times": 1, "fault": {"kind": "stall"}}
        )
        name = (await bulk.create(a=prompt("1"), b=prompt("2"))).name
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _RUNNER, bulk.settings_text())
        try:
            assert len(await bulk.upstream(at_least=1)) == 1
        finally:
            process.kill()
            await process.wait()
        await free_leases(bulk)
        async with bulk.runner_tools(QUICK) as tools:
            await until_ended(bulk, Runner(tools), name)
        await check_once(bulk, name, items=2)


_RUNNER = """
import asyncio, json, sys
from ai_gateway.batches.runner import Runner
from ai_gateway.settings import AiGatewaySettings
from ai_gateway_testing import batching

async def main():
    settings = AiGatewaySettings.model_validate(json.loads(sys.argv[1]))
    async with batching.tools(settings, batching.FAST) as tools:
        await Runner(tools).run()

asyncio.run(main())
"""


async def test_two_runners_do_not_meet(bulk: Bulk) -> None:
    async with bulk.runner_tools() as tools:
        beside = asyncio.create_task(Runner(tools).run())
        try:
            names = [(await bulk.create(a=prompt(f"a{n}"), b=prompt(f"b{n}"))).name for n in range(6)]
            for name in names:
                assert (await bulk.ended(name)).counts.succeeded == 2
        finally:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)
    assert len(await bulk.upstream()) == 6
    assert len(await bulk.usage_rows()) == 12


async def test_who_lost_the_lease_cannot_write(start_bulk: batching.Start) -> None:
    async with start_bulk(batching.NO_RUNNER) as bulk, bulk.runner_tools() as tools:
        await bulk.create(a=prompt("1"))
        first = await leases.take(tools.postgres, 60)
        assert first is not None
        assert await leases.take(tools.postgres, 60) is None
        await free_leases(bulk)
        second = await leases.take(tools.postgres, 60)
        assert second is not None
        await parts.plan(tools.postgres, second, [await parts.asked(tools.postgres, second)], [])
        [part] = (await parts.load(tools.postgres, second)).parts
        for late in (
            parts.remember(tools.postgres, first, part, "msgbatch_late"),
            leases.renew(tools.postgres, first, 60),
            parts.load(tools.postgres, first),
        ):
            with pytest.raises(LeaseLostError):
                await late
        assert (await parts.load(tools.postgres, second)).parts == (part,)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 429},
        {"kind": "malformed"},
        {"kind": "cut_body"},
    ],
    ids=["500", "429", "malformed", "cut"],
)
@pytest.mark.parametrize("call", ["create", "retrieve", "results"])
async def test_claude_fails_and_nothing_is_sent_twice(
    bulk: Bulk, call: str, fault: dict[str, object]
) -> None:
    await bulk.claude.script({"match": {"endpoint": f"batches.{call}"}, "times": 1, "fault": fault})
    name = (await bulk.create(a=prompt("1"), b=prompt("2"))).name
    await bulk.ended(name)
    await check_once(bulk, name, items=2)


async def test_what_claude_refuses_is_not_sent_again(bulk: Bulk) -> None:
    fault = {"kind": "status", "status": 400}
    await bulk.claude.script({"match": {"endpoint": "batches.create"}, "fault": fault})
    name = (await bulk.create(a=prompt("1"))).name
    batch = await bulk.ended(name)
    [result] = await bulk.results(name)
    assert batch.counts.errored == 1
    assert result.reason
    [record] = await bulk.egress()
    assert (record["outcome"], record["cost_micro_usd"]) == ("REQUEST_REFUSED", 0)
    creations = [one for one in await bulk.claude.requests() if one["path"] == "/v1/messages/batches"]
    assert len(creations) == 1


async def test_another_batch_is_waited_for_and_not_taken(bulk: Bulk) -> None:
    """It is like ours in all that Claude's list tells."""
    failing = {"kind": "status", "status": 500}
    await bulk.claude.script(
        {"match": {"endpoint": "batches.create"}, "times": 1, "fault": failing},
        {"match": {"endpoint": "batches.create"}, "times": 1, "hold": True},
    )
    name = (await bulk.create(a=prompt("1"), b=prompt("2"))).name
    async with asyncio.timeout(5):
        while not [one for one in await bulk.claude.requests() if one["status"] == 500]:  # noqa: ASYNC110 the simulator's state
            await asyncio.sleep(0.01)
    [theirs] = await foreign(bulk)
    await asyncio.sleep(3 * batching.FAST.doubt)
    assert len(await bulk.upstream()) == 1
    assert (await bulk.get(name)).counts.processing == 2

    await bulk.claude.release(theirs)
    await bulk.ended(name)
    await check_once(bulk, name, items=2, upstream=2)


async def foreign(bulk: Bulk) -> list[str]:
    """Somebody else's batch of two items, in the same account."""
    params = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "?"}],
    }
    body = {"requests": [{"custom_id": name, "params": params} for name in ("x", "y")]}
    headers = {"authorization": "Bearer not-a-key", "anthropic-version": "2026-10-21"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{bulk.claude.url}/v1/messages/batches", json=body, headers=headers) as answer,
    ):
        return [(await answer.json())["id"]]


async def test_nobody_waits_for_ever(bulk: Bulk) -> None:
    await bulk.claude.script(HOLD)
    name = (await bulk.create(a=prompt("1"))).name
    await bulk.upstream(at_least=1)
    await bulk.age(name, "3 days")
    batch = await bulk.ended(name)
    assert batch.counts.errored == 1
    [record] = await bulk.egress()
    assert (record["outcome"], record["cost_micro_usd"]) == ("LOST", 0)


async def test_what_has_not_left_never_leaves(start_bulk: batching.Start) -> None:
    async with start_bulk(batching.NO_RUNNER) as bulk, bulk.runner_tools() as tools:
        name = (await bulk.create(a=prompt("1"))).name
        await bulk.cancel(name)
        await until_ended(bulk, Runner(tools), name)
        assert (await bulk.get(name)).counts.cancelled == 1
        assert not await bulk.upstream()
        assert not await bulk.egress()


async def test_the_sweep_leaves_batches_alone(start_bulk: batching.Start) -> None:
    """They run for a day; calls that run for minutes are lost."""
    async with start_bulk() as bulk:
        await bulk.claude.script(HOLD)
        name = (await bulk.create(a=prompt("1"))).name
        await bulk.upstream(at_least=1)
        async with bulk.runner_tools() as tools:
            await sweep.end_lost(tools.postgres, timedelta(0))
        [record] = await bulk.egress()
        assert record["outcome"] is None
        await bulk.claude.release()
        await bulk.ended(name)
        await check_once(bulk, name, items=1)
