"""Makes an analysis the contract's record: values, entries, record, audit and outbox in one transaction."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from bloom.contracts.v1 import contract_pb2, record_service_pb2
from contracts_service import names
from contracts_service.analysis import store
from contracts_service.analysis.model import StoredEntry, StoredValue
from contracts_service.analysis.storing import digest
from contracts_service.contracts import store as contracts
from contracts_service.grid import review
from contracts_service.operations import store as operations
from contracts_service.operations.model import Operation
from contracts_service.prompts.uses import Use
from contracts_service.reading import store as reading
from contracts_service.record import revisions
from service_runtime import audit, outbox
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

_KEPT_OF_FIELDS = ("counts", "instructions_to_reader")


async def publish(
    connection: Connection,
    operation: Operation,
    values: Sequence[StoredValue],
    entries: Sequence[StoredEntry],
    shown: Mapping[str, object],
) -> None:
    """Does nothing when the operation has ended. What earlier analyses read stays theirs, untouched."""
    if not await operations.end(connection, operation.id, contract_pb2.ANALYSIS_STATE_DONE):
        return
    before = await _before(connection, operation)
    await store.insert_values(connection, operation.org_id, operation.id, values)
    await reading.insert(connection, operation.org_id, operation.id, entries)
    if before is not None:
        shown = await _taken_over(connection, operation, before, shown)
    await contracts.publish(
        connection, operation.contract_id, operation.id, shown, contract_pb2.ANALYSIS_STATE_DONE
    )
    if Use.FIELDS in operation.uses:
        await review.show(connection, operation.org_id, operation.contract_id, values)
    actor = Identity(subject=operation.subject, org_id=operation.org_id, workload="contracts")
    name = names.contract(operation.contract_id)
    kind, reason = record_service_pb2.REVISION_KIND_ANALYZED, names.operation(operation.id)
    await revisions.take(connection, actor, operation.contract_id, kind, reason=reason)
    told: dict[str, str | int | bool] = {
        "operation": names.operation(operation.id),
        "values": len(values),
        "entries": len(entries),
        "read_sha256": digest(values, entries),
        **await revisions.sealed(connection, operation.contract_id),
    }
    await audit.record(connection, actor, "contract.analyzed", name, told)
    await outbox.append(connection, operation.org_id, "contract.analyzed", {"contract": name})


async def _before(connection: Connection, operation: Operation) -> UUID | None:
    """The analysis that is shown until now, where it is of the same document."""
    contract = await contracts.get(connection, operation.contract_id)
    shown = contract.published_operation if contract else None
    if contract is None or shown is None:
        return None
    read = await operations.document_of(connection, shown)
    return shown if contract.document and read in (None, contract.document.id) else None


async def _taken_over(
    connection: Connection, operation: Operation, before: UUID, shown: Mapping[str, object]
) -> Mapping[str, object]:
    """What this analysis did not read is shown as the one before read it."""
    await reading.take_over(connection, before, operation.id, operation.uses)
    if Use.FIELDS in operation.uses:
        return shown
    await store.take_over(connection, before, operation.id)
    contract = await contracts.get(connection, operation.contract_id)
    earlier = contract.analysis if contract else {}
    return {**shown, **{name: earlier[name] for name in _KEPT_OF_FIELDS if name in earlier}}
