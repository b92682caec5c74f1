"""`make bench-savings`: an hour of work, replayed with and without what saves calls and money.

The real gateway in two processes over the simulator, which accounts for the prompt cache as Claude does, on a
clock that runs through an hour. The same questions in the same order: asked past the answer cache, with it,
and with single-flight. Dollars are the ledger's, told by GetUsage; they are compared with the sum of what the
answers said. DOCS=1 writes docs/bench.
"""

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import grpc
import uvloop
from rich.console import Console

from ai_gateway.settings import AiGatewaySettings
from bloom.ai.v1 import ai_pb2, ai_service_pb2, ai_service_pb2_grpc
from claude_simulator.control_client import SimulatorControl
from local_mesh.ports import LOOPBACK, choose_ports
from tests.bench import ai_stack, savings_report
from tests.bench.ai_stack import Stack
from tests.bench.savings_workload import SEED, Asked, Session, one_document, repeated_share, replayed

# The setting that turns single-flight off; without such a setting it is as the gateway has it.
SINGLE_FLIGHT = "single_flight"
AT_ONCE, CHANNELS = 16, 8
HOUR = 3600.0
# One question about the document in so many seconds, from readers who do not wait for each other.
QUESTIONS_ON_ONE_DOCUMENT, READERS, SECONDS_BETWEEN = 40, 2, 15.0
_SECONDS = 60.0
_USE, _BYPASS = ai_service_pb2.CACHE_POLICY_UNSPECIFIED, ai_service_pb2.CACHE_POLICY_BYPASS


@dataclass
class Replay:
    """What one replay came to. Money in micro-USD, `tokens` by kind, `served` by where from."""

    name: str
    upstream: int = 0
    calls: int = 0
    cost: int = 0
    list_cost: int = 0
    ledger_cost: int = 0
    ledger_list_cost: int = 0
    served: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)

    def take(self, done: ai_service_pb2.Completion) -> None:
        """One answer."""
        self.calls += 1
        self.cost += done.cost_micro_usd
        self.list_cost += done.list_cost_micro_usd
        self.served[ai_pb2.ServedFrom.Name(done.served_from).removeprefix("SERVED_FROM_").lower()] += 1
        self.tokens.update({kind.name: int(value) for kind, value in done.usage.ListFields()})


@dataclass(frozen=True)
class Bench:
    """A running stack and its simulator."""

    stack: Stack
    claude: SimulatorControl
    http: aiohttp.ClientSession
    stubs: Sequence["ai_service_pb2_grpc.AiServiceAsyncStub"]

    async def turn_clock(self, seconds: float) -> None:
        """Claude's clock, seconds after the beginning of this stack."""
        async with self.http.post(f"{self.claude.url}/_simulator/clock", data=str(seconds)) as turned:
            turned.raise_for_status()


async def main(options: argparse.Namespace) -> None:
    """Prints the table and the RESULT line."""
    console, began = Console(), time.perf_counter()
    sessions = replayed(SEED)
    replays = []
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder) / "without", single_flight=False) as bench:
            replays.append(await replay(console, bench, "prompt caching", sessions, _BYPASS))
            replays.append(await replay(console, bench, "and the answer cache", sessions, _USE, began=HOUR))
            document = await read_one_document(console, bench, began=2 * HOUR)
        if SINGLE_FLIGHT in AiGatewaySettings.model_fields:
            async with opened(Path(folder) / "with", single_flight=True) as bench:
                replays.append(await replay(console, bench, "and single-flight", sessions, _USE))
    console.print(f"replayed in {time.perf_counter() - began:.0f} s", style="dim")
    savings_report.tell(console, replays, document, repeated_share(sessions), docs=options.docs)


