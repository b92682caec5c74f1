"""Four times what the gateway can take: it does as much as ever, and says no to the rest at once."""

import asyncio
import statistics
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import grpc

from ai_gateway_testing.gateway import Gateway, prompt
from bloom.ai.v1 import ai_service_pb2
from service_runtime.clients import domain_error
from service_runtime.errors import DomainError

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
# What limits is Claude, by its time for an answer, not this machine: eighty answers a second.
CAPACITY, ANSWER_SECONDS = 8, 0.1
SECONDS, WARM_SECONDS = 2.0, 0.4
TIMES = 4
BYPASS = ai_service_pb2.CACHE_POLICY_BYPASS


@dataclass
class Outcome:
    """Times in seconds: when answers came and how long they took, how long refusals took."""

    answered: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    refused: list[tuple[float, DomainError]] = field(default_factory=list)

    @property
    def goodput(self) -> float:
        """Answers a second, once the queue has its length."""
        return sum(WARM_SECONDS <= at < SECONDS for at in self.answered) / (SECONDS - WARM_SECONDS)


class Driver:
    """Asks different questions; no kept answer is any help."""

    def __init__(self, gateway: Gateway, *, streamed: bool = False) -> None:
        self._ask = gateway.client.stream if streamed else gateway.client.ask
        self._loop = asyncio.get_running_loop()
        self._numbers = iter(range(1_000_000))
        self._began = self._loop.time()
        self.outcome = Outcome()

    @property
    def now(self) -> float:
        """Since the beginning."""
        return self._loop.time() - self._began

    async def one(self) -> None:
        began = self.now
        try:
            await self._ask(prompt(f"Question {next(self._numbers)}", cache_policy=BYPASS), seconds=10)
            self.outcome.answered.append(self.now)
            self.outcome.took.append(self.now - began)
        except grpc.aio.AioRpcError as failed:
            self.outcome.refused.append((self.now - began, domain_error(failed, "ai-gateway")))

    async def closed(self, callers: int) -> Outcome:
        """Each caller asks when it has its answer: nobody is ever too many."""

        async def caller() -> None:
            while self.now < SECONDS:
                await self.one()

        await asyncio.gather(*(caller() for _ in range(callers)))
        return self.outcome

    async def open(self, rate: float) -> Outcome:
        """So many a second, however the gateway does."""
        asked: list[asyncio.Task[None]] = []
        while self.now < SECONDS:
            while len(asked) < rate * self.now:
                asked.append(asyncio.create_task(self.one()))
            await asyncio.sleep(0.005)
        await asyncio.gather(*asked)
        return self.outcome


async def slow_claude(gateway: Gateway, seconds: float = ANSWER_SECONDS) -> None:
    await gateway.claude.script({"match": {}, "delay_ms": int(seconds * 1000)})


async def test_goodput_stays_and_who_is_too_many_is_told_so_at_once(start_gateway: StartGateway) -> None:
    async with start_gateway(upstream_capacity=CAPACITY) as gateway:
        await slow_claude(gateway)
        peak = (await Driver(gateway).closed(CAPACITY)).goodput
        before = (await gateway.claude.counts())["requests"]
        overload = await Driver(gateway).open(TIMES * CAPACITY / ANSWER_SECONDS)

        # Nine tenths on a quiet machine; without the early answers it falls to a small fraction.
        assert overload.goodput >= 0.25 * peak
        assert len(overload.refused) > len(overload.answered)
        for _, error in overload.refused:
            assert (error.code, error.reason_name) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
            assert error.retry_after is not None
            assert error.retry_after.total_seconds() > 0
        # Told when it came, not after it had waited for its turn as the others did.
        refused = statistics.median(seconds for seconds, _ in overload.refused)
        assert refused < statistics.median(overload.took)
        # Nothing was sent, recorded or paid for who was refused.
        assert (await gateway.claude.counts())["requests"] - before == len(overload.answered)
        answers = (await gateway.claude.counts())["requests"]
        assert len(await gateway.settled()) == answers
        assert sum(row.calls for row in (await gateway.client.usage()).rows) == answers


async def test_streams_are_refused_as_early(start_gateway: StartGateway) -> None:
    async with start_gateway(upstream_capacity=CAPACITY) as gateway:
        await gateway.claude.script({"match": {}, "delay_ms": 700})
        driver = Driver(gateway, streamed=True)
        await asyncio.gather(*(driver.one() for _ in range(30 * CAPACITY)))
        # As many as are let in while nothing is known of how long they take; the others wait or are told no.
        assert len(driver.outcome.answered) >= CAPACITY
        assert driver.outcome.refused
        for _, error in driver.outcome.refused:
            assert error.reason_name == "OVERLOADED"
            assert error.retry_after is not None


async def test_the_server_itself_has_an_end(start_gateway: StartGateway) -> None:
    """Before identity, database or Claude are asked for anything."""
    async with start_gateway(max_concurrent_calls=CAPACITY) as gateway:
        await slow_claude(gateway, seconds=2)  # nobody has an answer before the last has asked
        driver = Driver(gateway)
        await asyncio.gather(*(driver.one() for _ in range(TIMES * CAPACITY)))
        assert len(driver.outcome.answered) == CAPACITY
        refused = [error for _, error in driver.outcome.refused]
        assert {(error.code, error.reason_name) for error in refused} == {
            (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        }
        assert all(error.retry_after is not None for error in refused)


async def test_without_a_capacity_all_are_let_out_at_once(start_gateway: StartGateway) -> None:
    """The protection off: nobody is refused, and Claude gets everything."""
    async with start_gateway(upstream_capacity=10_000) as gateway:
        await gateway.claude.script({"match": {}, "delay_ms": 400})
        driver, calls = Driver(gateway), TIMES * CAPACITY
        asking = asyncio.gather(*(driver.one() for _ in range(calls)))
        pending = await gateway.claude.requests(outcome="PENDING", at_least=calls, wait_ms=3000)
        await asking
        assert len(pending) == calls
        assert not driver.outcome.refused
