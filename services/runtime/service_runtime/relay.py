"""Delivers this service's outbox. Where nobody subscribes, an event's way out is the log."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from service_runtime import outbox
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.events")


async def told(event: outbox.Event) -> None:
    """In the log."""
    fields = {"event_id": str(event.event_id), "org": str(event.org_id), **event.payload}
    _log.info(event.topic, extra=fields)


async def relay(
    postgres: Postgres, *, every_seconds: float, deliver: Callable[[outbox.Event], Awaitable[None]] = told
) -> None:
    """Runs until it is cancelled. Any number of workers may do so at once."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            while await outbox.drain(postgres, deliver):
                pass
        except DomainError as fault:
            _log.warning("events wait: %s", fault.reason_name)
