"""SQL for groups, their members, and what they bring to them."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from auth_service import roles
from auth_service.provisioning import search
from auth_service.provisioning.groups.model import Group, Member
from auth_service.provisioning.search import Search
from auth_service.roles import CustomRoles, Roles
from service_runtime.postgres import Connection

_COLUMNS = "id, display_name, external_id, roles, custom_roles, version, created_at, updated_at"
_MEMBERS = """SELECT members.group_id, users.id, users.email FROM group_members AS members
              JOIN users ON users.org_id = members.org_id AND users.id = members.user_id"""
_SEARCHED: dict[int, str] = {
    search.ID: "id = ?::uuid",
    search.EXTERNAL_ID: "external_id = ?",
    search.DISPLAY_NAME: "lower(display_name) = ?",
    search.MEMBER: """EXISTS (
        SELECT FROM group_members
        WHERE group_members.org_id = groups.org_id AND group_id = groups.id AND user_id = ?::uuid
    )""",
}


@dataclass(frozen=True, slots=True)
class Regrouped:
    """A user to whom groups bring something else than before."""

    user_id: UUID
    epoch: int
    group_roles: Roles
    group_custom_roles: CustomRoles
    # Whether his own roles and those of groups together are others now.
    access_changed: bool


def _from_row(row: asyncpg.Record, members: tuple[Member, ...] = ()) -> Group:
    return Group(
        id=row["id"],
        display_name=row["display_name"],
        external_id=row["external_id"],
        roles=roles.from_stored(row["roles"]),
        custom_roles=tuple(row["custom_roles"]),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        members=members,
    )


async def insert(
    connection: Connection, org_id: UUID, group_id: UUID, display_name: str, external_id: str
) -> Group:
    """Adds one without members and roles."""
    row = await connection.fetchrow(
        f"""INSERT INTO groups (org_id, id, display_name, external_id) VALUES ($1, $2, $3, $4)
            RETURNING {_COLUMNS}""",
        org_id, group_id, display_name, external_id,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _from_row(row)


async def get(
    connection: Connection, org_id: UUID, group_id: UUID, *, with_members: bool = True
) -> Group | None:
    """The group as it is now."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM groups WHERE org_id = $1 AND id = $2", org_id, group_id
    )
    if row is None:
        return None
    return _from_row(row, (await _members(connection, org_id, [group_id]))[group_id] if with_members else ())


async def found(
    connection: Connection, org_id: UUID, wanted: Search, *, with_members: bool
) -> tuple[list[Group], int]:
    """A page of those that are searched for, oldest first, and how many there are in all."""
    condition, arguments = wanted.condition(_SEARCHED, taken=1)
    where = f"org_id = $1 AND ({condition})"
    total = await connection.fetchval(f"SELECT count(*) FROM groups WHERE {where}", org_id, *arguments)
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM groups WHERE {where} ORDER BY created_at, id
            LIMIT {wanted.count:d} OFFSET {wanted.skip:d}""",
        org_id, *arguments,
    )  # fmt: skip
    members = await _members(connection, org_id, [row["id"] for row in rows]) if with_members else {}
    return [_from_row(row, members.get(row["id"], ())) for row in rows], int(total or 0)


async def _members(
    connection: Connection, org_id: UUID, group_ids: list[UUID]
) -> dict[UUID, tuple[Member, ...]]:
    rows = await connection.fetch(
        f"{_MEMBERS} WHERE members.org_id = $1 AND members.group_id = ANY($2) ORDER BY users.email",
        org_id, group_ids,
    )  # fmt: skip
    members: dict[UUID, list[Member]] = {group_id: [] for group_id in group_ids}
    for row in rows:
        members[row["group_id"]].append(Member(row["id"], row["email"]))
    return {group_id: tuple(those) for group_id, those in members.items()}


async def of_users(
    connection: Connection, org_id: UUID, user_ids: Collection[UUID]
) -> dict[UUID, tuple[Group, ...]]:
    """The groups of each of these users, without their members, by name."""
    columns = ", ".join(f"groups.{column}" for column in _COLUMNS.split(", "))
    rows = await connection.fetch(
        f"""SELECT members.user_id, {columns} FROM group_members AS members
            JOIN groups ON groups.org_id = members.org_id AND groups.id = members.group_id
            WHERE members.org_id = $1 AND members.user_id = ANY($2)
            ORDER BY groups.display_name, groups.id""",
        org_id, list(user_ids),
    )  # fmt: skip
    of: dict[UUID, list[Group]] = {user_id: [] for user_id in user_ids}
    for row in rows:
        of[row["user_id"]].append(_from_row(row))
    return {user_id: tuple(groups) for user_id, groups in of.items()}


async def update(connection: Connection, org_id: UUID, group: Group) -> None:
    """Writes what can be changed of a group but its members, and counts the change."""
    await connection.execute(
        """UPDATE groups SET display_name = $3, external_id = $4, roles = $5, custom_roles = $6,
                             version = version + 1, updated_at = now()
           WHERE org_id = $1 AND id = $2""",
        org_id, group.id, group.display_name, group.external_id, group.roles, group.custom_roles,
    )  # fmt: skip


async def delete(connection: Connection, org_id: UUID, group_id: UUID) -> None:
    """Removes it with its memberships."""
    await connection.execute("DELETE FROM groups WHERE org_id = $1 AND id = $2", org_id, group_id)


async def users_among(connection: Connection, org_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these that are users, and that provisioning shows."""
    rows = await connection.fetch(
        """SELECT id FROM users LEFT JOIN provisioned_users AS known
               ON known.org_id = users.org_id AND known.user_id = users.id
           WHERE users.org_id = $1 AND id = ANY($2) AND NOT (coalesce(withdrawn, false) AND disabled)""",
        org_id, list(user_ids),
    )  # fmt: skip
    return {row["id"] for row in rows}


