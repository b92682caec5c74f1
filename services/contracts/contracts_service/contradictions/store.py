"""SQL for contradictions, what people say of them, and what was searched."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from contracts_service.contradictions.stored import Asked, Said, Stored
from service_runtime.postgres import Connection, Reads

_FOUND = "key, ordinal, kind, severity, sentence, computation, passages, other_id"
_COLUMNS = f"""contradictions.contract_id, {_FOUND}, found_at, gone, dismissed, reviewer, reviewed_at,
    review_reason, contradictions.version"""
_STATE = "CASE WHEN gone THEN 3 WHEN dismissed THEN 2 ELSE 1 END"
_SHOWN = (1, 2)
#: Where a compiled condition on contracts has its first argument in `page`.
FIRST_ARGUMENT = 9


def _from_row(row: asyncpg.Record) -> Stored:
    return Stored(**dict(row))


async def basis(reads: Reads, contract_id: UUID) -> tuple[str, bool]:
    """What was searched last, and whether to the end; "" for a contract that was never searched."""
    row = await reads.fetchrow(
        "SELECT basis, complete FROM contradiction_searches WHERE contract_id = $1", contract_id
    )
    return (row["basis"], row["complete"]) if row else ("", False)


async def all_searched(reads: Reads, *, reach: str, arguments: Sequence[object]) -> bool:
    """Whether every contract that has a file was searched once. `reach` has its arguments from $1 on."""
    missing = await reads.fetchrow(
        f"""SELECT 1 FROM contracts WHERE deleted_at IS NULL AND document_id IS NOT NULL AND ({reach})
              AND NOT EXISTS (SELECT FROM contradiction_searches AS done
                              WHERE done.org_id = contracts.org_id AND done.contract_id = contracts.id)
            LIMIT 1""",
        *arguments,
    )  # fmt: skip
    return missing is None


async def searched(
    connection: Connection, org_id: UUID, contract_id: UUID, searched_basis: str, *, complete: bool
) -> None:
    """Notes what was searched."""
    await connection.execute(
        """INSERT INTO contradiction_searches (org_id, contract_id, basis, complete) VALUES ($1, $2, $3, $4)
           ON CONFLICT (org_id, contract_id)
           DO UPDATE SET basis = excluded.basis, complete = excluded.complete, at = now()""",
        org_id, contract_id, searched_basis, complete,
    )  # fmt: skip


async def put(connection: Connection, org_id: UUID, contract_id: UUID, found: Sequence[Stored]) -> None:
    """What the contract has from now on. What people have said stays; what is found no more is gone."""
    await connection.execute(
        """UPDATE contradictions SET gone = true, version = version + 1
           WHERE contract_id = $1 AND NOT gone AND key <> ALL($2::text[])""",
        contract_id, [one.key for one in found],
    )  # fmt: skip
    await connection.executemany(
        f"""INSERT INTO contradictions AS there (org_id, contract_id, {_FOUND})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (org_id, contract_id, key) DO UPDATE SET ordinal = excluded.ordinal,
                severity = excluded.severity, sentence = excluded.sentence,
                computation = excluded.computation, passages = excluded.passages,
                other_id = excluded.other_id, gone = false,
                version = there.version + 1
            WHERE (there.ordinal, there.severity, there.sentence, there.computation, there.passages,
                    there.gone)
                IS DISTINCT FROM (excluded.ordinal, excluded.severity, excluded.sentence,
                    excluded.computation, excluded.passages, false)""",
        [
            (
                org_id, contract_id, one.key, one.ordinal, one.kind, one.severity, one.sentence,
                one.computation, list(one.passages), one.other_id,
            )
            for one in found
        ],
    )  # fmt: skip


async def get(reads: Reads, contract_id: UUID, key: str) -> Stored | None:
    """One of them, also when it is gone."""
    row = await reads.fetchrow(
        f"SELECT {_COLUMNS} FROM contradictions WHERE contract_id = $1 AND key = $2", contract_id, key
    )
    return _from_row(row) if row else None


async def page(
    reads: Reads,
    contract_id: UUID | None,
    asked: Asked,
    after: tuple[UUID, int, str] | None,
    limit: int,
    *,
    reach: str,
    arguments: Sequence[object],
) -> list[Stored]:
    """Newest contract first, then in order. `reach` has its arguments from FIRST_ARGUMENT on."""
    of_contract, ordinal, key = after or (None, None, None)
    rows = await reads.fetch(
        f"""SELECT {_COLUMNS} FROM contradictions
            JOIN contracts ON contracts.org_id = contradictions.org_id
                AND contracts.id = contradictions.contract_id
            WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR contradictions.contract_id = $1)
              AND ($2::uuid IS NULL OR contradictions.contract_id < $2
                   OR (contradictions.contract_id = $2 AND (ordinal, key) > ($3::integer, $4::text)))
              AND (kind = ANY($5::smallint[]) OR cardinality($5::smallint[]) = 0)
              AND (severity = ANY($6::smallint[]) OR cardinality($6::smallint[]) = 0)
              AND {_STATE} = ANY($7::integer[]) AND ({reach})
              AND (other_id IS NULL
                   OR other_id IN (SELECT contracts.id FROM contracts WHERE deleted_at IS NULL AND ({reach})))
            ORDER BY contradictions.contract_id DESC, ordinal, key LIMIT $8""",
        contract_id, of_contract, ordinal, key, list(asked.kinds), list(asked.severities),
        list(asked.states or _SHOWN), limit, *arguments,
    )  # fmt: skip
    return list(map(_from_row, rows))


async def say(connection: Connection, org_id: UUID, one: Stored, said: Said) -> None:
    """Keeps what a person said, and shows it. The caller holds the contract."""
    await connection.execute(
        """INSERT INTO contradiction_reviews
               (org_id, contract_id, key, number, dismissed, reviewer, at, reason)
           SELECT $1, $2, $3, count(*) + 1, $4, $5, $6, $7
           FROM contradiction_reviews WHERE contract_id = $2 AND key = $3""",
        org_id, one.contract_id, one.key, said.dismissed, said.reviewer, said.at, said.reason,
    )  # fmt: skip
    await connection.execute(
        """UPDATE contradictions SET dismissed = $3, reviewer = $4, reviewed_at = $5, review_reason = $6,
                                     version = version + 1
           WHERE contract_id = $1 AND key = $2""",
        one.contract_id, one.key, said.dismissed, said.reviewer, said.at, said.reason,
    )  # fmt: skip


async def said_of(reads: Reads, contract_id: UUID, key: str, *, limit: int) -> list[Said]:
    """Everything that was said, newest first."""
    rows = await reads.fetch(
        """SELECT dismissed, reviewer, at, reason FROM contradiction_reviews
           WHERE contract_id = $1 AND key = $2 ORDER BY number DESC LIMIT $3""",
        contract_id, key, limit,
    )  # fmt: skip
    return [Said(**dict(row)) for row in rows]
