"""Delivers this service's outbox. Until another service subscribes, an event's way out is the log."""

import asyncio
import logging

from service_runtime import outbox
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.events")


async def relay(postgres: Postgres, *, every_seconds: float) -> None:
    """Runs until it is cancelled. Any number of workers may do so at once."""
    while True:
        try:
            while await outbox.drain(postgres, _announce):
                pass
        except DomainError as fault:
            _log.warning("events wait: %s", fault.reason_name)
        await asyncio.sleep(every_seconds)


async def _announce(event: outbox.Event) -> None:
    fields = {"event_id": str(event.event_id), "org": str(event.org_id), **event.payload}
    _log.info(event.topic, extra=fields)
