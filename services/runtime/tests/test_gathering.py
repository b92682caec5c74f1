"""Gathered work: who shares a run, and that nobody suffers for another."""

import asyncio
from collections.abc import Sequence

import pytest

from service_runtime.errors import DomainError, unavailable
from service_runtime.gathering import Gathered


class Doubling:
    """Doubles numbers when it is let, and keeps what it was given together."""

    def __init__(self) -> None:
        self.runs: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.runs.append(list(numbers))
        await self.open.wait()
        if 13 in numbers:
            raise ValueError("unlucky")
        if 404 in numbers:
            raise unavailable("postgresql")
        return [2 * number for number in numbers]


async def test_what_comes_at_once_is_run_at_once() -> None:
    doubling = Doubling()
    gathered = Gathered(doubling, most=100)
    assert await asyncio.gather(*map(gathered.do, range(5))) == [0, 2, 4, 6, 8]
    assert doubling.runs == [[0, 1, 2, 3, 4]]


async def test_what_comes_during_a_run_shares_the_next() -> None:
    doubling = Doubling()
    gathered = Gathered(doubling, most=3)
    doubling.open.clear()
    first = asyncio.create_task(gathered.do(1))
    while not doubling.runs:  # noqa: ASYNC110 one turn of the loop
        await asyncio.sleep(0)
    rest = [asyncio.create_task(gathered.do(number)) for number in range(2, 7)]
    await asyncio.sleep(0)
    doubling.open.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 8, 10, 12]
    assert doubling.runs == [[1], [2, 3, 4], [5, 6]]


async def test_the_fault_of_one_is_not_the_others() -> None:
    gathered = Gathered(Doubling(), most=100)
    outcomes = await asyncio.gather(*map(gathered.do, (1, 13, 3)), return_exceptions=True)
    assert (outcomes[0], outcomes[2]) == (2, 6)
    assert isinstance(outcomes[1], ValueError)


async def test_what_is_away_is_away_for_all_and_tried_once() -> None:
    doubling = Doubling()
    gathered = Gathered(doubling, most=100)
    outcomes = await asyncio.gather(*map(gathered.do, (1, 404, 3)), return_exceptions=True)
    assert all(isinstance(outcome, DomainError) for outcome in outcomes)
    assert doubling.runs == [[1, 404, 3]]
    assert await gathered.do(5) == 10


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    doubling = Doubling()
    gathered = Gathered(doubling, most=100)
    doubling.open.clear()
    asked = [asyncio.create_task(gathered.do(number)) for number in range(3)]
    while not doubling.runs:  # noqa: ASYNC110 one turn of the loop
        await asyncio.sleep(0)
    waiting = asyncio.create_task(gathered.do(7))
    await asyncio.sleep(0)
    asked[1].cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    doubling.open.set()
    assert await asyncio.gather(asked[0], asked[2]) == [0, 4]
    assert doubling.runs == [[0, 1, 2]]
    assert await gathered.do(9) == 18
