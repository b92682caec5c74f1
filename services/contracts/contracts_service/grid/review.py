"""What people say of a cell: accepted, corrected, rejected, or taken back. Nothing of it is ever lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import grpc

from bloom.contracts.v1 import contract_pb2, record_service_pb2
from contracts_service import names
from contracts_service.analysis import store as analysis
from contracts_service.analysis.model import StoredValue
from contracts_service.contracts import access, service
from contracts_service.contracts.model import Contract
from contracts_service.evidence.reasons import Doubt
from contracts_service.fields import FIELDS
from contracts_service.grid import store
from contracts_service.grid.effective import effective, wrong_form
from contracts_service.grid.model import ACCEPTED, CORRECTED, OPEN, REJECTED, Cell, Review
from contracts_service.record import revisions
from service_runtime import audit, outbox
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid, not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

_ACTIONS: Mapping[int, str] = {
    ACCEPTED: "accepted",
    CORRECTED: "corrected",
    REJECTED: "rejected",
    OPEN: "reopened",
}


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of a field. Without a value, acceptance is of the one that was read."""

    review: int
    value: str = ""
    unit: str = ""
    reason: str = ""


async def say(postgres: Postgres, identity: Identity, name: str, etag: str, word: Word) -> tuple[UUID, Cell]:
    """The cell as it stands afterwards.

    Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, INVALID_FIELD, STATE_FORBIDS.
    """
    contract_name, field = names.field_of(name)
    if field not in FIELDS:
        raise not_found(name)
    async with postgres.transaction(identity.tenant) as connection:
        contract = await service.locked(connection, identity, access.REVIEW, contract_name, "")
        before = await store.cell(connection, contract.id, field) or Cell(field)
        if etag and etag != before.etag:
            raise etag_mismatch(name, before.etag)
        read = await of_field(connection, contract, field)
        after = await write(connection, identity, contract, read, before, checked(name, read, before, word))
        await revisions.take(
            connection,
            identity,
            contract.id,
            record_service_pb2.REVISION_KIND_REVIEWED,
            reason=word.reason,
            paths=(f"fields.{field}",),
        )
    return contract.id, after


def checked(name: str, read: Sequence[StoredValue], before: Cell, word: Word) -> Word:
    """The word with its value. Raises INVALID_FIELD, STATE_FORBIDS."""
    if word.review == ACCEPTED:
        return _accepted(name, read, word)
    if word.review == CORRECTED and (wrong := wrong_form(before.field, word.value, word.unit)):
        spec = FIELDS[before.field]
        form = " or ".join(f"a value in {unit}" for unit in spec.units)
        raise invalid("value", f"{Doubt(wrong).sentence} {spec.label} takes {form}.")
    if word.review == OPEN and before.review == OPEN:
        raise _nothing(name, "Nobody has said anything of this cell.")
    return word


def _accepted(name: str, read: Sequence[StoredValue], word: Word) -> Word:
    """Of the values that were read; an absent or redacted one is accepted as that."""
    if not read:
        raise _nothing(name, "Nothing was read for this cell. Correct it instead.")
    asked = [one for one in read if not word.value or (one.value, one.unit) == (word.value, word.unit)]
    if not asked:
        raise invalid("value", "no such value was read. Correct the cell instead.")
    if len({(one.value, one.unit) for one in asked}) > 1:
        raise invalid("value", "several values were read: say which of them holds.")
    silent = asked[0].status in (contract_pb2.VALUE_STATUS_ABSENT, contract_pb2.VALUE_STATUS_REDACTED)
    return word if silent else replace(word, value=asked[0].value, unit=asked[0].unit)


async def write(
    connection: Connection,
    identity: Identity,
    contract: Contract,
    read: Sequence[StoredValue],
    before: Cell,
    word: Word,
) -> Cell:
    """Keeps the word, and shows the cell by it; audited. The caller holds the contract."""
    now_read = effective(before.field, read, None)
    review = Review(
        review=word.review,
        value=word.value,
        unit=word.unit,
        reviewer=identity.subject,
        at=datetime.now(UTC),
        reason=word.reason,
        read_value=now_read.value,
        read_unit=now_read.unit,
        read_status=now_read.status,
        operation_id=contract.published_operation,
    )
    await store.add_review(connection, identity.tenant, contract.id, before.field, review)
    after = effective(before.field, read, review)
    await store.put(connection, identity.tenant, contract.id, [after])
    name = names.cell(contract.id, before.field)
    said = audit.fingerprint({"value": word.value, "unit": word.unit, "reason": word.reason})
    await audit.record(connection, identity, f"cell.{_ACTIONS[word.review]}", name, {"said_sha256": said})
    await outbox.append(connection, identity.tenant, "cell.reviewed", {"cell": name})
    return replace(after, version=before.version + 1)


async def of_field(connection: Connection, contract: Contract, field: str) -> list[StoredValue]:
    """What the latest analysis read for a field."""
    if contract.published_operation is None:
        return []
    return await analysis.of_field(connection, contract.published_operation, field)


async def show(
    connection: Connection, org_id: UUID, contract_id: UUID, values: Sequence[StoredValue]
) -> None:
    """After an analysis: every cell anew, from its values and what people have said before."""
    said = await store.latest_reviews(connection, contract_id)
    by_field: dict[str, list[StoredValue]] = {}
    for value in values:
        by_field.setdefault(value.field, []).append(value)
    fields = by_field.keys() | said.keys()
    cells = [effective(field, by_field.get(field, ()), said.get(field)) for field in sorted(fields)]
    await store.put(connection, org_id, contract_id, cells)


def _nothing(name: str, problem: str) -> DomainError:
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION, Reason.ERROR_REASON_STATE_FORBIDS, problem, {"name": name}
    )
