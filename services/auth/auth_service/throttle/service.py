"""Lets tries through, or says until when not: by account, by address, and of all together."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

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

    async def password_right(self, connection: Connection, made: Try) -> None:
        """But a second factor is asked for: the address is not known by that alone."""
        await store.give_back(connection, made.keys, forgive=True)

    async def entered(self, connection: Connection, email: str, address: str) -> None:
        """The second factor was right too."""
        await store.note(connection, model.note_of(email, address), self._clock() + self._limits.familiar)

    async def take_code(self, connection: Connection, email: str) -> bytes:
        """One code of a second factor. Raises SIGN_IN_THROTTLED."""
        limits, now, key = self._limits, self._clock(), model.of_codes(email)
        until = await store.take(connection, [key], [limits.of_codes], [limits.account_window], now)
        if until is not None:
            raise refusals.codes_throttled(until - now)
        return key

    async def code_failed(self, connection: Connection, key: bytes) -> None:
        """The code was wrong."""
        limits = self._limits
        await store.fail(connection, key, limits.of_codes, limits.lengths, self._clock())

    async def code_succeeded(self, connection: Connection, key: bytes) -> None:
        """The code was right."""
        await store.give_back(connection, [key], forgive=True)

    async def take_mail(self, email: str, address: str) -> bool:
        """Whether one more mail goes to this e-mail; who asked is not told that it had enough.

        Raises RATE_LIMITED for an address that asks for too many e-mails.
        """
        limits, now = self._limits, self._clock()
        place, mails = model.of_mail_address(address), model.of_mails(email)
        window = [limits.mail_window]
        async with self._postgres.unscoped() as connection:
            until = await store.take(connection, [place], [limits.of_mail_address], window, now)
            if until is None:
                return await store.take(connection, [mails], [limits.of_mails], window, now) is None
        raise refusals.too_many_mails(limits.of_mail_address, limits.mail_window)

    async def take_invitation(self, connection: Connection, org_id: UUID) -> None:
        """Raises RATE_LIMITED."""
        limits, key = self._limits, model.of_invitations(org_id)
        window = limits.invitation_window
        if await store.take(connection, [key], [limits.of_invitations], [window], self._clock()):
            raise refusals.too_many_mails(limits.of_invitations, window)

    async def undone(self, made: Try) -> None:
        """Nobody looked at the password."""
        async with self._postgres.unscoped() as connection:
            await store.give_back(connection, made.keys, forgive=False)


async def unlock(connection: Connection, email: str) -> None:
    """Strangers may try again; `email` in lower case."""
    for key in (model.of_account(email), model.of_codes(email)):
        await store.forget(connection, key)
