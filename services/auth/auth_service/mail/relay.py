"""Sends what waits, at least once: a mail is gone only when its way out took it."""

import asyncio
import logging
from datetime import timedelta

from auth_service.keys.wrapping import KeyWrap, WrongSecretError
from auth_service.mail import store
from auth_service.mail.model import MailRefusedError, MailWaitsError, Transport
from auth_service.mail.sealing import Sealed, unseal
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.mail")
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)
_DOUBLINGS = 10


class Relay:
    """Any number of processes may have one."""

    def __init__(self, postgres: Postgres, wrap: KeyWrap, transport: Transport) -> None:
        self._postgres = postgres
        self._wrap = wrap
        self._transport = transport

    async def keep(self, every_seconds: float) -> None:
        """Runs until it is cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                while await self.send_next():
                    pass
                async with self._postgres.relaying() as connection:
                    await store.clear_expired(connection)
            except DomainError as fault:
                _log.warning("mail waits: %s", fault.reason_name)

    async def send_next(self) -> bool:
        """Sends one mail, or puts it off; False when none is due. No transaction is open meanwhile."""
        async with self._postgres.relaying() as connection:
            taken = await store.take_due(connection)
        if taken is None:
            return False
        wait = await self._sent(taken)
        async with self._postgres.relaying() as connection:
            if wait is None:
                await store.remove(connection, taken)
            else:
                await store.postpone(connection, taken, wait)
        return True

    async def _sent(self, taken: Sealed) -> timedelta | None:
        """How long to wait before the next try; None for no other. Logs a mail's id, never its words."""
        try:
            await self._transport.send(unseal(self._wrap, taken))
        except (MailRefusedError, WrongSecretError) as refused:
            _log.error("mail %s is given up: %s", taken.id, _why(refused))
        except (MailWaitsError, OSError) as waits:
            _log.warning("mail %s waits: %s", taken.id, _why(waits))
            return min(_FIRST_WAIT * (1 << min(taken.attempts - 1, _DOUBLINGS)), _LONGEST_WAIT)
        return None


def _why(fault: Exception) -> str:
    return fault.reason if isinstance(fault, MailWaitsError) else type(fault).__name__