@asynccontextmanager
async def opened(folder: Path, *, single_flight: bool) -> AsyncIterator[Bench]:
    """A stack of its own over a simulator of its own."""
    port = choose_ports("random", ("simulator",))["simulator"].number
    url = f"http://{LOOPBACK}:{port}"
    toggled = SINGLE_FLIGHT in AiGatewaySettings.model_fields
    settings = {SINGLE_FLIGHT.upper(): str(single_flight).lower()} if toggled else {}
    simulator = ai_stack.upstream("tests.bench.savings_claude", port)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(ai_stack.serving(folder, simulator, url, settings))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        # Channels that share nothing, so that both processes are spoken to.
        apart = [("grpc.use_local_subchannel_pool", 1)]
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(f"{LOOPBACK}:{running.port}", apart))
            for _ in range(CHANNELS)
        ]
        stubs = [ai_service_pb2_grpc.AiServiceStub(channel) for channel in channels]
        yield Bench(running, SimulatorControl(url, http), http, stubs)


async def replay(
    console: Console,
    bench: Bench,
    name: str,
    sessions: Sequence[Session],
    policy: "ai_service_pb2.CachePolicy.ValueType",
    began: float = 0,
) -> Replay:
    """All sessions, AT_ONCE at the same time, for organizations of its own; `began` on Claude's clock."""
    console.print(f"replaying with {name} …", style="dim")
    orgs = [uuid4() for _ in range(1 + max(session.organization for session in sessions))]
    waiting, result = iter(enumerate(sessions)), Replay(name)

    async def work() -> None:
        # One iterator for all workers: sessions begin in their order.
        for number, session in waiting:
            await bench.turn_clock(began + HOUR * number / len(sessions))
            for stage in session.stages:
                await asked_at_once(bench, result, orgs[session.organization], stage, policy)

    await bench.claude.forget()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    await close_the_books(bench, result, orgs)
    return result


async def read_one_document(console: Console, bench: Bench, began: float) -> Replay:
    """Different questions about one agreement, from a few readers; none is answered from the answer cache."""
    console.print("asking many questions about one document …", style="dim")
    org, result = uuid4(), Replay("one document")
    waiting = iter(enumerate(one_document(QUESTIONS_ON_ONE_DOCUMENT)))

    async def reader() -> None:
        for number, asked in waiting:
            await bench.turn_clock(began + number * SECONDS_BETWEEN)
            await asked_at_once(bench, result, org, [asked], _USE)

    await bench.claude.forget()
    await asyncio.gather(*(reader() for _ in range(READERS)))
    await close_the_books(bench, result, [org])
    return result


async def asked_at_once(
    bench: Bench,
    result: Replay,
    org: UUID,
    stage: Iterable[Asked],
    policy: "ai_service_pb2.CachePolicy.ValueType",
) -> None:
    """The prompts of one stage, all together."""

    async def ask(asked: Asked) -> None:
        prompt = ai_service_pb2.Prompt()
        prompt.CopyFrom(asked.prompt)
        prompt.cache_policy = policy
        stub = bench.stubs[asked.person % len(bench.stubs)]
        metadata = tuple(bench.stack.caller(org).items())
        request = ai_service_pb2.GenerateRequest(prompt=prompt)
        answer = await stub.Generate(request, metadata=metadata, timeout=_SECONDS)
        result.take(answer.completion)

    await asyncio.gather(*map(ask, stage))


async def close_the_books(bench: Bench, result: Replay, orgs: Iterable[UUID]) -> None:
    """What the ledger says, once every call is in it, and how many calls the simulator had."""
    orgs = list(orgs)
    async with asyncio.timeout(30):
        books = await _books(bench, orgs)
        while sum(row.calls for book in books for row in book.rows) < result.calls:
            await asyncio.sleep(0.1)  # answers from a cache are counted behind the call
            books = await _books(bench, orgs)
    result.ledger_cost = sum(book.cost_micro_usd for book in books)
    result.ledger_list_cost = sum(book.list_cost_micro_usd for book in books)
    result.upstream = (await bench.claude.counts())["requests"]


async def _books(bench: Bench, orgs: Iterable[UUID]) -> list[ai_service_pb2.GetUsageResponse]:
    request = ai_service_pb2.GetUsageRequest()
    return [
        await bench.stubs[0].GetUsage(
            request, metadata=tuple(bench.stack.caller(org).items()), timeout=_SECONDS
        )
        for org in orgs
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--docs", action="store_true")
    uvloop.run(main(parser.parse_args()))
