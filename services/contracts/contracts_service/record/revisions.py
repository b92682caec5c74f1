"""Keeps the contract as it stands after a change: who, when and why."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from contracts_service import names
from contracts_service.contracts import store as contracts
from contracts_service.contracts.model import Contract
from contracts_service.family import store as family
from contracts_service.record import store, terms, units
from contracts_service.rules import LATEST
from service_runtime.audit import fingerprint
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


async def take(
    connection: Connection,
    identity: Identity,
    contract_id: UUID,
    kind: int,
    *,
    reason: str = "",
    paths: tuple[str, ...] = (),
) -> Contract:
    """After the change, in its transaction, by whoever holds the contract; the contract as it is then."""
    contract = await contracts.get(connection, contract_id)
    if contract is None:
        raise RuntimeError("a contract vanished while it was held")
    held = await terms.of(connection, contract)
    number = await store.add_revision(
        connection,
        identity.tenant,
        contract_id,
        kind=kind,
        actor=identity.subject,
        reason=reason,
        paths=paths,
        rule_pack=LATEST,
        snapshot=_snapshot(contract, units.nested(held.by_path)) | await _family(connection, contract_id),
    )
    return replace(contract, revision=number)


async def sealed(connection: Connection, contract_id: UUID) -> dict[str, str | int | bool]:
    """For the audit chain: the latest revision, and the SHA-256 of what it kept."""
    latest = await store.latest(connection, contract_id)
    if latest is None or latest.snapshot is None:
        return {}
    return {"revision": latest.number, "revision_sha256": fingerprint(latest.snapshot)}


def _snapshot(contract: Contract, nested: dict[str, Any]) -> dict[str, Any]:
    return {
        "state": contract.state,
        "label": contract.label,
        "reference_no": contract.reference_no,
        "office": contract.office,
        "agreement_type": contract.agreement_type,
        "tags": list(contract.tags),
        "department": contract.department,
        "document": names.document(contract.document.id) if contract.document else "",
        "terms": nested,
    }


async def _family(connection: Connection, contract_id: UUID) -> dict[str, Any]:
    links = await family.links(connection, [contract_id])
    precedence, _ = await family.precedence(connection, contract_id)
    return {
        "links": [
            {
                "name": names.link(contract_id, link.id),
                "target": names.contract(link.target_id),
                "kind": link.kind,
                "ordinal": link.ordinal,
            }
            | ({"effective_date": _date(link.effective_date)} if link.effective_date else {})
            for link in links
        ],
        "precedence": [names.contract(member) for member in precedence],
    }


def _date(day: date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}
