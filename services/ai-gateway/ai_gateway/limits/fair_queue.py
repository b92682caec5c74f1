"""Who is next: INTERACTIVE before BULK, organizations in fair turns, the calls of one in their order.

Start-time fair queuing (Goyal, Vin, Cheng 1996): each organization's next call has a tag, the smallest is
served, and what the call costs is added to the organization's tag. Unlike deficit round robin it has no
quantum to choose, and a call may cost one slot or a hundred thousand tokens.
"""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar
from uuid import UUID

from ai_gateway.limits.refused import Priority

_FEW_FLOWS = 1024


@dataclass(slots=True, eq=False)
class Waiter:
    """A call that waits for its turn; `ready` is done when it has come."""

    org_id: UUID
    priority: Priority
    cost: float
    ready: "asyncio.Future[None]"


_W = TypeVar("_W", bound=Waiter)


@dataclass(slots=True, eq=False)
class _Flow(Generic[_W]):
    """An organization's calls. `tag` is that of the first; `listed` while it stands in the heap."""

    tag: float
    waiters: "OrderedDict[_W, None]" = field(default_factory=OrderedDict)
    cost: float = 0.0
    listed: bool = False


class _Lane(Generic[_W]):
    """The calls of one priority."""

    def __init__(self, weights: Mapping[UUID, float]) -> None:
        self.waiting = 0
        self.cost = 0.0
        self._weights = weights
        self._flows: dict[UUID, _Flow[_W]] = {}
        self._heap: list[tuple[float, int, UUID, _Flow[_W]]] = []
        self._numbers = count()
        self._time = 0.0  # the tag of the call that was served last
        self._sweep_at = _FEW_FLOWS

    def push(self, waiter: _W) -> None:
        flow = self._flows.get(waiter.org_id)
        if flow is None:
            flow = self._flows[waiter.org_id] = _Flow(self._time)
        flow.waiters[waiter] = None
        self._count(flow, 1, waiter.cost)
        if not flow.listed:
            flow.tag = max(flow.tag, self._time)
            self._list(waiter.org_id, flow)
        if len(self._flows) > self._sweep_at:
            self._sweep()

    def head(self) -> _W | None:
        while self._heap:
            flow = self._heap[0][3]
            if flow.waiters:
                return next(iter(flow.waiters))
            heapq.heappop(self._heap)
            flow.listed = False
        return None

    def pop(self) -> _W | None:
        waiter = self.head()
        if waiter is None:
            return None
        flow = heapq.heappop(self._heap)[3]
        flow.listed = False
        del flow.waiters[waiter]
        self._time = flow.tag
        flow.tag += waiter.cost / self._weights.get(waiter.org_id, 1.0)
        if flow.waiters:
            self._list(waiter.org_id, flow)
        self._count(flow, -1, -waiter.cost)
        return waiter

    def discard(self, waiter: _W) -> bool:
        flow = self._flows.get(waiter.org_id)
        if flow is None or waiter not in flow.waiters:
            return False
        del flow.waiters[waiter]
        self._count(flow, -1, -waiter.cost)
        return True

    def own(self, org_id: UUID) -> int:
        flow = self._flows.get(org_id)
        return len(flow.waiters) if flow is not None else 0

    def before(self, org_id: UUID, cost: float) -> float:
        """What is served before a call that comes now, in cost: the others get as much each as its own."""
        flow = self._flows.get(org_id)
        own = flow.cost if flow is not None else 0.0
        others = len(self._heap) - (1 if flow is not None and flow.listed else 0)
        return min(self.cost, own + (own + cost) * others)

    def _count(self, flow: _Flow[_W], calls: int, cost: float) -> None:
        flow.cost += cost
        self.cost += cost
        self.waiting += calls
        if not self.waiting:
            # Nobody waits: nobody's past turns matter, and the sums shed their rounding.
            self._flows.clear()
            self._heap.clear()
            self._time = self.cost = 0.0
            self._sweep_at = _FEW_FLOWS

    def _list(self, org_id: UUID, flow: _Flow[_W]) -> None:
        flow.listed = True
        heapq.heappush(self._heap, (flow.tag, next(self._numbers), org_id, flow))

    def _sweep(self) -> None:
        """Who does not wait is forgotten, which gives away at most the turn that it has just had."""
        self._flows = {org_id: flow for org_id, flow in self._flows.items() if flow.listed}
        self._sweep_at = max(_FEW_FLOWS, 2 * len(self._flows))


class FairQueue(Generic[_W]):
    """`bulk_share`: of the turns, while both wait. `weights`: of organizations, where not 1."""

    def __init__(self, bulk_share: float = 0.1, weights: Mapping[UUID, float] | None = None) -> None:
        self._share = bulk_share
        self._lanes: dict[Priority, _Lane[_W]] = {priority: _Lane(weights or {}) for priority in Priority}
        self._due = 0.0  # turns that BULK has earned

    @property
    def waiting(self) -> int:
        """Calls."""
        return sum(lane.waiting for lane in self._lanes.values())

    def own(self, org_id: UUID, priority: Priority) -> int:
        """Calls of this organization and priority."""
        return self._lanes[priority].own(org_id)

    def push(self, waiter: _W) -> None:
        """Behind the others of its organization and priority."""
        self._lanes[waiter.priority].push(waiter)

    def discard(self, waiter: _W) -> bool:
        """It has gone; whether it had still waited."""
        return self._lanes[waiter.priority].discard(waiter)

    def head(self) -> _W | None:
        """Whose turn is next."""
        return self._next_lane().head()

    def pop(self) -> _W | None:
        """The same, and it waits no longer."""
        lane = self._next_lane()
        if self._both_wait:
            self._due += self._share - (1 if lane is self._lanes[Priority.BULK] else 0)
        return lane.pop()

    def before(self, org_id: UUID, priority: Priority, cost: float) -> float:
        """About how much, in cost, is served before a call that comes now."""
        ahead = self._lanes[priority].before(org_id, cost)
        if priority is Priority.INTERACTIVE:
            return ahead / (1 - self._share) if self._lanes[Priority.BULK].waiting else ahead
        return (ahead + cost) / self._share if self._lanes[Priority.INTERACTIVE].waiting else ahead

    @property
    def _both_wait(self) -> bool:
        return all(lane.waiting for lane in self._lanes.values())

    def _next_lane(self) -> _Lane[_W]:
        bulk, interactive = self._lanes[Priority.BULK], self._lanes[Priority.INTERACTIVE]
        if not interactive.waiting or (self._due >= 1 and bulk.waiting):
            return bulk
        return interactive
