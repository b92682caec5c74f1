"""SQL for what an identity provider knows of users, beside the directory's own rows."""

from dataclasses import replace
from uuid import UUID

import asyncpg

from auth_service.directory import store as directory
from auth_service.directory.model import User
from auth_service.provisioning import search
from auth_service.provisioning.groups import store as groups
from auth_service.provisioning.search import Search
from auth_service.provisioning.users.model import Profile, ProvisionedUser
from service_runtime.postgres import Connection

_COLUMNS = "external_id, given_name, family_name, withdrawn"
_SHOWN = "NOT (coalesce(withdrawn, false) AND disabled)"
_JOINED = """users LEFT JOIN provisioned_users AS known
             ON known.org_id = users.org_id AND known.user_id = users.id"""
_SEARCHED: dict[int, str] = {
    search.ID: "users.id = ?::uuid",
    search.EXTERNAL_ID: "coalesce(external_id, '') = ?",
    search.DISPLAY_NAME: "lower(display_name) = ?",
    search.EMAIL: "email = ?",
}


async def get(connection: Connection, org_id: UUID, user_id: UUID) -> ProvisionedUser | None:
    """Also one that is hidden."""
    user = await directory.get(connection, org_id, user_id)
    if user is None:
        return None
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM provisioned_users WHERE org_id = $1 AND user_id = $2", org_id, user_id
    )
    of = await groups.of_users(connection, org_id, [user_id])
    return replace(_joined(user, row), groups=of[user_id])


async def id_of(connection: Connection, org_id: UUID, email: str) -> UUID | None:
    """The user of this e-mail, in lower case."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM users WHERE org_id = $1 AND email = $2", org_id, email
    )
    return found


async def found(connection: Connection, org_id: UUID, wanted: Search) -> tuple[list[ProvisionedUser], int]:
    """A page of those that are searched for, oldest first, and how many there are in all."""
    condition, arguments = wanted.condition(_SEARCHED, taken=1)
    where = f"users.org_id = $1 AND {_SHOWN} AND ({condition})"
    total = await connection.fetchval(f"SELECT count(*) FROM {_JOINED} WHERE {where}", org_id, *arguments)
    rows = await connection.fetch(
        f"""SELECT users.id, {_COLUMNS} FROM {_JOINED} WHERE {where} ORDER BY users.created_at, users.id
            LIMIT {wanted.count:d} OFFSET {wanted.skip:d}""",
        org_id, *arguments,
    )  # fmt: skip
    user_ids = [row["id"] for row in rows]
    users = {user.id: user for user in await directory.named(connection, org_id, user_ids)}
    of = await groups.of_users(connection, org_id, user_ids)
    return [replace(_joined(users[row["id"]], row), groups=of[row["id"]]) for row in rows], int(total or 0)


async def write(
    connection: Connection, org_id: UUID, user_id: UUID, profile: Profile, *, withdrawn: bool
) -> None:
    """What the directory does not keep of a user."""
    await connection.execute(
        """INSERT INTO provisioned_users (org_id, user_id, external_id, given_name, family_name, withdrawn)
           VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (org_id, user_id) DO UPDATE SET
               external_id = excluded.external_id, given_name = excluded.given_name,
               family_name = excluded.family_name, withdrawn = excluded.withdrawn""",
        org_id, user_id, profile.external_id, profile.given_name, profile.family_name, withdrawn,
    )  # fmt: skip


def _joined(user: User, row: asyncpg.Record | None) -> ProvisionedUser:
    """Without its groups."""
    if row is None:
        return ProvisionedUser(user, Profile("", user.display_name, "", ""))
    profile = Profile(
        row["external_id"] or "", user.display_name, row["given_name"] or "", row["family_name"] or ""
    )
    return ProvisionedUser(user, profile, bool(row["withdrawn"]))
