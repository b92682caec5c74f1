"""An analysis is asked for: the operation, its job and the record's state, in one transaction."""

from dataclasses import dataclass
from uuid import UUID

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
from contracts_service.prompts.uses import questions_of
from service_runtime import audit
from service_runtime.errors import DomainError, Reason
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

_BROKEN_OFF = (contract_pb2.ANALYSIS_STATE_FAILED, contract_pb2.ANALYSIS_STATE_CANCELLED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read; `anew` also what was answered to the same words before."""

    uses: tuple[str, ...]
    anew: bool = False
    # Behind what people ask for one by one, and with all the time that an outage takes.
    bulk: bool = False
    # At half the price, within a day.
    patient: bool = False

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the questions, by name."""
        return {question.name: question.version for question in questions_of(self.uses)}


async def request(connection: Connection, identity: Identity, name: str, wanted: Wanted) -> Operation:
    """Raises NOT_FOUND, CONDITION_FORBIDS, DOCUMENT_NEEDS_OCR, ANALYSIS_RUNNING.

    The work begins after the commit.
    """
    contract = await access.permitted(connection, identity, access.ANALYZE, name)
    contracts.require_text(contract)
    operation_id = new_id()
    if not await _inserted(connection, identity, operation_id, contract, wanted):
        raise await _running(connection, contract)
    await store.copy_answers(connection, still_good(contract, wanted), operation_id)
    await contract_store.set_analysis_state(
        connection, contract.id, contract_pb2.ANALYSIS_STATE_QUEUED, operation_id
    )
    await queue.enqueue(
        connection, queue.Job(identity.tenant, operation_id), priority=queue.BULK if wanted.bulk else 0
    )
    await audit.record(connection, identity, "contract.analysis_requested", name)
    return await operations.get(connection, names.operation(operation_id))


def still_good(contract: Contract, wanted: Wanted) -> store.Good:
    """Whose answers are not asked for again.

    What was answered before a fault was paid for: the new try continues from there. What finished analyses
    were told by the same words stands; but what the simulator said then is no reason not to ask Claude.
    """
    broken_off = contract.analysis_operation if contract.analysis_state in _BROKEN_OFF else None
    finished = 0 if wanted.anew else contract_pb2.ANALYSIS_STATE_DONE
    document = contracts.require_document(contract)
    return store.Good(contract.id, document.id, wanted.versions, broken_off, finished)


async def _inserted(
    connection: Connection, identity: Identity, operation_id: UUID, contract: Contract, wanted: Wanted
) -> bool:
    """False when an analysis of this contract is running."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return await operation_store.insert(
        connection,
        identity.tenant,
        operation_id,
        contract.id,
        contracts.require_document(contract).id,
        contract_pb2.ANALYSIS_STATE_QUEUED,
        identity.subject,
        carrier.get("traceparent", ""),
        wanted.uses,
        bulk=wanted.bulk,
        patient=wanted.patient,
    )


async def _running(connection: Connection, contract: Contract) -> DomainError:
    running = await operation_store.running_of(connection, contract.id)
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_ANALYSIS_RUNNING,
        "An analysis of this contract is running. Wait for it, or cancel it.",
        {"name": names.contract(contract.id), "operation": names.operation(running) if running else ""},
    )
