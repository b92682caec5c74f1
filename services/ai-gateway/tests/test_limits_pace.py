"""Claude's rate limits kept before it refuses: against both ways in which a limit may come back."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from pydantic import SecretStr

from ai_gateway.claude.faults import rate_limits
from ai_gateway.limits.board import NoBoard, SharedBoard
from ai_gateway.limits.headers import Kind, Level, levels
from ai_gateway.limits.pace import Pace
from ai_gateway.limits.refused import Limit, Priority, RefusedError, Use
from ai_gateway.limits.supply import Supply
from ai_gateway.valkey import Valkey
from claude_simulator.control_client import SimulatorControl

A, B = (UUID(int=number) for number in (1, 2))
START = datetime(2026, 11, 23, 12, 0, 0, 300_000, tzinfo=UTC)
MODEL = "claude-haiku-5-5"
CALL = Use(input=1_000, output=500)


class VirtualLoop(asyncio.SelectorEventLoop):
    """When nothing is ready its time jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self._virtual = 0.0
        wait = self._selector.select  # type: ignore[attr-defined]

        def jump(seconds: float | None) -> object:
            self._virtual += seconds or 0.0
            return wait(0 if seconds else seconds)

        self._selector.select = jump  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._virtual


def simulate(scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scene)


def now() -> float:
    return asyncio.get_running_loop().time()


def today() -> float:
    return START.timestamp() + now()


