"""Runs work in the order of its dependencies, everything at once that can be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from graphlib import TopologicalSorter

Dependencies = Mapping[str, tuple[str, ...]]


def checked(dependencies: Dependencies) -> Dependencies:
    """The same graph. Raises ValueError for an unknown name, graphlib.CycleError for a cycle."""
    for name, needs in dependencies.items():
        for need in needs:
            if need not in dependencies:
                raise ValueError(f"{name} depends on {need}, which is not part of the mesh")
    TopologicalSorter(dependencies).prepare()
    return dependencies


def reverse(dependencies: Dependencies) -> dict[str, tuple[str, ...]]:
    """The graph in which each name waits for those that needed it."""
    return {
        name: tuple(other for other, needs in dependencies.items() if name in needs) for name in dependencies
    }


def with_needs(names: tuple[str, ...], dependencies: Dependencies) -> set[str]:
    """The names and all that they need, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(dependencies[name])
    return found


async def run_in_order(dependencies: Dependencies, act: Callable[[str], Awaitable[None]]) -> None:
    """Calls `act` for each name when it has ended for all that the name needs.

    The first failure cancels the rest and is raised itself, not as a group.
    """
    done = {name: asyncio.Event() for name in checked(dependencies)}

    async def one(name: str) -> None:
        for need in dependencies[name]:
            await done[need].wait()
        await act(name)
        done[name].set()

    try:
        async with asyncio.TaskGroup() as group:
            for name in dependencies:
                group.create_task(one(name), name=f"mesh:{name}")
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
