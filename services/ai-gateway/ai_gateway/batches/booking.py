"""Results and money of a part, written in its runner's transaction."""

import logging
from collections.abc import Sequence

from ai_gateway.batches.batch import Lease, Part, Result
from ai_gateway.egress.record import Ending
from ai_gateway.money.tokens import Spent
from service_runtime.audit import canonical
from service_runtime.postgres import Connection

_log = logging.getLogger("bloom.ai.batches")
_RESULT = """UPDATE batch_items SET
        outcome = $4, seq = $5, reason = $6, answer = $7, stop_reason = $8, answered_by = $9,
        upstream_id = $10, from_cache = $11, simulated = $12, metered = $13, input_tokens = $14,
        output_tokens = $15, cache_read_tokens = $16, cache_write_5m_tokens = $17,
        cache_write_1h_tokens = $18, cost_micro_usd = $19, list_cost_micro_usd = $20, content = $21,
        params = NULL
    WHERE org_id = $1 AND batch_id = $2 AND ordinal = $3 AND outcome IS NULL"""
_END = """UPDATE batches SET ended_at = now() WHERE org_id = $1 AND id = $2 AND planned AND NOT EXISTS (
        SELECT FROM batch_items WHERE org_id = $1 AND batch_id = $2 AND outcome IS NULL
    )"""


async def write(connection: Connection, lease: Lease, results: Sequence[Result]) -> None:
    """Each in its place behind the last; with the last of all the batch has ended."""
    last = await connection.fetchval(
        """UPDATE batches SET last_seq = last_seq + $3 WHERE org_id = $1 AND id = $2
           RETURNING last_seq - $3""",
        lease.org_id, lease.batch_id, len(results),
    )  # fmt: skip
    await connection.executemany(
        _RESULT, [_values(lease, last + place, result) for place, result in enumerate(results, 1)]
    )
    await connection.execute(_END, lease.org_id, lease.batch_id)


async def end_record(connection: Connection, lease: Lease, part: Part, ending: Ending) -> None:
    """Ends the part's record, if one is open, and books what its written items used."""
    if part.egress_id is None:
        return
    fields = ending.fields(part.egress_id)
    row = {**fields, "entry": canonical(fields).decode()}
    for alert in await connection.fetch(
        "SELECT * FROM settle_batch_egress($1, $2, $3::jsonb)", lease.org_id, part.id, row
    ):
        _log.warning("a budget is at %s %%", alert["percent"], extra={**alert, "org": str(lease.org_id)})


def _values(lease: Lease, seq: int, result: Result) -> tuple[object, ...]:
    spent = result.spent or Spent()
    tokens = spent.tokens
    return (
        lease.org_id, lease.batch_id, result.ordinal, result.outcome.value, seq, result.reason,
        # Halves of characters, which JSON can name, are no text.
        result.answer.encode(errors="replace"), result.stop_reason, result.model, result.upstream_id,
        result.from_cache, result.simulated, result.spent is not None and not result.from_cache,
        tokens.input, tokens.output, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h,
        spent.cost, spent.list_cost, result.content,
    )  # fmt: skip
