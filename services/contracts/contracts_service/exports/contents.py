"""What an export has of a contract: its files, and everything known about it as one JSON."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from contracts_service import messages, names
from contracts_service.analysis import store as values
from contracts_service.contracts import access
from contracts_service.contracts.model import Contract
from contracts_service.fields import FIELDS
from contracts_service.grid import store as cells
from contracts_service.grid.messages import cell_message
from contracts_service.reading import messages as reading
from contracts_service.reading import store as entries
from contracts_service.record import service as record
from contracts_service.record import store as documents
from contracts_service.record.messages import document_version_message, record_message
from contracts_service.record.store import DocumentVersion
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

# No analysis has more.
_ALL = 1_000_000
_NO_STATUS = -1
_UNSAFE = re.compile(r"[^\w.,()+ -]")


@dataclass(frozen=True, slots=True)
class Contents:
    """Of one contract. `documents` are all its files, oldest first."""

    folder: str
    json: bytes
    documents: tuple[DocumentVersion, ...]

    def path(self, document: DocumentVersion) -> str:
        """Within the ZIP; a name that somebody chose leads nowhere else."""
        name = _UNSAFE.sub("_", document.document.filename).strip(". ")[-150:]
        return f"{self.folder}/documents/{document.number}-{name}"


async def contents_of(connection: Connection, identity: Identity, contract_id: UUID) -> Contents:
    """Raises NOT_FOUND where the contract is gone, or out of the caller's reach by now."""
    name = names.contract(contract_id)
    contract = await access.permitted(connection, identity, access.READ, name)
    files = tuple(reversed(await documents.document_versions(connection, contract_id)))
    known = {
        "contract": _shown(messages.contract(contract)),
        "record": _shown(record_message(await record.get(connection, identity, names.record(contract_id)))),
        "cells": await _cells(connection, contract_id),
        **await _read(connection, contract),
        "documents": [_shown(document_version_message(one)) for one in files],
    }
    return Contents(name, json.dumps(known, ensure_ascii=False, indent=1).encode(), files)


async def _cells(connection: Connection, contract_id: UUID) -> list[dict[str, Any]]:
    held = await cells.cells(connection, contract_id)
    return [_shown(cell_message(contract_id, held[field])) for field in FIELDS if field in held]


async def _read(connection: Connection, contract: Contract) -> dict[str, Any]:
    """What the analysis that counts has proven, or not."""
    operation = contract.published_operation
    if operation is None:
        return {"values": [], "entries": []}
    found = await values.values(connection, operation, after=0, limit=_ALL)
    listed = await entries.page(
        connection, operation, after=0, limit=_ALL, use="", kind="", hidden_status=_NO_STATUS
    )
    return {
        "values": _all([messages.value(one) for _, one in found]),
        "entries": _all([reading.entry(one) for _, one in listed]),
    }


def _all(shown: Sequence[Message]) -> list[dict[str, Any]]:
    return [_shown(one) for one in shown]


def _shown(message: Message) -> dict[str, Any]:
    """As REST shows it."""
    return MessageToDict(message, preserving_proto_field_name=True)
