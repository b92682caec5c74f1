"""An analysis is asked for: the operation, its job and the record's state, in one transaction."""

import grpc
from opentelemetry import propagate

from bloom.contracts.v1 import contract_pb2
from contracts_service import names, queue
from contracts_service.analysis import store
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.contracts import store as contract_store
from contracts_service.contracts.model import Contract
from contracts_service.operations import service as operations
from contracts_service.operations import store as operation_store
from contracts_service.operations.model import Operation
from contracts_service.prompts import extraction
from service_runtime import audit
from service_runtime.errors import DomainError, Reason
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


async def request(connection: Connection, identity: Identity, name: str) -> Operation:
    """Raises NOT_FOUND, CONDITION_FORBIDS, DOCUMENT_NEEDS_OCR, ANALYSIS_RUNNING.

    The work begins after the commit.
    """
    contract = await access.permitted(connection, identity, access.ANALYZE, name)
    contracts.require_text(contract)
    operation_id = new_id()
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    added = await operation_store.insert(
        connection,
        identity.tenant,
        operation_id,
        contract.id,
        contract_pb2.ANALYSIS_STATE_QUEUED,
        identity.subject,
        carrier.get("traceparent", ""),
    )
    if not added:
        raise await _running(connection, contract)
    if contract.analysis_state in (contract_pb2.ANALYSIS_STATE_FAILED, contract_pb2.ANALYSIS_STATE_CANCELLED):
        # What was answered before the fault was paid for: the new try continues from there.
        await store.copy_answers(connection, contract.analysis_operation, operation_id, extraction.VERSION)
    await contract_store.set_analysis_state(
        connection, contract.id, contract_pb2.ANALYSIS_STATE_QUEUED, operation_id
    )
    await queue.enqueue(connection, queue.Job(identity.tenant, operation_id))
    await audit.record(connection, identity, "contract.analysis_requested", name)
    return await operations.get(connection, names.operation(operation_id))


async def _running(connection: Connection, contract: Contract) -> DomainError:
    running = await operation_store.running_of(connection, contract.id)
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_ANALYSIS_RUNNING,
        "An analysis of this contract is running. Wait for it, or cancel it.",
        {"name": names.contract(contract.id), "operation": names.operation(running) if running else ""},
    )
