"""SQL for accounts. Row-level security shows only the account whose e-mail the transaction names."""

from uuid import UUID

from auth_service.accounts.model import Account
from service_runtime.postgres import Connection


async def find(connection: Connection, email: str) -> Account | None:
    """The account of this e-mail, in lower case."""
    await _name(connection, email)
    row = await connection.fetchrow(
        "SELECT id, email, org_id, password_hash, verified_at FROM accounts WHERE email = $1", email
    )
    return Account(*row) if row else None


async def insert(connection: Connection, account: Account) -> bool:
    """Adds it; False when the e-mail has one already. Two calls at once: the second waits for the first."""
    await _name(connection, account.email)
    added = await connection.fetchval(
        """INSERT INTO accounts (id, email, org_id, password_hash, verified_at) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (email) DO NOTHING RETURNING true""",
        account.id, account.email, account.org_id, account.password_hash, account.verified_at,
    )  # fmt: skip
    return bool(added)


async def replace_hash(connection: Connection, account: Account, password_hash: str) -> None:
    """A new hash of the same password, unless the password has been changed meanwhile."""
    await _name(connection, account.email)
    await connection.execute(
        """UPDATE accounts SET password_hash = $3, updated_at = now()
           WHERE email = $1 AND password_hash = $2""",
        account.email, account.password_hash, password_hash,
    )  # fmt: skip


async def set_password(connection: Connection, email: str, password_hash: str) -> None:
    """Another password, from within the organization that the account opens."""
    await _name(connection, email)
    await connection.execute(
        "UPDATE accounts SET password_hash = $2, updated_at = now() WHERE email = $1", email, password_hash
    )


async def set_verified(connection: Connection, email: str) -> bool:
    """Its holder reads its mail; whether that is news. From within the organization that it opens."""
    await _name(connection, email)
    news = await connection.fetchval(
        """UPDATE accounts SET verified_at = now(), updated_at = now()
           WHERE email = $1 AND verified_at IS NULL RETURNING true""",
        email,
    )
    return bool(news)


async def organizations_of(connection: Connection, email: str) -> list[UUID]:
    """Those that the account belongs to, oldest membership first."""
    await _name(connection, email)
    rows = await connection.fetch(
        "SELECT org_id FROM memberships WHERE email = $1 ORDER BY created_at, org_id", email
    )
    return [row["org_id"] for row in rows]


async def _name(connection: Connection, email: str) -> None:
    await connection.execute("SELECT set_config('app.account_email', $1, true)", email)
