"""The rules of contradictions: listed, shown, dismissed, taken up again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import grpc

from contracts_service import names
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.contradictions import store
from contracts_service.contradictions.searching import refresh
from contracts_service.contradictions.stored import Asked, Said, Stored
from service_runtime import audit, outbox, pagination
from service_runtime.errors import DomainError, Reason, etag_mismatch, not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres, Reads

ALL = "contracts/-"
_DEFAULT_PAGE = 50
_SAID = 100
# A PostgreSQL integer holds any number of so many digits.
_ORDINAL_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them; `searched` is false where an empty list means nothing."""

    found: Sequence[Stored]
    next_token: str
    searched: bool


async def page(
    postgres: Postgres, identity: Identity, parent: str, asked: Asked, *, size: int, token: str
) -> Page:
    """Raises NOT_FOUND, PAGE_TOKEN_INVALID."""
    reads = postgres.reader(identity.tenant)
    contract_id = None
    if parent == ALL:
        everywhere, of_everywhere = access.within(identity, 1)
        searched = await store.all_searched(reads, reach=everywhere, arguments=of_everywhere)
    else:
        contract_id = (await access.permitted(reads, identity, access.READ, parent)).id
        searched = await refresh(postgres, identity.tenant, contract_id)
    same = ("contradictions", parent, *asked.same)
    cursor = pagination.decode(token, *same, parts=3)
    reach, arguments = access.within(identity, store.FIRST_ARGUMENT)
    size = size or _DEFAULT_PAGE
    found = await store.page(
        reads,
        contract_id,
        asked,
        _place(cursor) if cursor else None,
        size + 1,
        reach=reach,
        arguments=arguments,
    )
    last = found[size - 1] if len(found) > size else None
    end = [str(last.contract_id), str(last.ordinal), last.key] if last else None
    return Page(found[:size], pagination.encode(end, *same) if end else "", searched)


async def get(postgres: Postgres, identity: Identity, name: str) -> tuple[Stored, list[Said]]:
    """With everything that was said of it, newest first, at most 100. Raises NOT_FOUND."""
    reads = postgres.reader(identity.tenant)
    contract = await access.permitted(reads, identity, access.READ, names.contract_of(name))
    found = await store.get(reads, contract.id, names.last_of(name))
    if found is None:
        raise not_found(name)
    await _require_other(reads, identity, found, name)
    return found, await store.said_of(reads, contract.id, found.key, limit=_SAID)


async def say(
    postgres: Postgres, identity: Identity, name: str, *, dismissed: bool, reason: str, etag: str
) -> Stored:
    """The contradiction as it stands afterwards; saying the same again changes nothing.

    Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, STATE_FORBIDS.
    """
    async with postgres.transaction(identity.tenant) as connection:
        contract = await contracts.locked(connection, identity, access.REVIEW, names.contract_of(name), "")
        before = await store.get(connection, contract.id, names.last_of(name))
        if before is None:
            raise not_found(name)
        await _require_other(connection, identity, before, name)
        if etag and etag != before.etag:
            raise etag_mismatch(name, before.etag)
        if before.gone:
            raise _gone(name)
        if before.dismissed == dismissed:
            return before
        await store.say(
            connection,
            identity.tenant,
            before,
            Said(dismissed, identity.subject, datetime.now(UTC), reason),
        )
        action = "dismissed" if dismissed else "reopened"
        fingerprint = audit.fingerprint({"reason": reason})
        await audit.record(
            connection, identity, f"contradiction.{action}", name, {"said_sha256": fingerprint}
        )
        await outbox.append(connection, identity.tenant, "contradiction.reviewed", {"contradiction": name})
        after = await store.get(connection, contract.id, before.key)
    if after is None:
        raise RuntimeError("a contradiction that was just written is not there")
    return after


async def _require_other(reads: Reads, identity: Identity, one: Stored, name: str) -> None:
    """What quotes a contract that the caller may not see does not exist for him. Raises NOT_FOUND."""
    if one.other_id is not None:
        await access.require_of(reads, identity, access.READ, one.other_id, name)


def _gone(name: str) -> DomainError:
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "The contract's documents do not say so any more. List its contradictions again.",
        {"name": name},
    )


def _place(cursor: list[str]) -> tuple[UUID, int, str]:
    if not cursor[1].isdecimal() or len(cursor[1]) > _ORDINAL_DIGITS:
        raise pagination.invalid_token()
    try:
        return UUID(cursor[0]), int(cursor[1]), cursor[2]
    except ValueError as broken:
        raise pagination.invalid_token() from broken
