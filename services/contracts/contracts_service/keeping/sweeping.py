"""What goes by itself: contracts whose class says so, deleted ones after their time, and their files."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from contracts_service import names
from contracts_service.contracts import service as contracts
from contracts_service.documents.objects import Objects
from contracts_service.keeping import purging, store
from contracts_service.keeping.guarding import require_deletable
from contracts_service.keeping.model import DELETE
from service_runtime import audit
from service_runtime.errors import DomainError
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.keeping")
_AT_ONCE = 200
_ACTOR = "workloads/contracts"
_REPEATABLE = timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Any number of processes may sweep at once. `clock` tells what is due."""

    postgres: Postgres
    objects: Objects
    clock: Callable[[], datetime] = _now

    async def keep(self, every_seconds: float) -> None:
        """Runs until it is cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self.sweep()
            except DomainError as fault:
                _log.warning("what is due waits: %s", fault.reason_name)

    async def sweep(self) -> None:
        """Everything that is due now, one organization after the other."""
        after: UUID | None = None
        while True:
            async with self.postgres.sweeping() as connection:
                found = await purging.organizations(connection, after, _AT_ONCE)
            for org_id in found:
                await self._sweep(org_id)
            if len(found) < _AT_ONCE:
                return
            after = found[-1]

    async def _sweep(self, org_id: UUID) -> None:
        async with self.postgres.transaction(org_id) as connection:
            retained = await purging.retained(connection)
            due = await purging.due(connection, self.clock())
            files = await purging.files_due(connection, self.clock())
            await purging.forget_answers(connection, self.clock() - _REPEATABLE)
        for contract_id in retained:
            await self._dispose_of(org_id, contract_id)
        for contract_id in due:
            try:
                await self._purge(org_id, contract_id)
            except asyncpg.PostgresError:
                # One that cannot be purged keeps no other from it.
                _log.exception("a contract cannot be purged", extra={"org": str(org_id)})
        for object_key in files:
            await self._delete_file(org_id, object_key)

    async def _dispose_of(self, org_id: UUID, contract_id: UUID) -> None:
        async with self.postgres.transaction(org_id) as connection:
            if not await store.lock(connection, contract_id, deleted_too=False):
                return
            found = await store.retention(connection, contract_id)
            if found is None or found[0] is None or found[0].disposal != DELETE:
                return
            try:
                await require_deletable(connection, contract_id, self.clock().date())
            except DomainError:
                return
            await contracts.hide(
                connection, Identity(subject=_ACTOR, org_id=org_id), contract_id, self.clock()
            )

    async def _purge(self, org_id: UUID, contract_id: UUID) -> None:
        async with self.postgres.transaction(org_id) as connection:
            if not await purging.take(connection, contract_id, self.clock()):
                return
            gone = await purging.forget(connection, org_id, contract_id, self.clock())
            actor = Identity(subject=_ACTOR, org_id=org_id)
            detail = {"documents_sha256": ",".join(gone)}
            await audit.record(connection, actor, "contract.purged", names.contract(contract_id), detail)

    async def _delete_file(self, org_id: UUID, object_key: str) -> None:
        async with self.postgres.transaction(org_id) as connection:
            if not await purging.is_wanted_again(connection, object_key):
                await self.objects.delete(object_key)
            await purging.strike(connection, object_key)