@dataclass
class Claude:
    """An account with limits that it holds to. `flows`: they come back evenly, else all at once."""

    flows: bool
    limits: dict[Kind, int]
    seconds: float = 0.3  # that an answer takes
    answered: int = 0
    refused: int = 0
    _used: dict[Kind, float] = field(default_factory=dict)
    _at: float = 0.0

    async def ask(self, used: Use) -> dict[str, str] | None:
        """The headers of an answer; None with a 429."""
        self._refill()
        counts = {
            Kind.REQUESTS: 1,
            Kind.INPUT: used.input,
            Kind.OUTPUT: used.output,
            Kind.TOKENS: used.total,
        }
        if any(self._used.get(kind, 0) + counts[kind] > limit for kind, limit in self.limits.items()):
            self.refused += 1
            return None
        for kind in self.limits:
            self._used[kind] = self._used.get(kind, 0) + counts[kind]
        self.answered += 1
        headers = self._headers()
        await asyncio.sleep(self.seconds)
        return headers

    def _refill(self) -> None:
        if self.flows:
            gone, self._at = now() - self._at, now()
            self._used = {
                kind: max(0.0, used - gone * self.limits[kind] / 60) for kind, used in self._used.items()
            }
        elif now() - self._at >= 60 or not self._used:
            self._at, self._used = now(), {}

    def _headers(self) -> dict[str, str]:
        headers = {}
        for kind, limit in self.limits.items():
            used = self._used.get(kind, 0)
            resets_in = used / limit * 60 if self.flows else self._at + 60 - now()
            moment = START + timedelta(seconds=now() + resets_in)
            prefix = f"anthropic-ratelimit-{kind}"
            headers[f"{prefix}-limit"] = str(limit)
            headers[f"{prefix}-remaining"] = str(int(limit - used))
            headers[f"{prefix}-reset"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return headers


@dataclass
class Scene:
    """Calls to this Claude, paced or not, and what became of them."""

    claude: Claude
    paced: bool = True
    refused: list[tuple[float, RefusedError]] = field(default_factory=list)
    answered: Counter[tuple[UUID, Priority]] = field(default_factory=Counter)
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(NoBoard(), clock=asyncio.get_running_loop().time, today=today)

    async def call(self, org: UUID, priority: Priority, used: Use) -> None:
        asked_at = now()
        try:
            patience = 2.0 if priority is Priority.INTERACTIVE else 100.0
            estimate = Use(used.input, used.output * 4)
            going = await self.pace.enter(MODEL, org, priority, estimate, asked_at + patience)
        except RefusedError as refused:
            self.refused.append((now() - asked_at, refused))
            return
        headers = await self.claude.ask(used)
        if self.paced and headers is not None:
            self.pace.hear(going, headers)
        self.pace.leave(going, used if headers is not None else None)
        self.answered[org, priority] += headers is not None

    async def offer(
        self, org: UUID, a_second: float, seconds: float, priority: Priority, used: Use = CALL
    ) -> None:
        async with asyncio.TaskGroup() as calls:
            for _ in range(round(a_second * seconds)):
                calls.create_task(self.call(org, priority, used))
                await asyncio.sleep(1 / a_second)


@pytest.mark.parametrize("flows", [False, True])
@pytest.mark.parametrize(
    "limits",
    [
        {Kind.REQUESTS: 120},
        {Kind.REQUESTS: 10_000, Kind.INPUT: 120_000, Kind.OUTPUT: 10_000_000},
        {Kind.REQUESTS: 10_000, Kind.INPUT: 10_000_000, Kind.OUTPUT: 60_000},
        {Kind.REQUESTS: 10_000, Kind.TOKENS: 180_000},
    ],
)
def test_with_pacing_claude_never_has_to_refuse_and_without_it_does(
    limits: dict[Kind, int], *, flows: bool
) -> None:
    # Each of these limits lets two calls a second through; six are asked.
    async def scene(*, paced: bool) -> None:
        one = Scene(Claude(flows, limits), paced)
        await one.offer(A, 6, 240, Priority.INTERACTIVE)
        if paced:
            assert one.claude.refused == 0
            assert one.claude.answered >= 0.85 * 2 * 240
            assert all(refused.limit is Limit.UPSTREAM_PACE for _, refused in one.refused)
            assert all(waited == 0 or waited >= 1.9 for waited, _ in one.refused)
        else:
            assert one.claude.refused > 500

    simulate(scene(paced=True))
    simulate(scene(paced=False))


def test_who_is_refused_is_told_when_the_limit_comes_back() -> None:
    async def scene() -> None:
        one = Scene(Claude(False, {Kind.REQUESTS: 10}))
        for _ in range(11):
            await one.call(A, Priority.INTERACTIVE, CALL)
        _, refused = one.refused[0]
        await asyncio.sleep(refused.retry_after)
        await one.call(A, Priority.INTERACTIVE, CALL)
        assert (one.claude.answered, one.claude.refused, len(one.refused)) == (11, 0, 1)

    simulate(scene())


def test_bulk_waits_where_interactive_is_refused_and_lets_it_pass() -> None:
    async def scene() -> None:
        one = Scene(Claude(True, {Kind.REQUESTS: 120}))
        await asyncio.gather(
            one.offer(A, 10, 60, Priority.BULK),
            one.offer(B, 1, 120, Priority.INTERACTIVE),
        )
        assert one.claude.refused == 0
        assert one.answered[B, Priority.INTERACTIVE] >= 0.9 * 120
        assert one.answered[A, Priority.BULK] >= 0.9 * (120 + 2 * 120) - 120

    simulate(scene())


def test_a_small_tenant_beside_a_flood_waits_little_for_claude() -> None:
    async def scene() -> None:
        one = Scene(Claude(True, {Kind.REQUESTS: 600}))
        await asyncio.gather(
            one.offer(A, 100, 120, Priority.INTERACTIVE), one.offer(B, 1, 120, Priority.INTERACTIVE)
        )
        assert one.claude.refused == 0
        assert one.answered[B, Priority.INTERACTIVE] >= 0.97 * 120

    simulate(scene())


def test_a_call_larger_than_the_limit_goes_alone() -> None:
    async def scene() -> None:
        one = Scene(Claude(True, {Kind.OUTPUT: 1_000}))
        for _ in range(3):
            await one.call(A, Priority.BULK, Use(10, 900))
        assert (one.claude.answered, one.claude.refused) == (3, 0)

    simulate(scene())


def test_a_429_holds_back_all_calls_for_the_delay_that_it_names() -> None:
    async def scene() -> None:
        pace = Pace(NoBoard(), clock=now, today=today)
        going = await pace.enter(MODEL, A, Priority.BULK, CALL, 100)
        pace.hear(going, {}, retry_after=7)
        pace.leave(going, None)
        with pytest.raises(RefusedError) as refused:
            await pace.enter(MODEL, A, Priority.INTERACTIVE, CALL, now() + 2)
        assert refused.value.retry_after == pytest.approx(7)
        await pace.enter("claude-opus-5-5", A, Priority.INTERACTIVE, CALL, now() + 2)
        assert now() == 0
        await pace.enter(MODEL, A, Priority.BULK, CALL, now() + 20)
        assert now() == pytest.approx(7)

    simulate(scene())


def test_a_storm_of_cancels_leaves_nothing_under_way() -> None:
    async def scene() -> None:
        one = Scene(Claude(False, {Kind.REQUESTS: 5}))
        for _ in range(5):
            await one.call(A, Priority.BULK, CALL)
        tasks = [asyncio.create_task(one.call(A, Priority.BULK, CALL)) for _ in range(500)]
        await asyncio.sleep(1)
        # Some in the moment in which they are let go.
        reset = one.pace._models[MODEL].known.supplies[Kind.REQUESTS].resets_at
        asyncio.get_running_loop().call_at(reset, lambda: [task.cancel() for task in tasks])
        await asyncio.gather(*tasks, return_exceptions=True)
        state = one.pace._models[MODEL]
        assert state.queue.waiting == 0
        assert state.known.under_way.requests == pytest.approx(0)
        assert state.known.under_way.input == pytest.approx(0)
        assert (state.waiting.requests, state.waiting.input) == (0, 0)

    simulate(scene())


def test_what_cannot_be_read_is_no_limit() -> None:
    prefix = "anthropic-ratelimit-requests-"
    good = {f"{prefix}limit": "50", f"{prefix}remaining": "7", f"{prefix}reset": "2026-11-23T12:00:30Z"}
    at = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
    assert levels(good, at) == {Kind.REQUESTS: Level(50, 7, 31.0)}
    precise = good | {f"{prefix}reset": "2026-11-23T14:00:30.500+02:00"}
    assert levels(precise, at) == {Kind.REQUESTS: Level(50, 7, 30.5)}
    for broken in ({"limit": "0"}, {"limit": "many"}, {"remaining": "-1"}, {"reset": "soon"}):
        assert levels(good | {prefix + name: value for name, value in broken.items()}, at) == {}
    assert levels(good, at - 3_600) == {}
    assert levels({}, at) == {}


def test_a_limit_is_not_taken_to_flow_because_a_new_window_began() -> None:
    supply = Supply(100, 100, 0.0, 0.0)
    for at in range(0, 240, 7):
        supply.hear(Level(100, max(0, 100 - at % 60 * 2), 60.9 - at % 60), float(at))
        assert not supply.flows


@pytest.fixture
def pacing(valkey_url: str) -> Callable[[], Pace]:
    return lambda: Pace(SharedBoard(Valkey(SecretStr(valkey_url))))


def told(remaining: int) -> dict[str, str]:
    reset = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    prefix = "anthropic-ratelimit-requests-"
    return {f"{prefix}limit": "50", f"{prefix}remaining": str(remaining), f"{prefix}reset": reset}


async def exchanged(pace: Pace) -> None:
    """Leaves word now; it is left a few times a second by itself."""
    for model, state in pace._models.items():
        await pace._exchanged(model, state)


async def enters(pace: Pace, model: str) -> bool:
    until = asyncio.get_running_loop().time() + 2
    try:
        pace.leave(await pace.enter(model, A, Priority.INTERACTIVE, CALL, until), None)
    except RefusedError:
        return False
    return True


async def test_replicas_tell_each_other_what_claude_said_and_what_is_under_way(
    pacing: Callable[[], Pace],
) -> None:
    one, other, model = pacing(), pacing(), uuid4().hex
    until = asyncio.get_running_loop().time() + 2
    going = await one.enter(model, A, Priority.INTERACTIVE, CALL, until)
    one.hear(going, told(remaining=3))
    one.leave(going, CALL)
    await exchanged(one)
    assert await enters(other, model)
    await exchanged(other)
    assert other._models[model].known.supplies[Kind.REQUESTS].remaining == 3

    for _ in range(3):
        await one.enter(model, A, Priority.INTERACTIVE, CALL, until)
    await exchanged(one)
    assert await enters(other, model)
    await exchanged(other)
    assert not await enters(other, model)
    await one.close()
    await other.close()


async def test_a_replica_without_valkey_goes_by_what_it_hears(caplog: pytest.LogCaptureFixture) -> None:
    pace = Pace(SharedBoard(Valkey(SecretStr("redis://127.0.0.1:1/0"))))
    until = asyncio.get_running_loop().time() + 2
    going = await pace.enter(MODEL, A, Priority.INTERACTIVE, CALL, until)
    pace.hear(going, told(remaining=0))
    pace.leave(going, CALL)
    await asyncio.gather(*pace._exchanges)
    assert not await enters(pace, MODEL)
    assert sum("Valkey is away" in record.message for record in caplog.records) == 1
    await pace.close()


async def test_the_headers_of_the_simulator_are_understood(claude: SimulatorControl) -> None:
    body = {"model": MODEL, "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]}
    sent = {"authorization": "Bearer not-a-key", "anthropic-version": "2026-10-21"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{claude.url}/v1/messages", json=body, headers=sent) as answer,
    ):
        assert answer.status == 200, await answer.text()
        found = levels(rate_limits(answer.headers), time.time())
    assert set(found) == set(Kind)
    assert all(0 < level.remaining <= level.limit for level in found.values())
    assert all(0 <= level.resets_in <= 61 for level in found.values())
