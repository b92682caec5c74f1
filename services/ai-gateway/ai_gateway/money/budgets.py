"""Budgets: how much an organization may spend in a period, in all or on one task.

When a call is recorded, room is taken for the most that it can cost; when it ends, its real cost is booked.
Both happen in the database, under one lock an organization, so that replicas cannot overspend together.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc

from service_runtime.errors import DomainError, Reason, etag_mismatch, not_found
from service_runtime.postgres import Connection, Postgres

_PREFIX = "budgets/"
_ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Budget:
    """Amounts in micro-USD; `scope` is a task, or empty for the organization; a `day` or a `month` long."""

    scope: str
    period: str
    limit: int
    spent: int
    reserved: int
    starts: datetime
    ends: datetime
    version: int

    @property
    def name(self) -> str:
        return name_of(self.scope)

    @property
    def etag(self) -> str:
        """Changes with the budget, not with what is spent."""
        return f'"{self.version}"'


def name_of(scope: str) -> str:
    """`budgets/organization`, `budgets/contracts.ask`."""
    return _PREFIX + (scope or _ORGANIZATION)


def scope_of(name: str) -> str:
    """The reverse."""
    scope = name.removeprefix(_PREFIX)
    return "" if scope == _ORGANIZATION else scope


def budget_spent(scope: str, resets: datetime) -> DomainError:
    """What a call is told that no budget has room for."""
    name = name_of(scope)
    delay = max(resets - datetime.now(UTC), timedelta(seconds=1))
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.ERROR_REASON_AI_BUDGET_SPENT,
        f"{name} has no room for this call until {resets:%Y-%m-%d %H:%M} UTC. Raise it, or ask for less.",
        {"budget": name, "reset_time": resets.isoformat()},
        retry_after=delay,
    )


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of organizations."""

    postgres: Postgres

    async def all(self, org_id: UUID) -> list[Budget]:
        """The organization's own first, then by task."""
        async with self.postgres.transaction(org_id) as connection:
            return await _read(connection, org_id)

    async def get(self, org_id: UUID, name: str) -> Budget:
        """Raises NOT_FOUND."""
        found = [budget for budget in await self.all(org_id) if budget.name == name]
        if not found:
            raise not_found(name)
        return found[0]

    async def put(self, org_id: UUID, name: str, period: str, limit: int, etag: str) -> Budget:
        """Sets it. What the running period has cost is taken from the ledger. Raises ETAG_MISMATCH."""
        scope = scope_of(name)
        async with self.postgres.transaction(org_id) as connection:
            before = await _held(connection, org_id, name)
            if etag and (before is None or before.etag != etag):
                raise etag_mismatch(name, before.etag if before else "")
            await connection.execute(_PUT, org_id, scope, period, limit)
            await connection.execute(_RECKON, org_id, scope)
            return next(item for item in await _read(connection, org_id) if item.name == name)

    async def delete(self, org_id: UUID, name: str) -> None:
        """Raises NOT_FOUND."""
        async with self.postgres.transaction(org_id) as connection:
            if await _held(connection, org_id, name) is None:
                raise not_found(name)
            for table in ("budget_periods", "budgets"):
                await connection.execute(
                    f"DELETE FROM {table} WHERE org_id = $1 AND scope = $2",  # noqa: S608 two names of ours
                    org_id, scope_of(name),
                )  # fmt: skip


_PUT = """INSERT INTO budgets AS known (org_id, scope, period, limit_micro_usd) VALUES ($1, $2, $3, $4)
    ON CONFLICT (org_id, scope) DO UPDATE SET period = excluded.period,
    limit_micro_usd = excluded.limit_micro_usd, version = known.version + 1"""
_RECKON = """INSERT INTO budget_periods (org_id, scope, starts, spent_micro_usd)
    SELECT org_id, scope, starts, (
        SELECT coalesce(sum(cost_micro_usd), 0) FROM usage_events AS event
        WHERE event.org_id = $1 AND event.at >= starts AND budget.scope IN ('', event.task)
    ) FROM budgets AS budget, LATERAL period_start(budget.period, now()) AS starts
    WHERE org_id = $1 AND scope = $2
    ON CONFLICT (org_id, scope, starts)
    DO UPDATE SET spent_micro_usd = excluded.spent_micro_usd, told_percent = 0"""


async def _held(connection: Connection, org_id: UUID, name: str) -> Budget | None:
    """The budget, with the organization's spending held still until the transaction ends."""
    await connection.execute("SELECT egress_head($1)", org_id)
    return next((budget for budget in await _read(connection, org_id) if budget.name == name), None)


async def _read(connection: Connection, org_id: UUID) -> list[Budget]:
    rows = await connection.fetch(
        """SELECT rooms.*, period, limit_micro_usd, version FROM budget_rooms($1) AS rooms
           JOIN budgets ON budgets.org_id = $1 AND budgets.scope = rooms.scope ORDER BY rooms.scope""",
        org_id,
    )
    return [
        Budget(
            row["scope"], row["period"], row["limit_micro_usd"], row["spent"], row["held"],
            row["starts"], row["ends"], row["version"],
        )
        for row in rows
    ]  # fmt: skip
