"""Lets tries through, or says until when not: by account, by address, and of all together."""

from collections.abc import Callable
from datetime import UTC, datetime

from auth_service import refusals
from auth_service.throttle import model, store
from auth_service.throttle.model import Limits, Try
from service_runtime.postgres import Connection, Postgres


def _now() -> datetime:
    return datetime.now(UTC)


class Throttle:
    """A try is counted before its password is verified, and every account alike, whether there is one or not.

    What strangers try can lock an account only for strangers: from an address where it was signed in to in
    the last weeks, tries are counted apart.
    """

    def __init__(self, postgres: Postgres, limits: Limits, *, clock: Callable[[], datetime] = _now) -> None:
        self._postgres = postgres
        self._limits = limits
        self._clock = clock

    async def take(self, email: str, address: str) -> Try:
        """`email` in lower case. Raises SIGN_IN_THROTTLED."""
        limits, now = self._limits, self._clock()
        note = model.note_of(email, address)
        async with self._postgres.unscoped() as connection:
            familiar = await store.is_noted(connection, note, now)
            account = model.of_familiar(email, address) if familiar else model.of_account(email)
            made = Try((account, model.of_address(address), model.all_together()), note)
            until = await store.take(
                connection,
                made.keys,
                (limits.of_account, limits.of_address, limits.of_all),
                (limits.account_window, limits.address_window, limits.all_window),
                now,
            )
        if until is not None:
            raise refusals.throttled(until - now)
        return made

    async def failed(self, connection: Connection, made: Try) -> bool:
        """The password was wrong; whether the account is locked by that."""
        limits, now = self._limits, self._clock()
        until = await store.fail(connection, made.keys[0], limits.of_account, limits.lengths, now)
        await store.clear(connection, now)
        return until is not None

    async def succeeded(self, connection: Connection, made: Try) -> None:
        """The password was right."""
        await store.give_back(connection, made.keys, forgive=True)
        await store.note(connection, made.familiar, self._clock() + self._limits.familiar)

    async def undone(self, made: Try) -> None:
        """Nobody looked at the password."""
        async with self._postgres.unscoped() as connection:
            await store.give_back(connection, made.keys, forgive=False)


async def unlock(connection: Connection, email: str) -> None:
    """Strangers may try again; `email` in lower case."""
    await store.forget(connection, model.of_account(email))
