"""SQL for tries. The functions of the database decide, each in one statement (migration 20261123000103)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from service_runtime.postgres import Connection


async def take(
    connection: Connection,
    keys: Sequence[bytes],
    limits: Sequence[int],
    windows: Sequence[timedelta],
    moment: datetime,
) -> datetime | None:
    """Counts a try under every key, or under none; then until when it is refused."""
    row = await connection.fetchrow(
        "SELECT until FROM take_try($1, $2, $3, $4)", list(keys), list(limits), list(windows), moment
    )
    return row["until"] if row else None


async def fail(
    connection: Connection, account: bytes, most: int, lengths: Sequence[timedelta], moment: datetime
) -> datetime | None:
    """Until when the account is locked, if this try has locked it."""
    until: datetime | None = await connection.fetchval(
        "SELECT fail_try($1, $2, $3, $4)", account, most, list(lengths), moment
    )
    return until


async def give_back(connection: Connection, keys: Sequence[bytes], *, forgive: bool) -> None:
    """The try does not count; `forgive`, and neither do the account's others."""
    await connection.execute("SELECT give_back_try($1, $2)", list(keys), forgive)


async def is_noted(connection: Connection, note: bytes, moment: datetime) -> bool:
    """Whether it was noted and is not over."""
    return bool(await connection.fetchval("SELECT is_noted($1, $2)", note, moment))


async def note(connection: Connection, noted: bytes, until: datetime) -> None:
    """Notes it until then."""
    await connection.execute("SELECT note($1, $2)", noted, until)


async def forget(connection: Connection, account: bytes) -> None:
    """The account's tries and its lock."""
    await connection.execute("SELECT forget_tries($1)", account)


async def clear(connection: Connection, moment: datetime) -> None:
    """Removes some of what counts no more."""
    await connection.execute("SELECT clear_tries($1)", moment)
