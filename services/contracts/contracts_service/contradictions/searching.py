"""Keeps the contradictions of a contract as its documents and its latest analysis have them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from bloom.contracts.v1 import contract_pb2, contradiction_service_pb2
from contracts_service.analysis import store as analysis
from contracts_service.contracts import store as contracts
from contracts_service.contracts.model import Contract
from contracts_service.contradictions import isolate, store
from contracts_service.contradictions.model import Contradiction
from contracts_service.contradictions.stored import Stored
from contracts_service.contradictions.structure import amends
from contracts_service.documents import store as documents
from contracts_service.documents.model import Document
from contracts_service.documents.text import assemble
from contracts_service.evidence import DocumentText
from contracts_service.family import store as family
from contracts_service.family.model import AMENDS
from contracts_service.record import store as record
from service_runtime.errors import DomainError
from service_runtime.postgres import Connection, Postgres

_log = logging.getLogger("bloom.contradictions")

#: Counts changes of what the search finds: contracts that an earlier one has searched are searched anew.
SEARCH = 1
# An agreement with more amendments than these is read with the newest of them.
_MOST_DOCUMENTS = 6
_MOST_VALUES = 2_000
_COMPARED = (contract_pb2.VALUE_STATUS_VERIFIED, contract_pb2.VALUE_STATUS_CONFLICT)


@dataclass(frozen=True, slots=True)
class _Held:
    """What is searched: the documents in force, newest first, the values of the first, what it amends."""

    basis: str
    documents: tuple[DocumentText, ...]
    values: tuple[Mapping[str, Any], ...]
    amended: tuple[tuple[UUID, DocumentText], ...]


async def refresh(postgres: Postgres, org_id: UUID, contract_id: UUID) -> bool:
    """Searches the contract, unless that was done. Whether what is stored is all that there is to find.

    Two that do this at once find the same; what changes in between is found by the next.
    """
    async with postgres.transaction(org_id) as connection:
        contract = await contracts.get(connection, contract_id)
        if contract is None or contract.document is None:
            return False
        amended = await _amended(connection, contract)
        basis, complete = await store.basis(connection, contract_id)
        if basis == _basis(contract, amended):
            return complete
        held = await _held(connection, contract, amended)
    found = await isolate.search(held.documents, held.values, [text for _, text in held.amended])
    async with postgres.transaction(org_id) as connection:
        now = await contracts.lock(connection, contract_id)
        if now is not None and _basis(now, await _amended(connection, now)) == held.basis:
            kept = [_stored(contract_id, place, one, held) for place, one in enumerate(found or (), start=1)]
            if found is not None:
                await store.put(connection, org_id, contract_id, kept)
            await store.searched(connection, org_id, contract_id, held.basis, complete=found is not None)
    return found is not None


async def try_refresh(postgres: Postgres, org_id: UUID, contract_id: UUID) -> None:
    """After an analysis is published: what goes wrong here is made up for when somebody looks."""
    try:
        await refresh(postgres, org_id, contract_id)
    except (DomainError, OSError) as fault:
        _log.warning("contradictions were not searched: %s", type(fault).__name__)


async def _amended(connection: Connection, contract: Contract) -> list[Contract]:
    """Those that people have linked as amended by it, and that have a file."""
    links = await family.links(connection, [contract.id])
    targets = [link.target_id for link in links if link.kind == AMENDS][:_MOST_DOCUMENTS]
    found = [await contracts.get(connection, target) for target in targets]
    return [one for one in found if one is not None and one.document is not None]


def _basis(contract: Contract, amended: Sequence[Contract]) -> str:
    texts = ",".join(str(one.document.id) for one in (contract, *amended) if one.document)
    return f"{SEARCH}:{texts}:{contract.published_operation}"


async def _held(connection: Connection, contract: Contract, amended: Sequence[Contract]) -> _Held:
    texts = [(one.id, await _text(connection, one.document)) for one in amended if one.document]
    return _Held(
        _basis(contract, amended),
        await _in_force(connection, contract),
        await _values(connection, contract),
        tuple(texts),
    )


async def _text(connection: Connection, document: Document) -> DocumentText:
    return assemble(document, await documents.pages(connection, document.id))


async def _in_force(connection: Connection, contract: Contract) -> tuple[DocumentText, ...]:
    """The contract's file; for an amendment, also those before it, as far as the agreement that it amends."""
    found: list[DocumentText] = []
    for version in (await record.document_versions(connection, contract.id))[:_MOST_DOCUMENTS]:
        found.append(await _text(connection, version.document))
        if not amends(found[-1].text):
            return tuple(found)
    # Amendments alone: there is nothing to hold them against.
    return tuple(found[:1])


async def _values(connection: Connection, contract: Contract) -> tuple[Mapping[str, Any], ...]:
    if contract.published_operation is None:
        return ()
    read = await analysis.values(connection, contract.published_operation, after=0, limit=_MOST_VALUES)
    return tuple(
        {**asdict(value), "status": contract_pb2.ValueStatus.Name(value.status).removeprefix("VALUE_STATUS_")}  # type: ignore[arg-type]
        for _, value in read
        if value.status in _COMPARED
    )


def _stored(contract_id: UUID, ordinal: int, one: Contradiction, held: _Held) -> Stored:
    return Stored(
        contract_id=contract_id,
        key=one.key,
        ordinal=ordinal,
        kind=contradiction_service_pb2.ContradictionKind.Value(f"CONTRADICTION_KIND_{one.kind}"),
        severity=contradiction_service_pb2.ContradictionSeverity.Value(
            f"CONTRADICTION_SEVERITY_{one.severity}"
        ),
        sentence=one.sentence,
        computation=one.computation,
        passages=_passages(one, [*held.documents, *(text for _, text in held.amended)]),
        other_id=next((other for other, text in held.amended if _quotes(one, text)), None),
    )


def _quotes(one: Contradiction, text: DocumentText) -> bool:
    return any(passage.document_id == text.document_id for passage in one.passages)


def _passages(one: Contradiction, texts: Sequence[DocumentText]) -> list[Mapping[str, Any]]:
    sha256 = {text.document_id: text.sha256 for text in texts}
    return [
        {
            "value": passage.value,
            "evidence": {
                "document": passage.document_id,
                "document_sha256": sha256[passage.document_id],
                **asdict(passage.evidence),
            },
        }
        for passage in one.passages
    ]
