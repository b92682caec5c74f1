"""Bounds this process before a parser sees a byte: memory, CPU, files; and ties its life to its parent."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

from contracts_service.extraction.limits import Limits

_PR_SET_PDEATHSIG = 1  # prctl(2)


def confine(limits: Limits) -> None:
    """Set hard limits that this process cannot lift again; more CPU than allowed ends it by SIGXCPU."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    _limit(resource.RLIMIT_AS, limits.memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


def forbid_writing_files() -> None:
    """No byte goes to a file any more; called once the code is loaded, whose byte code may be cached."""
    _limit(resource.RLIMIT_FSIZE, 0)


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def die_with_parent(parent: int) -> None:
    """On Linux the kernel ends this process when `parent`, its starter, ends, even by `kill -9`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before the call
            os.kill(os.getpid(), signal.SIGKILL)
