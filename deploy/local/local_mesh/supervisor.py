"""Starts parts in order of readiness, keeps the components among them alive, stops them in reverse."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from time import monotonic

from local_mesh.component import Component, Part, StartFailedError, Step
from local_mesh.graph import Dependencies, checked, reverse, run_in_order, with_needs
from local_mesh.guardian import Guardian
from local_mesh.keeper import Keeper
from local_mesh.logs import LogSink, Screen


class Supervisor:
    """Knows nothing of what its parts do."""

    def __init__(
        self,
        parts: Collection[Part],
        *,
        logs: Path,
        guardian: Guardian,
        screen: Screen,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called after each change of a component's state."""
        self._parts = {part.name: part for part in parts}
        self._needs: Dependencies = checked({part.name: part.depends_on for part in parts})
        self._screen = screen
        self._sinks: dict[str, LogSink] = {}
        self.keepers: dict[str, Keeper] = {}
        for part in parts:
            if isinstance(part, Component):
                sink = self._sinks[part.name] = LogSink(part, logs, screen)
                self.keepers[part.name] = Keeper(part, guardian, sink, screen, changed)

    async def start(self, only: Collection[str] | None = None) -> None:
        """Everything, or `only` some parts with all that they need. Raises StartFailedError."""
        names = with_needs(tuple(only), self._needs) if only is not None else set(self._needs)
        await run_in_order({name: self._needs[name] for name in self._needs if name in names}, self._begin)
        for name, keeper in self.keepers.items():
            if name in names:  # one that began and ended while others began is not ready
                await keeper.wait_ready()

    async def stop(self) -> None:
        """What depends on others goes first. Afterwards no process is left."""
        await run_in_order(reverse(self._needs), self._end)
        for sink in self._sinks.values():
            sink.close()

    def keeper(self, name: str) -> Keeper:
        """Raises KeyError for a name that is no component."""
        return self.keepers[name]

    @property
    def pids(self) -> dict[str, int]:
        return {name: keeper.pid for name, keeper in self.keepers.items() if keeper.pid is not None}

    async def _begin(self, name: str) -> None:
        began, part = monotonic(), self._parts[name]
        if isinstance(part, Step):
            note = await _run_step(part)
        else:
            keeper = self.keepers[name]
            await keeper.start()
            note = "ready"
        self._screen.say(f"{name:<19}{note:<28}{monotonic() - began:5.2f} s", "dim")

    async def _end(self, name: str) -> None:
        if name in self.keepers:
            await self.keepers[name].stop()


async def _run_step(step: Step) -> str:
    """Whatever stops a step is told as the reason of the start's failure."""
    try:
        return await step.run()
    except Exception as error:
        raise StartFailedError(step.name, str(error) or type(error).__name__) from error
