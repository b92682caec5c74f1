"""The supervisor over toy components: order, restarts, a clean end, and failures that say why."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local_mesh.component import Component, StartFailedError, Step
from local_mesh.graph import run_in_order
from local_mesh.guardian import Guardian
from local_mesh.keeper import FIRST_DELAY, LONGEST_DELAY, KeeperState, backoff_seconds
from local_mesh.logs import Screen
from local_mesh.ports import PREFERRED, _claim, choose_ports
from local_mesh.process import RunningProcess
from local_mesh.state import StateDirectory, StateTakenError, SupervisorLock, is_alive, wait_until_free

from .conftest import Supervise, said, touched, toy

FOREVER = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()"


async def test_a_component_starts_when_what_it_needs_is_ready(supervise: Supervise, tmp_path: Path) -> None:
    mark = tmp_path / "first"
    slow = (
        f"import time, pathlib, signal; time.sleep(0.3); pathlib.Path({str(mark)!r}).touch(); signal.pause()"
    )
    second = (
        f"import pathlib, sys, signal; pathlib.Path({str(mark)!r}).exists() or sys.exit(1); signal.pause()"
    )
    seen: list[bool] = []

    async def look() -> str:
        seen.append(mark.exists())
        return "looked"

    first = toy("first", slow, ready=touched(mark))
    async with supervise(
        toy("second", second, needs=("look",)), Step("look", look, ("first",)), first
    ) as mesh:
        assert seen == [True]
        assert mesh.keeper("second").restarts == 0


async def test_independent_parts_start_at_once() -> None:
    both = asyncio.Barrier(2)

    async def act(name: str) -> None:
        if name in "ab":
            await both.wait()  # passes only when both are under way

    async with asyncio.timeout(5):
        await run_in_order({"a": (), "b": (), "c": ("a", "b")}, act)


async def test_a_killed_component_is_started_again(supervise: Supervise, screen: Screen) -> None:
    async with supervise(toy("worker", FOREVER)) as mesh:
        keeper = mesh.keeper("worker")
        before = keeper.pid
        keeper.kill(signal.SIGKILL)
        async with asyncio.timeout(10):
            await keeper.wait_ready()
        assert keeper.pid not in (None, before)
        assert keeper.restarts == 1
    assert "worker was ended by SIGKILL; starts again" in said(screen)
    assert "(restart 1)" in said(screen)


def test_the_pause_before_a_restart_doubles_up_to_ten_seconds() -> None:
    pauses = [backoff_seconds(failures, lambda _low, _high: 1.0) for failures in range(1, 9)]
    assert pauses[:4] == [FIRST_DELAY, 0.4, 0.8, 1.6]
    assert max(pauses) == LONGEST_DELAY
    jittered = {backoff_seconds(3) for _ in range(50)}
    assert len(jittered) > 1
    assert all(0.6 <= pause <= 1.0 for pause in jittered)


async def test_stopping_leaves_no_process(supervise: Supervise) -> None:
    with_child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]).wait()"
    async with supervise(
        toy("parent", with_child, grace_seconds=60),
        toy("stubborn", STUBBORN, needs=("parent",), grace_seconds=0.2),
    ) as mesh:
        family = [
            process
            for pid in mesh.pids.values()
            for process in (psutil.Process(pid), *await children_of(pid, wanted=mesh.pids["parent"] == pid))
        ]
        assert len(family) == 3
    await until(lambda: not [process for process in family if is_alive(process.pid)])


async def children_of(pid: int, *, wanted: bool) -> list[psutil.Process]:
    """Its children, as soon as there is one, where one is wanted."""
    if wanted:
        await until(lambda: bool(psutil.Process(pid).children()))
    return psutil.Process(pid).children()


async def until(held: Callable[[], bool]) -> None:
    """Nothing tells of these conditions: they are asked for, ten seconds at most."""
    async with asyncio.timeout(10):
        while not held():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_depends_on_others_stops_first(supervise: Supervise, tmp_path: Path) -> None:
    def leaving(name: str) -> str:
        note = f"open({str(tmp_path / 'order')!r}, 'a').write({name + ' '!r})"
        return (
            f"import signal, sys, pathlib\n"
            f"def leave(*_): {note}; sys.exit()\n"
            f"signal.signal(signal.SIGTERM, leave)\n"
            f"pathlib.Path({str(tmp_path / name)!r}).touch()\n"
            f"signal.pause()"
        )

    def part(name: str, *needs: str) -> Component:
        return toy(name, leaving(name), needs=needs, ready=touched(tmp_path / name))

    async with supervise(part("base"), part("middle", "base"), part("top", "middle")):
        pass
    assert (tmp_path / "order").read_text().split() == ["top", "middle", "base"]


async def test_a_component_that_exits_at_start_says_why(supervise: Supervise, screen: Screen) -> None:
    program = "print('DATABASE_URL is missing', flush=True); raise SystemExit(3)"
    part = toy("broken", program, hint="look at the settings", ready=never)
    with pytest.raises(StartFailedError) as failure:
        async with supervise(part):
            pass
    assert failure.value.part == "broken"
    assert failure.value.reason == "ended with status 3"
    assert "DATABASE_URL is missing" in failure.value.log
    assert failure.value.hint == "look at the settings"
    assert "it is given up" in said(screen)


async def test_one_that_serves_for_a_moment_only_has_not_started(supervise: Supervise) -> None:
    async with supervise(toy("flapping", "import time; time.sleep(0.2); raise SystemExit(1)")) as mesh:
        keeper = mesh.keeper("flapping")
        await until(lambda: keeper.state is KeeperState.FAILED)
        with pytest.raises(StartFailedError, match="flapping: ended with status 1"):
            await keeper.wait_ready()


async def test_a_failed_step_stops_the_start(supervise: Supervise) -> None:
    async def fail() -> str:
        raise ValueError("no disk")

    after = toy("after", FOREVER, needs=("step",))
    with pytest.raises(StartFailedError, match="step: no disk"):
        async with supervise(Step("step", fail), after):
            pass


async def never() -> bool:
    return False


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        port = choose_ports("preferred", ("gateway",), {"gateway": busy})["gateway"]
    assert port.wanted == busy
    assert port.number != busy


def test_random_ports_are_distinct() -> None:
    ports = choose_ports("random")
    assert len({port.number for port in ports.values()}) == len(PREFERRED)


def test_a_port_that_another_process_has_chosen_is_not_chosen() -> None:
    told = "from local_mesh import ports; print(ports._any_free(set()), flush=True)"
    command = [sys.executable, "-c", f"import sys; {told}; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        chosen = int(other.stdout.readline())
        assert not _claim(chosen)
    assert _claim(chosen)


def test_a_second_supervisor_is_refused(state: StateDirectory) -> None:
    first = SupervisorLock(state)
    first.take()
    with pytest.raises(StateTakenError, match="already runs"):
        SupervisorLock(state).take()
    first.release()
    second = SupervisorLock(state)
    second.take()
    second.release()


_SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from local_mesh.component import Component
from local_mesh.guardian import Guardian
from local_mesh.process import RunningProcess
from local_mesh.state import StateDirectory, SupervisorLock

async def main():
    lock = SupervisorLock(StateDirectory(Path(sys.argv[1])))
    lock.take()
    guardian = Guardian(lock.descriptor)
    stubborn = Component("child", (sys.executable, "-c", sys.argv[2]), None)
    process = await RunningProcess.spawn(stubborn, guardian, print)
    print(process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_supervisor_leaves_no_process(state: StateDirectory) -> None:
    program = [sys.executable, "-c", _SUPERVISOR, str(state.root), FOREVER]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environment) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert is_alive(child)
        supervisor.kill()
    # The guardian holds the lock until it has cleared up.
    assert wait_until_free(state.lock_file, 10)
    assert not is_alive(child)


async def test_without_a_guardian_the_child_would_stay(state: StateDirectory, guardian: Guardian) -> None:
    """Shows that the test above tests the guardian: a process that it was told to forget is left alone."""
    process = await RunningProcess.spawn(toy("child", FOREVER), guardian, lambda _line: None)
    guardian.forget(process.pid)
    guardian.dismiss()
    assert is_alive(process.pid)
    await process.stop()
    await process.wait()
