"""What a member may see of the organization's audit chain."""

from collections.abc import AsyncIterator

import asyncpg

from service_runtime import audit, pagination
from service_runtime.auditing import store
from service_runtime.auditing.heads import SignedHeads
from service_runtime.auditing.store import Filter
from service_runtime.chain_file import Entry, Head
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres

_DEFAULT_PAGE = 25
_AT_ONCE = 500


async def page(
    postgres: Postgres, identity: Identity, wanted: Filter, *, size: int, token: str
) -> tuple[list[asyncpg.Record], str]:
    """A page of events, newest first, and the token of the next."""
    arguments = ("auditEvents", wanted.actor, wanted.action, wanted.resource, f"{wanted.start} {wanted.end}")
    before, size = pagination.ordinal(token, *arguments) or None, size or _DEFAULT_PAGE
    rows = await store.page(postgres.reader(identity.tenant), identity.tenant, wanted, before, size + 1)
    if len(rows) <= size:
        return rows, ""
    return rows[:size], pagination.encode([str(rows[size - 1]["seq"])], *arguments)


async def export(
    postgres: Postgres, heads: SignedHeads, identity: Identity, after: int
) -> AsyncIterator[Entry | Head]:
    """The events, oldest first, up to the export's own; last the head that is signed at their end."""
    org_id = identity.tenant
    async with postgres.transaction(org_id) as connection:
        await audit.record(
            connection, identity, "audit.exported", f"organizations/{org_id}", {"after_seq": after}
        )
    head, reads = await heads.signed(org_id), postgres.reader(org_id)
    while rows := await store.chain(reads, org_id, after=after, until=head.seq, limit=_AT_ONCE):
        for row in rows:
            yield Entry(row["seq"], row["event"], row["hash"].hex())
        after = rows[-1]["seq"]
    yield head
