"""What bulk work leaves in object storage: exports after their day, archives that nobody unpacks any more."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts_service.documents.objects import Listed, Objects
from contracts_service.exports.model import KEPT
from contracts_service.exports.service import FOLDER as EXPORTS
from contracts_service.imports import store as imports
from contracts_service.imports.sources import ARCHIVES
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.exports")
# A ZIP is whole a little before its export ends; an archive a little before its import begins.
_GRACE = timedelta(hours=1)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Any number of processes may look for them at once."""

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
                _log.warning("leftovers wait: %s", fault.reason_name)

    async def sweep(self) -> None:
        """Raises DEPENDENCY_UNAVAILABLE."""
        async for found in self.objects.listed(EXPORTS):
            if found.changed_at < self.clock() - KEPT - _GRACE:
                await self.objects.delete(found.key)
        async for found in self.objects.listed(ARCHIVES):
            if found.changed_at < self.clock() - _GRACE and not await self._is_used(found):
                await self.objects.delete(found.key)

    async def _is_used(self, archive: Listed) -> bool:
        """Its key names organization and import."""
        org_id, import_id = map(UUID, archive.key.split("/")[1:3])
        one = await imports.get(self.postgres.reader(org_id), import_id)
        return one is not None and one.ended_at is None
