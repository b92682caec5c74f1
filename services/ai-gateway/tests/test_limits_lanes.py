"""Turns in one process, on a loop whose time is its timers': who is let in, when, and who is refused."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_gateway.limits.fair_queue import FairQueue, Waiter
from ai_gateway.limits.lanes import Lanes
from ai_gateway.limits.refused import Limit, Priority, RefusedError

A, B, C = (UUID(int=number) for number in (1, 2, 3))
FOREVER = float("inf")


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


@dataclass
class Scene:
    """Calls of known length that go through the lanes, and what became of them."""

    capacity: int
    length: float = 0.1
    most_waiting: int = 5_000
    patience: float = 2.0
    bulk_share: float = 0.1
    weights: dict[UUID, float] = field(default_factory=dict)
    began: list[tuple[float, UUID, Priority, int]] = field(default_factory=list)
    refused: list[tuple[float, RefusedError]] = field(default_factory=list)  # after how long
    ended: Counter[UUID] = field(default_factory=Counter)
    asked: Counter[UUID] = field(default_factory=Counter)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    lanes: Lanes = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(
            self.capacity, self.most_waiting, self.bulk_share, self.weights, asyncio.get_running_loop().time
        )

    async def call(
        self, org: UUID, priority: Priority = Priority.INTERACTIVE, length: float | None = None
    ) -> None:
        self.asked[org] += 1
        number, asked_at = self.asked[org], now()
        try:
            entered = await self.lanes.enter(org, priority, asked_at + self.patience)
        except RefusedError as refused:
            self.refused.append((now() - asked_at, refused))
            return
        assert self.lanes.active <= self.capacity
        self.began.append((now(), org, priority, number))
        try:
            await asyncio.sleep(self.length if length is None else length)
        finally:
            self.lanes.leave(entered)
            assert self.lanes.active == self.capacity or not self.lanes.waiting, (
                "a slot is free, and one waits"
            )
        self.ended[org] += 1

    def start(
        self, org: UUID, priority: Priority = Priority.INTERACTIVE, length: float | None = None
    ) -> None:
        self.tasks.append(asyncio.create_task(self.call(org, priority, length)))

    async def offer(
        self, org: UUID, a_second: float, seconds: float, priority: Priority = Priority.INTERACTIVE
    ) -> None:
        """An open load: calls come whether or not there are answers."""
        for _ in range(round(a_second * seconds)):
            self.start(org, priority)
            await asyncio.sleep(1 / a_second)

    async def all_ended(self) -> None:
        await asyncio.gather(*self.tasks)
        assert (self.lanes.active, self.lanes.waiting) == (0, 0)


def test_without_others_a_call_enters_without_waiting() -> None:
    async def scene() -> None:
        lanes = Lanes(2, clock=now)
        for _ in range(2):
            with pytest.raises(StopIteration):
                lanes.enter(A, Priority.INTERACTIVE, FOREVER).send(None)
        third = asyncio.create_task(lanes.enter(A, Priority.INTERACTIVE, 1.0))
        await asyncio.sleep(0)
        assert (lanes.active, lanes.waiting) == (2, 1)
        lanes.leave(0.0)
        await third
        assert (lanes.active, lanes.waiting) == (2, 0)

    simulate(scene())


def test_at_four_times_the_load_goodput_stays_and_refusals_come_at_once() -> None:
    async def scene() -> None:
        one = Scene(capacity=20)
        await one.offer(A, a_second=800, seconds=20)
        in_time = sum(one.ended.values())
        await one.all_ended()
        assert in_time >= 0.95 * 20 / one.length * 20
        assert len(one.refused) > 0.6 * 16_000
        waits = sorted(waited for waited, _ in one.refused)
        assert waits[round(len(waits) * 0.99)] <= 0.005
        assert all(refused.limit is Limit.OVERLOADED for _, refused in one.refused)
        # Told is when the queue of that moment will have been served: about the patience, not an hour.
        assert all(0.1 <= refused.retry_after <= 4 for _, refused in one.refused)

    simulate(scene())


def test_without_a_bound_of_time_the_same_load_gives_answers_that_come_too_late() -> None:
    async def scene() -> None:
        one = Scene(capacity=20, patience=FOREVER, most_waiting=10**9)
        await one.offer(A, a_second=800, seconds=10)
        assert not one.refused
        asked_at = now()
        await one.call(B)
        await one.call(A)
        assert now() - asked_at > 20
        for task in one.tasks:
            task.cancel()
        await asyncio.gather(*one.tasks, return_exceptions=True)
        assert (one.lanes.active, one.lanes.waiting) == (0, 0)

    simulate(scene())


def test_a_small_tenant_beside_one_that_offers_a_hundred_times_as_much_gets_all_it_asks_for() -> None:
    async def scene() -> None:
        one = Scene(capacity=10)  # serves 100 a second
        flood = asyncio.create_task(one.offer(A, a_second=1_000, seconds=5))
        await one.offer(B, a_second=10, seconds=5)
        await flood
        await one.all_ended()
        assert one.ended[B] == one.asked[B] == 50
        waited = [at - (number - 1) / 10 for at, org, _, number in one.began if org == B]
        assert max(waited) < 0.2
        # And what it leaves is not wasted.
        assert one.ended[A] + one.ended[B] >= 0.95 * 500

    simulate(scene())


def test_who_ask_more_than_there_is_get_equal_shares_or_by_their_weight() -> None:
    async def scene(weights: dict[UUID, float], share: float) -> None:
        one = Scene(capacity=10, weights=weights)
        await asyncio.gather(one.offer(A, 500, 8), one.offer(B, 200, 8))
        ended = Counter(one.ended)
        await one.all_ended()
        assert ended[A] / ended.total() == pytest.approx(share, abs=0.05)

    simulate(scene({}, 0.5))
    simulate(scene({B: 3.0}, 0.25))


def test_bulk_yields_to_interactive_and_never_starves() -> None:
    async def scene() -> None:
        one = Scene(capacity=10, patience=30)
        await asyncio.gather(one.offer(A, 400, 10, Priority.BULK), one.offer(A, 90, 10))
        lanes = Counter(priority for at, _, priority, _ in one.began if 2 <= at < 10)
        # 100 a second are served: 90 interactive ask for, and bulk has the rest.
        assert lanes[Priority.INTERACTIVE] >= 0.95 * 90 * 8
        assert lanes[Priority.BULK] >= 0.9 * 10 * 8
        for task in one.tasks:
            task.cancel()
        await asyncio.gather(*one.tasks, return_exceptions=True)

    async def crowded() -> None:
        one = Scene(capacity=10, patience=3)
        await asyncio.gather(one.offer(A, 20, 10, Priority.BULK), one.offer(B, 500, 10))
        lanes = Counter(priority for at, _, priority, _ in one.began if at >= 2)
        assert lanes[Priority.BULK] / lanes.total() == pytest.approx(0.1, abs=0.02)
        await one.all_ended()

    simulate(scene())
    simulate(crowded())


def test_the_queue_ends_also_when_nothing_is_known_of_the_service() -> None:
    async def scene() -> None:
        one = Scene(capacity=1, length=100.0, most_waiting=100, patience=1)
        for _ in range(3_000):
            one.start(A)
        await asyncio.sleep(0)
        assert one.lanes.waiting == 50
        one.start(B)
        await asyncio.sleep(0)
        assert one.lanes.waiting == 51
        await one.all_ended()

    simulate(scene())


def test_when_nothing_moves_callers_are_refused_without_waiting() -> None:
    async def scene() -> None:
        one = Scene(capacity=5, length=0.1)
        await asyncio.gather(*(one.call(A) for _ in range(5)))
        for _ in range(5):
            one.start(A, length=60)
        await asyncio.sleep(30)
        began = now()
        await one.call(B)
        assert one.refused[-1][0] == 0
        assert now() == began
        await one.all_ended()

    simulate(scene())


def test_an_hour_of_quiet_does_not_count_as_a_standstill() -> None:
    async def scene() -> None:
        one = Scene(capacity=5)
        await one.call(A)
        await asyncio.sleep(3_600)
        await asyncio.gather(*(one.call(A) for _ in range(20)))
        assert one.ended[A] == 21

    simulate(scene())


@dataclass(frozen=True)
class Planned:
    at: int
    org: UUID
    priority: Priority
    length: int
    cancelled_after: int | None


plans = st.lists(
    st.builds(
        Planned,
        st.integers(0, 20),
        st.sampled_from([A, B, C]),
        st.sampled_from(Priority),
        st.integers(0, 5),
        st.none() | st.integers(0, 10),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(plans, st.integers(1, 4))
def test_no_slot_is_idle_while_one_waits_none_starves_and_each_keeps_its_order(
    planned: list[Planned], capacity: int
) -> None:
    async def scene() -> None:
        one = Scene(capacity, patience=FOREVER)

        async def played(plan: Planned) -> None:
            await asyncio.sleep(plan.at)
            task = asyncio.create_task(one.call(plan.org, plan.priority, plan.length))
            if plan.cancelled_after is not None:
                asyncio.get_running_loop().call_later(plan.cancelled_after, task.cancel)
            with contextlib.suppress(asyncio.CancelledError):
                await task

        # In which order calls come at the same time is the loop's; they are numbered as they come.
        await asyncio.gather(*map(played, planned))
        assert (one.lanes.active, one.lanes.waiting) == (0, 0)
        assert not one.refused
        assert one.ended.total() >= sum(plan.cancelled_after is None for plan in planned)
        for org in (A, B, C):
            for priority in Priority:
                numbers = [number for _, who, lane, number in one.began if (who, lane) == (org, priority)]
                assert numbers == sorted(numbers)

    simulate(scene())


def test_a_storm_of_cancels_leaves_no_trace_and_no_slot_is_lost() -> None:
    async def scene() -> None:
        one = Scene(capacity=3, patience=FOREVER, length=1)
        for number in range(3_000):
            one.start((A, B, C)[number % 3])
        await asyncio.sleep(0.5)
        # Cancelled in the very moment in which some have their turn: the first three end at 1.
        asyncio.get_running_loop().call_at(1.0, lambda: [task.cancel() for task in one.tasks[3:2_900]])
        await asyncio.sleep(1)
        assert one.lanes.waiting <= 100
        await asyncio.gather(*one.tasks, return_exceptions=True)
        assert one.ended.total() >= 100
        assert (one.lanes.active, one.lanes.waiting) == (0, 0)
        lane = one.lanes._queue._lanes[Priority.INTERACTIVE]
        assert not lane._flows
        assert not lane._heap

    simulate(scene())


def test_turns_are_fair_in_what_calls_cost_not_in_their_number() -> None:
    queue: FairQueue[Waiter] = FairQueue()
    loop = asyncio.new_event_loop()
    for _ in range(400):
        queue.push(Waiter(A, Priority.INTERACTIVE, 100.0, loop.create_future()))
        queue.push(Waiter(B, Priority.INTERACTIVE, 10.0, loop.create_future()))
    served: Counter[UUID] = Counter()
    for _ in range(220):
        waiter = queue.pop()
        assert waiter is not None
        served[waiter.org_id] += 1
    assert served == {A: 20, B: 200}
    loop.close()


def test_what_is_remembered_of_past_turns_does_not_grow() -> None:
    queue: FairQueue[Waiter] = FairQueue()
    loop = asyncio.new_event_loop()
    queue.push(Waiter(UUID(int=0), Priority.BULK, 1.0, loop.create_future()))
    for number in range(1, 5_000):
        queue.push(Waiter(UUID(int=number), Priority.BULK, 1.0, loop.create_future()))
        queue.pop()
    assert len(queue._lanes[Priority.BULK]._flows) < 1_100
    loop.close()
