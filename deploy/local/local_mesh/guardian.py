"""Ends the processes of a supervisor that was killed. Runs beside it, in a session of its own.

The supervisor tells it of each process group through a pipe. When the pipe closes, whatever the cause, the
groups that are left get their stop signal and, soon after, SIGKILL. Linux could tie a child to its parent
(PR_SET_PDEATHSIG), yet neither grandchildren nor macOS would be covered by that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE_SECONDS = 4.0


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self, lock_descriptor: int) -> None:
        # -I -S: only the standard library is needed, and its start takes 15 ms.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__)), str(lock_descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock_descriptor,),
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, group: int, stop_signal: signal.Signals) -> None:
        self._tell(f"watch {group} {stop_signal.value}\n")

    def forget(self, group: int) -> None:
        self._tell(f"forget {group} 0\n")

    def dismiss(self) -> None:
        """Closes the pipe and waits until the guardian has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(line.encode("ascii"))


def guard() -> None:
    """The guardian's life: reads until the pipe closes, then clears up."""
    groups: dict[int, int] = {}
    for line in sys.stdin:
        verb, group, stop_signal = line.split()
        if verb == "watch":
            groups[int(group)] = int(stop_signal)
        else:
            groups.pop(int(group), None)
    clear_up(groups)


def clear_up(groups: dict[int, int]) -> None:
    """Stops every group: its own signal first, SIGKILL after GRACE_SECONDS."""
    for group, stop_signal in groups.items():
        signal_group(group, stop_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(signal_group(group, 0) for group in groups):
        time.sleep(0.02)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: int) -> bool:
    """Whether the group still had a process to signal."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    guard()
