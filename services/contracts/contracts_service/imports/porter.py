"""Takes files of imports in, one at each turn of a lane; what a turn did is written in one transaction."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from bloom.contracts.v1 import import_service_pb2
from contracts_service import names, queue
from contracts_service.analysis import faults
from contracts_service.analysis.request import Wanted, request
from contracts_service.analysis.service import TryAgainError
from contracts_service.contracts import access
from contracts_service.contracts.intake import Intake, Prepared, Upload
from contracts_service.contracts.model import Contract
from contracts_service.documents.objects import Objects
from contracts_service.imports import service, sources, store
from contracts_service.imports.model import Import, ImportFile, Result, Turn
from service_runtime.errors import DomainError
from service_runtime.identity import Identity, current_identity
from service_runtime.postgres import Connection, Postgres, back_out_of_refusals

_log = logging.getLogger("bloom.imports")
_tracer = trace.get_tracer("contracts_service")

_IMPORTED = import_service_pb2.IMPORT_FILE_STATE_IMPORTED
_DUPLICATE = import_service_pb2.IMPORT_FILE_STATE_DUPLICATE
_FAILED = import_service_pb2.IMPORT_FILE_STATE_FAILED
_PATIENT = import_service_pb2.IMPORT_ANALYSIS_PATIENT
# A file that ends its worker each time must not do so for ever; crashes are rarer than faults.
_CRASHES_FOR_ATTEMPT = 3

# (subject, organization's id) → the subject with the permissions that it has now.
Subjects = Callable[[str, UUID], Awaitable[Identity]]


class _OvertakenError(Exception):
    """Another worker has ended this turn: what was about to be written must not be."""


@dataclass(frozen=True, slots=True)
class Porter:
    """Works for the subjects who asked for the imports."""

    postgres: Postgres
    objects: Objects
    intake: Intake
    subjects: Subjects
    attempts: int
    standard_uses: tuple[str, ...]

    async def take(self, turn: Turn) -> None:
        """Does the turn's work. Raises TryAgainError where it is worth another attempt."""
        async with self.postgres.transaction(turn.org_id) as connection:
            file = await store.claim(connection, turn)
            one = await store.get(connection, turn.import_id)
        if one is None:
            return
        if file is None:
            await self._leave(one)
            return
        asked_in = propagate.extract({"traceparent": one.traceparent})
        with _tracer.start_as_current_span("import file", asked_in, SpanKind.CONSUMER):
            await self._work(turn, one, file)

    async def _work(self, turn: Turn, one: Import, file: ImportFile) -> None:
        try:
            await self._take_in(turn, one, file)
        except _OvertakenError:
            _log.info("another worker was faster", extra={"import": str(one.id), "file": file.number})
        except DomainError as fault:
            await self._failed(turn, file, fault)
        except Exception as unexpected:  # noqa: BLE001 no fault may leave the file without a result
            _log.exception("unexpected error in an import")
            await self._failed(turn, file, faults.unexpected(type(unexpected).__name__))

    async def _take_in(self, turn: Turn, one: Import, file: ImportFile) -> None:
        if file.attempts > self.attempts * _CRASHES_FOR_ATTEMPT:
            raise faults.unexpected("the process that reads it")
        identity = await self.subjects(one.subject, one.org_id)
        access.require_held(identity, access.WRITE)
        upload = _upload(one, file)
        reset = current_identity.set(identity)
        try:
            prepared = await self.intake.prepare(identity, upload, sources.bytes_of(self.objects, one, file))
            async with self.postgres.transaction(turn.org_id) as connection:
                await _turned(connection, turn)
                result = await self._entered(connection, identity, one, upload, prepared)
                await service.end_file(connection, one.id, file.number, result)
        finally:
            current_identity.reset(reset)

    async def _entered(
        self, connection: Connection, identity: Identity, one: Import, upload: Upload, prepared: Prepared
    ) -> Result:
        contract, duplicate = await self.intake.enter(
            connection, identity, upload, prepared, "contract.imported"
        )
        sha256 = prepared.document.sha256
        if duplicate:
            told = f"The same bytes are {names.contract(contract.id)} already."
            return Result(_DUPLICATE, "", told, contract.id, None, sha256)
        operation_id, told = None, ""
        if one.analysis:
            operation_id, told = await self._asked_for(connection, identity, contract, one.analysis)
        return Result(_IMPORTED, "", told, contract.id, operation_id, sha256)

    async def _asked_for(
        self, connection: Connection, identity: Identity, contract: Contract, analysis: int
    ) -> tuple[UUID | None, str]:
        """Its analysis; or why there is none. The contract is in whatever becomes of it."""
        wanted = Wanted(self.standard_uses, bulk=True, patient=analysis == _PATIENT)
        try:
            access.require_held(identity, access.ANALYZE)
            async with back_out_of_refusals(connection):
                operation = await request(connection, identity, names.contract(contract.id), wanted)
        except DomainError as refused:
            return None, f"Taken in, but not analyzed. {refused.message}"
        return operation.id, ""

    async def _failed(self, turn: Turn, file: ImportFile, fault: DomainError) -> None:
        """Raises TryAgainError, or ends the file with the fault."""
        again = faults.passes(fault) and file.attempts < self.attempts
        _log.warning(
            "import fault: %s", fault.reason_name,
            extra={
                "import": str(turn.import_id), "file": file.number, "attempt": file.attempts, "again": again,
            },
        )  # fmt: skip
        if again:
            raise TryAgainError(faults.delay(fault, file.attempts), fault.message) from fault
        with suppress(_OvertakenError):
            async with self.postgres.transaction(turn.org_id) as connection:
                await _turned(connection, turn)
                result = Result(_FAILED, fault.reason_name, fault.message)
                await service.end_file(connection, turn.import_id, file.number, result)

    async def _leave(self, one: Import) -> None:
        """The lane has nothing left. The archive goes with the last lane."""
        if one.ended_at is not None and one.archive_key:
            await self.objects.delete(one.archive_key)


def _upload(one: Import, file: ImportFile) -> Upload:
    defaults = one.defaults
    return Upload(
        filename=PurePosixPath(file.path).name,
        declared_type="",
        label="",
        reference_no="",
        department=defaults.department,
        office=defaults.office,
        tags=defaults.tags,
    )


async def _turned(connection: Connection, turn: Turn) -> None:
    """The lane's next turn is due when the transaction commits. Raises _OvertakenError."""
    # Whoever changes an import holds it first, so that nobody waits for another in a circle.
    await store.hold(connection, turn.import_id)
    if not await store.next_turn(connection, turn):
        raise _OvertakenError
    following = Turn(turn.org_id, turn.import_id, turn.lane, turn.turn + 1)
    await queue.enqueue(connection, following, queue.IMPORT)
