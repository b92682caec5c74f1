"""One attempt at an analysis: begun, read, proven, published; or put off, or given up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from bloom.contracts.v1 import contract_pb2
from contracts_service.analysis import faults
from contracts_service.analysis.patient import PatientReader
from contracts_service.analysis.plan import Ask, parts_of, plan
from contracts_service.analysis.publication import proven, proven_entries, summary
from contracts_service.analysis.publishing import publish
from contracts_service.analysis.reader import Keep, Reader
from contracts_service.analysis.stopping import WorkEndedError, ended_with
from contracts_service.contracts import store as contracts
from contracts_service.contracts.model import Contract
from contracts_service.contradictions.searching import try_refresh
from contracts_service.documents import store as documents
from contracts_service.documents.text import assemble
from contracts_service.evidence import DocumentText
from contracts_service.operations import store as operations
from contracts_service.operations.model import GroupResult, Operation
from contracts_service.queue import Job
from service_runtime.errors import DomainError, to_status
from service_runtime.identity import Identity, current_identity
from service_runtime.postgres import Connection, Postgres

_log = logging.getLogger("bloom.analysis")
_tracer = trace.get_tracer("contracts_service")

# A document that ends its worker each time must not do so for ever; crashes are rarer than faults of Claude.
_CRASHES_FOR_ATTEMPT = 3
# What an import asked for waits so long for a part of the mesh that is away, a few seconds each time.
_LONGEST_OUTAGE = timedelta(hours=2)
_ATTEMPT_OF_OUTAGE = 3

# (subject, organization) → an access token of the subject, as it may act now.
TokenFor = Callable[[str, str], Awaitable[str]]


class TryAgainError(Exception):
    """The attempt met a fault that passes, or what it waits for; the job is due again after `delay`."""

    def __init__(self, delay: timedelta, why: str) -> None:
        super().__init__(why)
        self.delay = delay


class _WaitingError(Exception):
    """Batches have not ended yet."""


@dataclass(frozen=True, slots=True)
class Analyst:
    """Works on operations for the subjects who asked for them."""

    postgres: Postgres
    reader: Reader
    patient: PatientReader
    token_for: TokenFor
    attempts: int
    # The most input tokens of a request, conservatively counted.
    request_tokens: int
    # How soon work stops that was cancelled.
    cancel_seconds: float
    # How often it is looked whether batches have ended.
    poll_seconds: float

    async def attempt(self, job: Job) -> None:
        """Does the operation's work. Raises TryAgainError where it is worth another attempt."""
        begun = await self._begin(job)
        if begun is None:
            _log.info("nothing to do: the operation has ended", extra={"operation": str(job.operation_id)})
            await self._end_batches(job)
            return
        operation, contract, document = begun
        # One trace holds the whole journey: the work hangs below the call that asked for it.
        asked_in = propagate.extract({"traceparent": operation.traceparent})
        with _tracer.start_as_current_span("analysis", asked_in, SpanKind.CONSUMER):
            await self._work(job, operation, contract, document)

    async def _work(self, job: Job, operation: Operation, contract: Contract, document: DocumentText) -> None:
        try:
            async with self._acting(operation):
                await self._read(operation, contract, document)
            await self._publish(job, document)
        except WorkEndedError:
            _log.info("the analysis was cancelled", extra={"operation": str(operation.id)})
            await self._end_batches(job)
        except _WaitingError:
            await self._wait(operation, timedelta(seconds=self.poll_seconds), "")
        except DomainError as fault:
            await self._failed(operation, fault)
        except Exception as unexpected:  # noqa: BLE001 no fault may leave the operation open for ever
            _log.exception("unexpected error in an analysis")
            await self._failed(operation, faults.unexpected(type(unexpected).__name__))

    async def _begin(self, job: Job) -> tuple[Operation, Contract, DocumentText] | None:
        async with self.postgres.transaction(job.org_id) as connection:
            if not await operations.begin(connection, job.operation_id, contract_pb2.ANALYSIS_STATE_RUNNING):
                return None
            operation = await operations.get(connection, job.operation_id)
            contract = await contracts.get(connection, operation.contract_id) if operation else None
            # The file that was asked about: the contract may have got another since.
            read = await operations.document_of(connection, job.operation_id)
            current = contract.document if contract else None
            document = await documents.get(connection, read) if read else current
            if operation is None or contract is None or document is None:
                await operations.end(connection, job.operation_id, contract_pb2.ANALYSIS_STATE_CANCELLED)
                return None
            if operation.attempts > self.attempts * _CRASHES_FOR_ATTEMPT:
                await self._give_up(connection, operation, faults.unexpected("the process that works on it"))
                return None
            # Only once: each counts as a change of the contract, and batches are looked for often.
            if contract.analysis_state != contract_pb2.ANALYSIS_STATE_RUNNING:
                await contracts.set_analysis_state(
                    connection, contract.id, contract_pb2.ANALYSIS_STATE_RUNNING
                )
            pages = await documents.pages(connection, document.id)
        return operation, contract, assemble(document, pages)

    @asynccontextmanager
    async def _acting(self, operation: Operation) -> AsyncIterator[None]:
        """Calls made inside carry the subject's identity, with the permissions that it has now."""
        token = await self.token_for(operation.subject, f"organizations/{operation.org_id}")
        reset = current_identity.set(
            Identity(subject=operation.subject, org_id=operation.org_id, token=token)
        )
        try:
            yield
        finally:
            current_identity.reset(reset)

    async def _read(self, operation: Operation, contract: Contract, document: DocumentText) -> None:
        """Raises WorkEndedError as soon as the operation is cancelled; calls under way are ended with it."""

        async def keep(result: GroupResult) -> None:
            async with self.postgres.transaction(operation.org_id) as connection:
                await operations.keep_answer(connection, operation.org_id, operation.id, result)

        async def ended() -> bool:
            return await operations.has_ended(self.postgres.reader(operation.org_id), operation.id)

        parts = await asyncio.to_thread(parts_of, document, self.request_tokens)
        async with self.postgres.transaction(operation.org_id) as connection:
            await operations.note_parts(connection, operation.id, len(parts))
        asks = plan(parts, operation.uses, operation.groups)
        reading = self._ask(operation, contract.label, document.text, asks, keep)
        await ended_with(reading, ended, every_seconds=self.cancel_seconds)

    async def _ask(
        self, operation: Operation, title: str, text: str, asks: list[list[Ask]], keep: Keep
    ) -> None:
        """What batches did not answer is asked one by one. Raises _WaitingError while they run."""
        if operation.patient:
            kept = await self._ask_patiently(operation, title, text, asks, keep)
            asks = [[one for one in of_part if one.key not in kept] for of_part in asks]
        await self.reader.read(title, text, asks, keep)

    async def _ask_patiently(
        self, operation: Operation, title: str, text: str, asks: list[list[Ask]], keep: Keep
    ) -> set[str]:
        every = [one for of_part in asks for one in of_part]
        batches: Sequence[str] = operation.batches
        if not batches and every:
            batches = await self.patient.create(operation.id, title, text, every)
            async with self.postgres.transaction(operation.org_id) as connection:
                await operations.note_batches(connection, operation.id, batches)
        if not await self.patient.ended(batches):
            raise _WaitingError
        return await self.patient.collect(batches, every, keep)

    async def _end_batches(self, job: Job) -> None:
        """Of an analysis that was cancelled."""
        async with self.postgres.transaction(job.org_id) as connection:
            operation = await operations.get(connection, job.operation_id)
        if operation is None or operation.state != contract_pb2.ANALYSIS_STATE_CANCELLED:
            return
        if not operation.batches:
            return
        try:
            async with self._acting(operation):
                await self.patient.cancel(operation.batches)
        except DomainError as fault:
            if faults.passes(fault):
                raise
            _log.warning("batches cannot be cancelled: %s", fault.reason_name)

    async def _publish(self, job: Job, document: DocumentText) -> None:
        """Values, record, audit and outbox in one transaction; nothing when the operation has ended."""
        async with self.postgres.transaction(job.org_id) as connection:
            operation = await operations.get(connection, job.operation_id)
        if operation is None:
            return
        # Proving takes a tenth of a second of pure computation; the loop goes on sending heartbeats.
        values = await asyncio.to_thread(proven, document, operation.groups)
        entries = await asyncio.to_thread(proven_entries, document, operation.groups)
        shown = await asyncio.to_thread(summary, document, operation.groups, values)
        async with self.postgres.transaction(job.org_id) as connection:
            await publish(connection, operation, values, entries, shown)
        await try_refresh(self.postgres, job.org_id, operation.contract_id)

    async def _failed(self, operation: Operation, fault: DomainError) -> None:
        """Raises TryAgainError, or ends the operation with the fault."""
        if (
            operation.bulk
            and faults.is_outage(fault)
            and datetime.now(UTC) < operation.created_at + _LONGEST_OUTAGE
        ):
            await self._wait(operation, faults.delay(fault, _ATTEMPT_OF_OUTAGE), fault.message)
        attempt = operation.attempts
        again = faults.passes(fault) and attempt < self.attempts
        async with self.postgres.transaction(operation.org_id) as connection:
            await operations.note_fault(connection, operation.id, f"{fault.reason_name}: {fault.message}")
            if not again:
                await self._give_up(connection, operation, fault)
        _log.warning("analysis fault: %s", fault.reason_name, extra={"again": again, "attempt": attempt})
        if again:
            raise TryAgainError(faults.delay(fault, attempt), fault.message) from fault

    async def _wait(self, operation: Operation, delay: timedelta, why: str) -> NoReturn:
        """No attempt. Raises TryAgainError."""
        async with self.postgres.transaction(operation.org_id) as connection:
            await operations.count_no_attempt(connection, operation.id)
            await operations.note_fault(connection, operation.id, why)
        raise TryAgainError(delay, why)

    async def _give_up(self, connection: Connection, operation: Operation, fault: DomainError) -> None:
        state = contract_pb2.ANALYSIS_STATE_FAILED
        if await operations.end(connection, operation.id, state, to_status(fault).SerializeToString()):
            await contracts.set_analysis_state(connection, operation.contract_id, state)
