"""Batches as their callers have them: taken whole or not at all, shown, cancelled."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ai_gateway.batches import store
from ai_gateway.batches.batch import NewItem, Shown
from ai_gateway.batches.reserve import at_most
from ai_gateway.batches.wire import BatchWire
from ai_gateway.claude.faults import ClaudeError
from ai_gateway.generation import errors
from ai_gateway.limits.orgs import OrgLimits
from ai_gateway.limits.refused import RefusedError
from ai_gateway.money.prices import PriceSheet
from service_runtime.errors import not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres
from service_runtime.telemetry import trace_id

_PREFIX = "batches/"


def batch_id_of(name: str) -> UUID:
    """From `batches/{uuid}`. Raises NOT_FOUND."""
    try:
        return UUID(name.removeprefix(_PREFIX))
    except ValueError:
        raise not_found(name) from None


@dataclass(frozen=True, slots=True)
class Batches:
    """What a caller can do with them."""

    postgres: Postgres
    wire: BatchWire
    prices: PriceSheet
    orgs: OrgLimits

    async def admit(self, caller: Identity) -> None:
        """Raises DomainError where batches are not offered, and when there were too many calls.

        Tokens do not count: they leave at Claude's own pace, by limits that only batches have.
        """
        try:
            self.wire.leaving(b"")
            await self.orgs.take(caller.tenant, 0)
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        except RefusedError as refused:
            raise errors.held_back(refused) from refused

    async def create(self, connection: Connection, caller: Identity, items: Sequence[NewItem]) -> Shown:
        """In the caller's transaction. Raises DomainError when no budget has room for all of it.

        The room is held for each part when it leaves; here a batch that cannot fit is told so at once.
        """
        needs: Counter[str] = Counter()
        for item in items:
            most = at_most(self.prices, item)
            needs[""] += most
            needs[item.task] += most
        await store.check_room(connection, caller.tenant, needs)
        batch_id = new_id()
        await store.add(connection, batch_id, caller, trace_id(), items)
        return await self._found(connection, caller, f"{_PREFIX}{batch_id}")

    async def get(self, caller: Identity, name: str) -> Shown:
        """Raises NOT_FOUND, also for what is another organization's."""
        async with self.postgres.transaction(caller.tenant) as connection:
            return await self._found(connection, caller, name)

    async def cancel(self, caller: Identity, name: str) -> Shown:
        """Asks for its end, which a runner brings about. Raises NOT_FOUND."""
        async with self.postgres.transaction(caller.tenant) as connection:
            await store.ask_to_cancel(connection, caller.tenant, batch_id_of(name))
            return await self._found(connection, caller, name)

    async def _found(self, connection: Connection, caller: Identity, name: str) -> Shown:
        batch = await store.get(connection, caller.tenant, batch_id_of(name))
        if batch is None:
            raise not_found(name)
        return batch