async def join(connection: Connection, org_id: UUID, group_id: UUID, user_ids: Collection[UUID]) -> None:
    """Makes users members."""
    await connection.execute(
        """INSERT INTO group_members (org_id, group_id, user_id) SELECT $1, $2, unnest($3::uuid [])
           ON CONFLICT DO NOTHING""",
        org_id, group_id, list(user_ids),
    )  # fmt: skip


async def leave(connection: Connection, org_id: UUID, group_id: UUID, user_ids: Collection[UUID]) -> None:
    """They are members no more."""
    await connection.execute(
        "DELETE FROM group_members WHERE org_id = $1 AND group_id = $2 AND user_id = ANY($3)",
        org_id, group_id, list(user_ids),
    )  # fmt: skip


async def leave_all(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    """A member of no group any more; the groups count it as a change of theirs."""
    await connection.execute(
        """WITH gone AS (
               DELETE FROM group_members WHERE org_id = $1 AND user_id = $2 RETURNING group_id
           )
           UPDATE groups SET version = version + 1, updated_at = now()
           WHERE org_id = $1 AND id IN (SELECT group_id FROM gone)""",
        org_id, user_id,
    )  # fmt: skip


async def regroup(connection: Connection, org_id: UUID, user_ids: Collection[UUID]) -> list[Regrouped]:
    """Writes anew what groups bring to these users; those for whom that is something else than before.

    The epoch grows with what a user may do, and so not for an owner: no group adds to that.
    """
    rows = await connection.fetch(
        """UPDATE users SET
               group_roles = due.roles, group_custom_roles = due.custom_roles,
               epoch = users.epoch + (
                   NOT $3 = ANY(users.roles)
                   AND (merged(users.roles, users.group_roles),
                        merged(users.custom_roles, users.group_custom_roles))
                    <> (merged(users.roles, due.roles), merged(users.custom_roles, due.custom_roles))
               )::integer,
               version = users.version + 1, updated_at = now()
           FROM (
               SELECT id, epoch,
                      array(
                          SELECT DISTINCT role FROM group_members
                          JOIN groups ON groups.org_id = group_members.org_id AND groups.id = group_id,
                               unnest(groups.roles) AS role
                          WHERE group_members.org_id = $1 AND user_id = member.id ORDER BY role
                      ) AS roles,
                      array(
                          SELECT DISTINCT role FROM group_members
                          JOIN groups ON groups.org_id = group_members.org_id AND groups.id = group_id,
                               unnest(groups.custom_roles) AS role
                          WHERE group_members.org_id = $1 AND user_id = member.id ORDER BY role
                      ) AS custom_roles
               FROM users AS member WHERE org_id = $1 AND id = ANY($2)
           ) AS due
           WHERE users.org_id = $1 AND users.id = due.id
             AND (users.group_roles, users.group_custom_roles) <> (due.roles, due.custom_roles)
           RETURNING users.id, users.epoch, due.epoch AS before,
                     users.group_roles, users.group_custom_roles""",
        org_id, list(user_ids), roles.OWNER,
    )  # fmt: skip
    return [
        Regrouped(
            user_id=row["id"],
            epoch=row["epoch"],
            group_roles=roles.from_stored(row["group_roles"]),
            group_custom_roles=tuple(row["group_custom_roles"]),
            access_changed=row["epoch"] != row["before"],
        )
        for row in rows
    ]
