"""Signs the heads of audit chains: at each export, and on a timer where a chain grew.

What is signed was walked before: from the last signed head, whose record must still be the one that was
signed, over every event since. So who rewrites the chain in the database gets no signature for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

import grpc

from service_runtime.auditing import store
from service_runtime.chain_file import BrokenChainError, Entry, Fault, Head, digest
from service_runtime.errors import DomainError
from service_runtime.postgres import Connection, Postgres
from service_runtime.signed_head import Seal

_log = logging.getLogger("bloom.audit")
_AT_ONCE = 500


class Signer(Protocol):
    """Who has the key."""

    async def sign(self, org_id: UUID, head: Head) -> tuple[Seal, datetime]:
        """The signature, and the time that it tells. Raises DomainError."""


class SignedHeads:
    """The signed heads of the chains in one service's database."""

    def __init__(self, postgres: Postgres, signer: Signer) -> None:
        self._postgres = postgres
        self._signer = signer

    async def signed(self, org_id: UUID) -> Head:
        """The organization's head as it is now, signed. Raises BrokenChainError for a chain not whole."""
        async with self._postgres.transaction(org_id) as connection:
            await store.take_turn(connection, org_id)
            last, head = await store.newest_signed(connection, org_id), await store.head(connection, org_id)
            if last.seal is not None and last == head:
                return last
            await _require_whole(connection, org_id, last, head)
            seal, at = await self._signer.sign(org_id, head)
            if head.seq:
                await store.add_signed(connection, org_id, head, seal, at)
        return Head(head.seq, head.hash, seal)

    async def keep(self, every_seconds: float) -> None:
        """Runs until it is cancelled. Any number of processes may do so at once."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self.sign_grown()
            except DomainError as fault:
                _log.warning("audit heads wait: %s", fault.reason_name)

    async def sign_grown(self) -> int:
        """How many heads were signed."""
        count = 0
        async for org_id in self._grown():
            try:
                await self.signed(org_id)
            except BrokenChainError as broken:
                _log.error("an audit chain is broken: %s", broken, extra={"org": str(org_id)})
            except DomainError as refused:
                if refused.code is not grpc.StatusCode.FAILED_PRECONDITION:
                    raise
                _log.error("an audit chain was cut: %s", refused.message, extra={"org": str(org_id)})
            else:
                count += 1
        return count

    async def _grown(self) -> AsyncIterator[UUID]:
        after: UUID | None = None
        while True:
            async with self._postgres.sweeping() as connection:
                found = await store.grown(connection, after, _AT_ONCE)
            for org_id in found:
                yield org_id
            if len(found) < _AT_ONCE:
                return
            after = found[-1]


async def _require_whole(connection: Connection, org_id: UUID, last: Head, head: Head) -> None:
    """From the last signed head to this one. Raises BrokenChainError."""
    reached = Head()
    if last.seq:
        rows = await store.chain(connection, org_id, after=last.seq - 1, until=last.seq, limit=1)
        reached = Head(last.seq, rows[0]["hash"].hex()) if rows else Head()
        if reached != last:
            raise _broken(last.seq, "is not the one whose hash was signed")
    while reached.seq < head.seq:
        rows = await store.chain(connection, org_id, after=reached.seq, until=head.seq, limit=_AT_ONCE)
        for row in rows:
            entry = Entry(row["seq"], row["event"], row["hash"].hex())
            if entry.seq != reached.seq + 1 or digest(reached.hash, entry.text) != entry.hash:
                raise _broken(reached.seq + 1, "is missing or was changed")
            reached = Head(entry.seq, entry.hash)
        if not rows:
            raise _broken(reached.seq + 1, "is missing")
    if reached != head:
        raise _broken(reached.seq, "is not the head that the writers know")


def _broken(seq: int, why: str) -> BrokenChainError:
    return BrokenChainError(Fault.CHANGED, seq, f"Record {seq} {why}.")
