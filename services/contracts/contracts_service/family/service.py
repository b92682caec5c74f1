"""Reads a family: its members, what it says on a day, its defined terms, and what is missing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import grpc

from bloom.contracts.v1 import contract_pb2, record_service_pb2
from contracts_service import definitions, names
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.contracts import store as contract_store
from contracts_service.definitions import resolving
from contracts_service.definitions.resolving import Resolved
from contracts_service.documents import store as documents
from contracts_service.documents.text import assemble
from contracts_service.evidence import DocumentText, Evidence
from contracts_service.evidence.dates import dates
from contracts_service.family import gaps, order, store
from contracts_service.family.gaps import Gap
from contracts_service.family.model import DAY_FIELDS, Family, Member, member
from contracts_service.family.order import AmendsSeveralError, Speaker
from contracts_service.family.statement import Statement, statements
from contracts_service.grid import store as grid
from contracts_service.record import revisions
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, Reads

MOST_MEMBERS = 1_000
_MOST_CANDIDATES = 10
# A person would not look at more, and each is a document to read.
_MOST_SHOWN_GAPS = 50


@dataclass(frozen=True, slots=True)
class FoundGap:
    """A gap with where the document shows it, and who could fill it."""

    gap: Gap
    document: DocumentText | None
    evidence: Evidence | None
    candidates: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a family says on `day`; `speaking` has the documents in their order."""

    family: Family
    day: date
    speaking: tuple[UUID, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The terms, resolved, with the documents in which they stand."""

    family: Family
    resolved: tuple[Resolved, ...]
    documents: Mapping[UUID, DocumentText]


async def load(reads: Reads, identity: Identity, name: str, *, all_below: bool) -> Family:
    """Raises NOT_FOUND, CONDITION_FORBIDS."""
    asked = await access.permitted(reads, identity, access.READ, names.contract_of(name))
    reached = await store.reach(reads, asked.id, all_below=all_below, most=MOST_MEMBERS + 1)
    found = await contract_store.many(reads, reached[:MOST_MEMBERS])
    seen = [one for one in found if access.sees(identity, one)]
    ids = [one.id for one in seen]
    links = await store.links(reads, ids)
    cells = await grid.cells_of(reads, ids, DAY_FIELDS)
    members = [
        member(
            one,
            [link for link in links if link.contract_id == one.id],
            {field: cells[one.id, field] for field in DAY_FIELDS if (one.id, field) in cells},
        )
        for one in seen
    ]
    members.sort(key=lambda one: (one.id != asked.id, one.effective or date.max, one.contract.created_at))
    precedence, version = await store.precedence(reads, asked.id)
    return Family(
        asked.id,
        {one.id: one for one in members},
        precedence,
        version,
        hidden=len(seen) < len(found),
        more=len(reached) > MOST_MEMBERS,
    )


async def terms(postgres: Postgres, identity: Identity, name: str, day: date, fields: Sequence[str]) -> Terms:
    """Raises NOT_FOUND, CONDITION_FORBIDS, FAMILY_AMBIGUOUS."""
    reads = postgres.reader(identity.tenant)
    family = await load(reads, identity, name, all_below=False)
    speakers = _speaking(family, day)
    cells = await grid.cells_of(reads, list(family.members), fields)
    return Terms(
        family, day, tuple(one.member.id for one in speakers), tuple(statements(family, cells, fields, day))
    )


async def defined_terms(
    postgres: Postgres, identity: Identity, name: str, day: date, term: str, *, after: str, limit: int
) -> Definitions:
    """Those behind `after`, by term; of one where `term` names it. Raises NOT_FOUND, FAMILY_AMBIGUOUS."""
    reads = postgres.reader(identity.tenant)
    family = await load(reads, identity, name, all_below=False)
    speakers = _speaking(family, day, order.ABOVE_FOR_DEFINITIONS)
    async with postgres.transaction(identity.tenant) as connection:
        texts = {one.member.id: await _text(connection, one.member) for one in speakers}
    read = {contract_id: text for contract_id, text in texts.items() if text}
    found = await asyncio.to_thread(lambda: {one: definitions.find(text.text) for one, text in read.items()})
    keys = sorted({one.key for all_ in found.values() for one in all_ if one.key > after})
    if term:
        keys = [key for key in keys if key == definitions.key(term)]
    titles = await _titles(reads, family)
    resolved = (resolving.resolve(key, found, titles) for key in keys[:limit])
    return Definitions(family, tuple(one for one in resolved if one), read)


async def find_gaps(postgres: Postgres, identity: Identity, family: Family) -> list[FoundGap]:
    """What is missing, with passages and candidates."""
    reads = postgres.reader(identity.tenant)
    cells = await grid.cells_of(reads, list(family.members), ("agreement_type",))
    types = {
        one.id: _type(
            one, cell.value if (cell := cells.get((one.id, "agreement_type"))) and cell.holds else ""
        )
        for one in family.members.values()
    }
    return [
        await _found(postgres, identity, family, gap) for gap in gaps.of(family, types)[:_MOST_SHOWN_GAPS]
    ]


async def declare(
    connection: Connection, identity: Identity, name: str, members: Sequence[str], *, etag: str, reason: str
) -> None:
    """Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, INVALID_FIELD."""
    held = await contracts.locked(connection, identity, access.WRITE, names.contract_of(name), "")
    family = await load(connection, identity, name, all_below=True)
    if etag and etag != family.etag:
        raise etag_mismatch(name, family.etag)
    ids = [names.id_of(one) for one in members]
    if strange := [one for one in ids if one not in family.members]:
        raise invalid(
            "family.precedence", f"{names.contract(strange[0])} is not of this family; link it first"
        )
    await store.set_precedence(connection, identity.tenant, held.id, ids)
    await revisions.take(
        connection,
        identity,
        held.id,
        record_service_pb2.REVISION_KIND_UPDATED,
        reason=reason,
        paths=("precedence",),
    )
    await contracts.tell(connection, identity, "contract.precedence_declared", held.id, {"members": len(ids)})


def _speaking(family: Family, day: date, above: tuple[int, ...] = order.ABOVE) -> list[Speaker]:
    try:
        return order.speaking(family, day, above)
    except AmendsSeveralError as several:
        told = [names.contract(one) for one in several.targets]
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_FAMILY_AMBIGUOUS,
            f"The contract amends several others. Ask for the family of one of them: {', '.join(told)}.",
            {"targets": ",".join(told)},
        ) from several


async def _text(connection: Connection, one: Member) -> DocumentText | None:
    document = one.contract.document
    return assemble(document, await documents.pages(connection, document.id)) if document else None


async def _titles(reads: Reads, family: Family) -> dict[UUID, str]:
    cells = await grid.cells_of(reads, list(family.members), ("title",))
    return {
        one.id: f"{one.contract.label} {cell.value if (cell := cells.get((one.id, 'title'))) else ''}"
        for one in family.members.values()
    }


def _type(one: Member, read: str) -> int:
    if one.contract.agreement_type or not read:
        return one.contract.agreement_type
    return contract_pb2.AgreementType.Value(f"AGREEMENT_TYPE_{read}")


async def _found(postgres: Postgres, identity: Identity, family: Family, gap: Gap) -> FoundGap:
    if not gap.lacks_target:
        return FoundGap(gap, None, None, ())
    async with postgres.transaction(identity.tenant) as connection:
        text = await _text(connection, gap.member)
        evidence = gaps.passage(text) if text else None
        named = [one.day for one in dates(evidence.quote) if one.day] if evidence else []
        reach, arguments = access.within(identity, 3)
        found = await store.dated(connection, DAY_FIELDS, named, reach, arguments) if named else []
    candidates = [one for one in found if one != gap.member.id]
    return FoundGap(gap, text if evidence else None, evidence, tuple(candidates[:_MOST_CANDIDATES]))
