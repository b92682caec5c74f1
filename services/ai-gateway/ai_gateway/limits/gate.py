"""Lets a call out to Claude: within its organization's limits, at Claude's pace, in its turn, or not now."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self
from uuid import UUID

from ai_gateway.limits.lanes import Lanes
from ai_gateway.limits.orgs import OrgLimits
from ai_gateway.limits.pace import Going, Pace
from ai_gateway.limits.refused import Priority, Use

# Seconds that a call waits at most for its turn.
PATIENCE: Mapping[Priority, float] = MappingProxyType({Priority.INTERACTIVE: 2.0, Priority.BULK: 20.0})


@dataclass(slots=True, eq=False)
class Permit:
    """Of one request to Claude. `leave` it, or use it as a context, whatever happens.

    What was never settled stays charged as it was estimated.
    """

    _gate: "Gate"
    _org_id: UUID
    _taken: int
    _going: Going
    _entered: float
    _used: Use | None = field(default=None, init=False)
    _left: bool = field(default=False, init=False)

    def hear(self, headers: Mapping[str, str], retry_after: float | None = None) -> None:
        """As soon as the head of an answer has come, or a refusal: its `anthropic-ratelimit-*` headers.

        `retry_after` in seconds, of a 429 alone.
        """
        self._gate.pace.hear(self._going, headers, retry_after)

    def settle(self, used: Use) -> None:
        """What was used in the end, nothing where Claude did not answer. The first word counts."""
        if self._used is None:
            self._used = used
            self._gate.orgs.settle(self._org_id, self._taken, used.total)

    def leave(self) -> None:
        """The request has ended. Safe to call again."""
        if not self._left:
            self._left = True
            self._gate.lanes.leave(self._entered)
            self._gate.pace.leave(self._going, self._used)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()


@dataclass(frozen=True, slots=True)
class Gate:
    """The three in their order: the cheapest refusal comes first, and no slot is held while Claude rests."""

    orgs: OrgLimits
    pace: Pace
    lanes: Lanes
    patience: Mapping[Priority, float] = field(default_factory=lambda: PATIENCE)
    clock: Callable[[], float] = time.monotonic

    async def admit(
        self, org_id: UUID, model: str, priority: Priority, estimate: Use, seconds_left: float
    ) -> Permit:
        """Waits for a turn, as long as there is time. Raises RefusedError; nothing is taken then.

        `estimate`: the prompt's tokens and the most that the answer may have.
        """
        until = self.clock() + min(seconds_left, self.patience[priority])
        # Looked at also before the limits, so that a flood costs no visits to them.
        self.lanes.check(org_id, priority, until)
        taken = await self.orgs.take(org_id, estimate.total)
        try:
            going = await self.pace.enter(model, org_id, priority, estimate, until)
            try:
                entered = await self.lanes.enter(org_id, priority, until)
            except BaseException:
                self.pace.leave(going, None)
                raise
        except BaseException:
            self.orgs.give_back(org_id, taken)
            raise
        return Permit(self, org_id, taken, going, entered)

    async def close(self) -> None:
        """Ends what runs behind it."""
        await self.orgs.close()
        await self.pace.close()
