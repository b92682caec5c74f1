"""Toy components, and a supervisor of them on a directory of the test's own."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from rich.console import Console

from local_mesh.component import Component, Part
from local_mesh.guardian import Guardian
from local_mesh.logs import Screen
from local_mesh.state import StateDirectory, SupervisorLock
from local_mesh.supervisor import Supervisor

Supervise = Callable[..., AbstractAsyncContextManager[Supervisor]]


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    directory = StateDirectory(tmp_path / "state")
    directory.prepare()
    return directory


@pytest.fixture
def screen() -> Screen:
    return Screen(Console(file=io.StringIO(), width=200))


@pytest.fixture
def guardian(state: StateDirectory) -> Iterator[Guardian]:
    lock = SupervisorLock(state)
    lock.take()
    made = Guardian(lock.descriptor)
    yield made
    made.dismiss()
    lock.release()


@pytest.fixture
def supervise(state: StateDirectory, screen: Screen, guardian: Guardian) -> Supervise:
    @asynccontextmanager
    async def running(*parts: Part) -> AsyncIterator[Supervisor]:
        supervisor = Supervisor(parts, logs=state.logs, guardian=guardian, screen=screen)
        try:
            await supervisor.start()
            yield supervisor
        finally:
            await supervisor.stop()

    return running


def said(screen: Screen) -> str:
    """All that the screen has shown."""
    assert isinstance(screen.console.file, io.StringIO)
    return screen.console.file.getvalue()


def toy(
    name: str,
    program: str,
    *,
    needs: tuple[str, ...] = (),
    ready: Callable[[], Awaitable[bool]] | None = None,
    **rest: object,
) -> Component:
    """A component that runs a few lines of Python; ready at once unless told otherwise."""

    async def at_once() -> bool:
        return True

    return Component(
        name,
        (sys.executable, "-c", program),
        ready or at_once,
        env=dict(os.environ),
        depends_on=needs,
        **rest,  # type: ignore[arg-type]
    )


def touched(path: Path) -> Callable[[], Awaitable[bool]]:
    """Ready when the toy has written the file."""

    async def ask() -> bool:
        return await asyncio.to_thread(path.exists)

    return ask
