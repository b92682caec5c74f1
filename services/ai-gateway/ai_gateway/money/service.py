"""Sums of what an organization used and paid."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ai_gateway.money import store
from ai_gateway.money.free_answers import FreeAnswers
from ai_gateway.money.usage import UsageSum
from service_runtime.postgres import Postgres


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Reads `usage_events`; what this process has not written yet is written first."""

    postgres: Postgres
    free_answers: FreeAnswers

    async def sums(self, org_id: UUID, start: datetime, end: datetime) -> list[UsageSum]:
        """Of [start, end), by task and model."""
        await self.free_answers.flush()
        async with self.postgres.transaction(org_id) as connection:
            return await store.sums(connection, org_id, start, end)

    async def by_day(
        self, org_id: UUID, start: datetime, end: datetime
    ) -> list[tuple[date, str, str, UsageSum]]:
        """Of [start, end): day, workload, subject, and the sum by task and model."""
        await self.free_answers.flush()
        async with self.postgres.transaction(org_id) as connection:
            return await store.sums_by_day(connection, org_id, start, end)
