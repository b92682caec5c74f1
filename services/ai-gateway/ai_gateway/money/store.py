"""Rows of `usage_events`; those that were paid for are written by `settle_egress`, with their call's end."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from ai_gateway.money.tokens import Spent, Tokens
from ai_gateway.money.usage import UsageEvent, UsageSum
from service_runtime.postgres import Connection

_COLUMNS = """at, org_id, request_id, task, model, workload, subject, cached, simulated, input_tokens,
    output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    cost_micro_usd, list_cost_micro_usd"""
_INSERT = f"""INSERT INTO usage_events ({_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"""
_SUMS = """task, model, count(*) AS calls, count(*) FILTER (WHERE cached) AS cached_calls,
    sum(input_tokens)::bigint AS input, sum(output_tokens)::bigint AS output,
    sum(cache_read_tokens)::bigint AS cache_read, sum(cache_write_5m_tokens)::bigint AS cache_write_5m,
    sum(cache_write_1h_tokens)::bigint AS cache_write_1h, sum(cost_micro_usd)::bigint AS cost,
    sum(list_cost_micro_usd)::bigint AS list_cost"""
_NOTE = f"{_INSERT} ON CONFLICT DO NOTHING"


async def note(connection: Connection, events: Sequence[UsageEvent]) -> None:
    """Answers that cost nothing, of one organization; a request that is there already is left as it is."""
    await connection.executemany(_NOTE, [_values(event) for event in events])


async def sums(connection: Connection, org_id: UUID, start: datetime, end: datetime) -> list[UsageSum]:
    """Of [start, end), by task and model."""
    rows = await connection.fetch(
        f"""SELECT {_SUMS} FROM usage_events WHERE org_id = $1 AND at >= $2 AND at < $3
            GROUP BY task, model ORDER BY task, model""",
        org_id, start, end,
    )  # fmt: skip
    return [_sum(row) for row in rows]


async def sums_by_day(
    connection: Connection, org_id: UUID, start: datetime, end: datetime
) -> list[tuple[date, str, str, UsageSum]]:
    """Of [start, end): day (UTC), workload, subject, and the sum by task and model."""
    rows = await connection.fetch(
        f"""SELECT (at AT TIME ZONE 'UTC')::date AS day, workload, subject, {_SUMS}
           FROM usage_events WHERE org_id = $1 AND at >= $2 AND at < $3
           GROUP BY day, workload, subject, task, model ORDER BY day, workload, subject, task, model""",
        org_id, start, end,
    )  # fmt: skip
    return [(row["day"], row["workload"], row["subject"], _sum(row)) for row in rows]


def _values(event: UsageEvent) -> tuple[object, ...]:
    tokens = event.spent.tokens
    return (
        event.at, event.org_id, event.request_id, event.task, event.model, event.workload, event.subject,
        event.cached, event.simulated, tokens.input, tokens.output, tokens.cache_read, tokens.cache_write_5m,
        tokens.cache_write_1h, event.spent.cost, event.spent.list_cost,
    )  # fmt: skip


def _sum(row: asyncpg.Record) -> UsageSum:
    tokens = Tokens(
        row["input"], row["output"], row["cache_read"], row["cache_write_5m"], row["cache_write_1h"]
    )
    spent = Spent(tokens, row["cost"], row["list_cost"])
    return UsageSum(row["task"], row["model"], row["calls"], row["cached_calls"], spent)
