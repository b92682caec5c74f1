"""A batch as its organization sees it: kept, shown, cancelled, its results read."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from ai_gateway.batches.batch import Given, NewItem, Outcome, Result, Shown
from ai_gateway.generation import content
from ai_gateway.money.budgets import budget_spent
from ai_gateway.money.tokens import Spent, Tokens
from ai_gateway.privacy.vault import Vault
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, Reads

_AT_ONCE = 200
_SUMS = """count(*) AS items, sum(input_tokens)::bigint AS input, sum(output_tokens)::bigint AS output,
    sum(cache_read_tokens)::bigint AS cache_read, sum(cache_write_5m_tokens)::bigint AS cache_write_5m,
    sum(cache_write_1h_tokens)::bigint AS cache_write_1h, sum(cost_micro_usd)::bigint AS cost,
    sum(list_cost_micro_usd)::bigint AS list_cost"""


async def add(
    connection: Connection, batch_id: UUID, caller: Identity, trace_id: str, items: Sequence[NewItem]
) -> None:
    """All of it, in the caller's transaction."""
    await connection.execute(
        """INSERT INTO batches (org_id, id, creator, workload, trace_id, item_count)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        caller.tenant, batch_id, caller.subject, caller.workload, trace_id, len(items),
    )  # fmt: skip
    await connection.executemany(
        """INSERT INTO batch_items (
               org_id, batch_id, ordinal, id, custom_id, task, model, caching, max_tokens, params,
               output_schema, vault, redactions
           ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        [
            (
                caller.tenant, batch_id, ordinal, item.id, item.custom_id, item.task, item.model,
                item.caching.name, item.max_tokens, item.params, item.output_schema,
                json.dumps(dict(item.vault)), dict(item.redactions),
            )
            for ordinal, item in enumerate(items)
        ],
    )  # fmt: skip


async def check_room(connection: Connection, org_id: UUID, needs: Mapping[str, int]) -> None:
    """`needs` in micro-USD by scope. Raises DomainError AI_BUDGET_SPENT; nothing is held yet."""
    rows = await connection.fetch("SELECT scope, room, ends FROM budget_rooms($1) ORDER BY ends DESC", org_id)
    for row in rows:
        if needs.get(row["scope"], 0) > row["room"]:
            raise budget_spent(row["scope"], row["ends"])


async def get(reads: Reads, org_id: UUID, batch_id: UUID) -> Shown | None:
    """None where the organization has none of that id."""
    rows = await reads.fetch("SELECT * FROM batches WHERE org_id = $1 AND id = $2", org_id, batch_id)
    shown = await _shown(reads, org_id, rows)
    return shown[0] if shown else None


async def page(reads: Reads, org_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[Shown]:
    """Newest first."""
    moment, batch_id = before or (None, None)
    rows = await reads.fetch(
        """SELECT * FROM batches WHERE org_id = $1
           AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
           ORDER BY created_at DESC, id DESC LIMIT $4""",
        org_id, moment, batch_id, limit,
    )  # fmt: skip
    return await _shown(reads, org_id, rows)


async def ask_to_cancel(connection: Connection, org_id: UUID, batch_id: UUID) -> None:
    """Once; one that has ended stays as it is."""
    await connection.execute(
        """UPDATE batches SET cancel_asked_at = now(), due_at = now()
           WHERE org_id = $1 AND id = $2 AND ended_at IS NULL AND cancel_asked_at IS NULL""",
        org_id, batch_id,
    )  # fmt: skip


async def results(postgres: Postgres, org_id: UUID, batch_id: UUID, after: int) -> AsyncIterator[Given]:
    """Behind `after`, in their order; as many as there are by now."""
    while rows := await postgres.reader(org_id).fetch(
        """SELECT * FROM batch_items WHERE org_id = $1 AND batch_id = $2 AND seq > $3
           ORDER BY seq LIMIT $4""",
        org_id, batch_id, after, _AT_ONCE,
    ):  # fmt: skip
        for row in rows:
            yield _given(row)
        after = rows[-1]["seq"]


async def _shown(reads: Reads, org_id: UUID, rows: Sequence[asyncpg.Record]) -> list[Shown]:
    ids = [row["id"] for row in rows]
    sums = await reads.fetch(
        f"""SELECT batch_id, outcome, {_SUMS} FROM batch_items
            WHERE org_id = $1 AND batch_id = ANY($2::uuid[]) AND outcome IS NOT NULL
            GROUP BY batch_id, outcome""",
        org_id, ids,
    )  # fmt: skip
    left = await reads.fetch(
        """SELECT DISTINCT batch_id FROM batch_parts
           WHERE org_id = $1 AND batch_id = ANY($2::uuid[]) AND state <> 'READY'""",
        org_id, ids,
    )  # fmt: skip
    gone = {row["batch_id"] for row in left}
    return [
        _one(row, [part for part in sums if part["batch_id"] == row["id"]], left=row["id"] in gone)
        for row in rows
    ]


def _one(row: asyncpg.Record, sums: Sequence[asyncpg.Record], *, left: bool) -> Shown:
    return Shown(
        row["id"], row["creator"], row["created_at"], row["cancel_asked_at"], row["ended_at"],
        left or bool(sums), row["item_count"],
        {Outcome(part["outcome"]): part["items"] for part in sums},
        sum((_spent(part) for part in sums), Spent()),
    )  # fmt: skip


def _spent(row: asyncpg.Record) -> Spent:
    tokens = Tokens(
        row["input"], row["output"], row["cache_read"], row["cache_write_5m"], row["cache_write_1h"]
    )
    return Spent(tokens, row["cost"], row["list_cost"])


def _given(row: asyncpg.Record) -> Given:
    tokens = Tokens(
        row["input_tokens"], row["output_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"],
        row["cache_write_1h_tokens"],
    )  # fmt: skip
    answer = (row["answer"] or b"").decode()
    result = Result(
        row["ordinal"], row["id"], Outcome(row["outcome"]), row["reason"], answer, row["content"],
        row["stop_reason"], row["answered_by"], row["upstream_id"], row["from_cache"], row["simulated"],
        Spent(tokens, row["cost_micro_usd"], row["list_cost_micro_usd"]),
    )  # fmt: skip
    vault, as_json = Vault(json.loads(row["vault"])), bool(row["output_schema"])
    blocks = content.restored(row["content"], vault, json=as_json)
    return Given(row["seq"], row["custom_id"], vault.restore(answer, json=as_json), blocks, result)
