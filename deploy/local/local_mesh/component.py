"""What a mesh is made of: processes that stay, steps that run once, and what each waits for."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Probe = Callable[[], Awaitable[bool]]
"""Asks once whether the component serves. False and an OSError both mean: not yet."""


@dataclass(frozen=True, slots=True)
class Component:
    """A process that the supervisor keeps running."""

    name: str
    command: tuple[str, ...]
    ready: Probe
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    depends_on: tuple[str, ...] = ()
    colour: str = "white"
    hint: str = ""
    """What a person should look at when it does not start."""
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0
    """Time between the stop signal and SIGKILL."""
    ready_seconds: float = 30.0
    """Time to become ready before the attempt counts as failed."""
    chatty: bool = False
    """Only its warnings go to the console; its log file has everything."""
    unremarkable: tuple[str, ...] = ()
    """Lines with one of these words are not for the console, whatever their level."""


@dataclass(frozen=True, slots=True)
class Step:
    """Work that is done once, at the start. Returns a few words on what it did; raises to stop the start."""

    name: str
    run: Callable[[], Awaitable[str]]
    depends_on: tuple[str, ...] = ()


Part = Component | Step


class StartFailedError(Exception):
    """A part of the mesh could not be brought up; the message says which, why and what to look at."""

    def __init__(self, part: str, reason: str, *, log: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason
        self.log = log
        self.hint = hint
