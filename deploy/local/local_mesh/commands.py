"""What `python -m local_mesh` can do."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine
from time import monotonic, sleep

import psutil
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from local_mesh.component import StartFailedError
from local_mesh.info import MeshInfo, read_info
from local_mesh.log_lines import parse_line
from local_mesh.logs import Screen, render_line
from local_mesh.mesh import Mesh
from local_mesh.state import StateDirectory, StateTakenError, holder, is_alive, is_held, wait_until_free
from local_mesh.traces import read_trace
from local_mesh.waterfall import render_waterfall

INTERRUPTED = 130
_STOP_SECONDS = 30.0


def serve(work: Coroutine[None, None, int], console: Console) -> int:
    """Runs `work`; a signal cancels it once, so that what it holds is closed in order."""
    with asyncio.Runner() as runner:
        return runner.run(_until_signalled(work, console))


async def _until_signalled(work: Coroutine[None, None, int], console: Console) -> int:
    task, loop = asyncio.create_task(work), asyncio.get_running_loop()

    def stop() -> None:
        if not task.cancelling():
            console.print("stopping …", style="dim")
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return INTERRUPTED
    except StartFailedError as failure:
        console.print(explain(failure))
    except StateTakenError as taken:
        console.print(str(taken), style="red", soft_wrap=True)
    return 1


def explain(failure: StartFailedError) -> Panel:
    """Which part did not start, its last words, and what to look at."""
    text = Text(failure.reason + "\n", "bold")
    for line in failure.log:
        text.append(line + "\n", "dim")
    if failure.hint:
        text.append(f"hint: {failure.hint}", "yellow")
    return Panel(text, title=f"{failure.part} did not start", border_style="red", title_align="left")


async def up(state: StateDirectory, console: Console, announce: int | None = None) -> int:
    """Serves until it is told to stop. `announce` is a pipe on which the outcome of the start is told."""
    try:
        async with Mesh(state.root, screen=Screen(console)) as mesh:
            if announce is None:
                console.print(summary(mesh.info))
            _announce(announce, "")
            await asyncio.Event().wait()
    except (StartFailedError, StateTakenError) as failure:
        _announce(announce, str(failure))
        raise
    return 0


def _announce(pipe: int | None, failure: str) -> None:
    if pipe is not None:
        os.write(pipe, (failure or "ready").encode())
        os.close(pipe)


def up_detached(state: StateDirectory, console: Console) -> int:
    """Starts a supervisor of its own session; returns when the mesh is ready, or could not be started."""
    state.prepare()
    began = monotonic()
    reader, writer = os.pipe()
    with (state.logs / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "local_mesh", "--state", str(state.root), "up", "--announce", str(writer)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, pass_fds=(writer,),
        )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        outcome = pipe.read()
    info = read_info(state.mesh_file)
    if outcome != "ready" or info is None:
        console.print(outcome or "the supervisor ended before it was ready", style="red", soft_wrap=True)
        console.print(f"its log: {state.logs / 'supervisor.log'}", soft_wrap=True)
        return 1
    console.print(summary(info))
    console.print(f"ready in {monotonic() - began:.1f} s", style="bold green")
    return 0


def down(state: StateDirectory, console: Console) -> int:
    """Stops the supervisor of this state and waits until everything of it is gone."""
    supervisor = holder(state.lock_file)
    if supervisor is None or not is_held(state.lock_file):
        console.print("no mesh runs here")
        return 0
    if is_alive(supervisor):
        os.kill(supervisor, signal.SIGTERM)
    if not wait_until_free(state.lock_file, _STOP_SECONDS):
        console.print(f"supervisor {supervisor} has not stopped within {_STOP_SECONDS:.0f} s", style="red")
        return 1
    console.print("stopped")
    return 0


def status(state: StateDirectory, console: Console) -> int:
    """What runs; exit status 0 when the mesh is ready, else 3, as service managers have it."""
    info = read_info(state.mesh_file)
    if info is None or info.state != "ready" or not is_held(state.lock_file):
        console.print("no mesh runs here")
        return 3
    table = Table("component", "process", "memory", "port", box=None, header_style="dim")
    for name, pid in info.pids.items():
        table.add_row(name, str(pid), _memory(pid), str(info.ports.get(name, "")))
    console.print(table, summary(info))
    return 0


def _memory(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).memory_info().rss / 2**20:.0f} MB"
    except psutil.NoSuchProcess:
        return "gone"


def show_log(state: StateDirectory, name: str, console: Console, *, lines: int, follow: bool) -> int:
    """The last lines of one component, readable; with `follow`, the coming ones too."""
    path = state.logs / f"{name}.log"
    if not path.exists():
        known = ", ".join(sorted(found.stem for found in state.logs.glob("*.log"))) or "none"
        console.print(f"no log of {name}; there is: {known}", style="red")
        return 1
    with path.open(encoding="utf-8") as file:
        for line in file.readlines()[-lines:]:
            console.print(render_line(name, "white", parse_line(line.rstrip("\n"))), soft_wrap=True)
        while follow:
            if line := file.readline():
                console.print(render_line(name, "white", parse_line(line.rstrip("\n"))), soft_wrap=True)
            else:
                sleep(0.2)
    return 0


def show_trace(state: StateDirectory, trace_id: str, console: Console) -> int:
    """The waterfall of one trace."""
    spans = read_trace(state.traces_file, trace_id)
    if not spans:
        console.print(f"no span of trace {trace_id}", style="red")
        return 1
    console.print(render_waterfall(spans, width=min(console.width, 120)))
    return 0


def summary(info: MeshInfo) -> Panel:
    """Where to go and how to sign in."""
    grid = Table.grid(padding=(0, 2))
    for name, value in (
        ("REST", info.rest),
        ("API reference", info.urls["docs"]),
        ("OpenAPI", info.urls["openapi"]),
        ("sign in", info.urls["pages"]),
        ("mail", info.urls["mail"]),
        ("login", f"{info.login.email}  {info.login.password}"),
        ("Claude", f"simulated at {info.simulator}" if info.simulated else "api.anthropic.com"),
    ):
        grid.add_row(Text(name, "dim"), Text(value, "bold" if name == "REST" else ""))
    return Panel(grid, title="the mesh is ready", border_style="green", title_align="left", expand=False)
