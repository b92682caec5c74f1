"""Writes exports, each attempt from the start into an object of its own."""

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from bloom.contracts.v1 import export_service_pb2
from contracts_service import names
from contracts_service.analysis import faults
from contracts_service.analysis.service import TryAgainError
from contracts_service.analysis.stopping import WorkEndedError
from contracts_service.documents.objects import Objects
from contracts_service.exports import service, store
from contracts_service.exports.contents import Contents, contents_of
from contracts_service.exports.model import Export, Written
from contracts_service.exports.zipping import Added, ZipStream
from contracts_service.imports.porter import Subjects
from contracts_service.queue import Job
from contracts_service.record.store import DocumentVersion
from service_runtime.errors import DomainError, Reason, to_status
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.exports")
_tracer = trace.get_tracer("contracts_service")
_MANIFEST = "manifest.json"
# A day of crashes and outages; what was written of an attempt that broke off is swept.
_CRASHES_FOR_ATTEMPT = 3


@dataclass(slots=True)
class _Manifest:
    """What stands in the ZIP, and what could not be put there as it should be."""

    files: list[dict[str, str | int]] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def add(self, added: Added, contract: str) -> None:
        """A file of a contract."""
        self.files.append(
            {"path": added.path, "contract": contract, "sha256": added.sha256, "size_bytes": added.size_bytes}
        )

    async def pieces(self, export: Export) -> AsyncIterator[bytes]:
        """The JSON, a line for each file."""
        said = {
            "format": "bloom-contracts-export/1",
            "export": names.export(export.id),
            "organization": f"organizations/{export.org_id}",
            "creator": export.subject,
            "create_time": datetime.now(UTC).isoformat(),
            "filter": export.filter,
            "problems": self.problems,
        }
        yield json.dumps(said, ensure_ascii=False)[:-1].encode() + b', "files": [\n'
        for number, file in enumerate(self.files, start=1):
            comma = b"," if number < len(self.files) else b""
            yield json.dumps(file, ensure_ascii=False).encode() + comma + b"\n"
        yield b"]}\n"


@dataclass(frozen=True, slots=True)
class Exporter:
    """Works for the subjects who asked, with the permissions that they have when the work begins."""

    postgres: Postgres
    objects: Objects
    subjects: Subjects
    attempts: int

    async def attempt(self, job: Job) -> None:
        """Does the export's work. Raises TryAgainError where it is worth another attempt."""
        async with self.postgres.transaction(job.org_id) as connection:
            export = await store.begin(connection, job.operation_id)
        if export is None:
            return
        asked_in = propagate.extract({"traceparent": export.traceparent})
        with _tracer.start_as_current_span("export", asked_in, SpanKind.CONSUMER):
            await self._work(export)

    async def _work(self, export: Export) -> None:
        try:
            if export.attempts > self.attempts * _CRASHES_FOR_ATTEMPT:
                raise faults.unexpected("the process that writes it")
            written = await self._write(export)
            async with self.postgres.transaction(export.org_id) as connection:
                await service.finish(connection, export, written)
        except WorkEndedError:
            _log.info("the export was cancelled", extra={"export": str(export.id)})
        except DomainError as fault:
            await self._failed(export, fault)
        except Exception as unexpected:  # noqa: BLE001 no fault may leave the export open for ever
            _log.exception("unexpected error in an export")
            await self._failed(export, faults.unexpected(type(unexpected).__name__))

    async def _write(self, export: Export) -> Written:
        identity = await self.subjects(export.subject, export.org_id)
        async with self.postgres.transaction(export.org_id) as connection:
            contracts = await service.contracts(connection, identity, export.filter)
        key, manifest = f"{service.FOLDER}/{export.org_id}/{export.id}/{export.attempts}", _Manifest()
        async with self.objects.writing(key) as send:
            zipped = ZipStream(send)
            for number, contract_id in enumerate(contracts):
                await self._note(export, number, len(contracts))
                await self._add(zipped, manifest, identity, contract_id)
            await self._note(export, len(contracts), len(contracts))
            await zipped.add(_MANIFEST, manifest.pieces(export), packed=True)
            await zipped.close()
        return Written(key, len(manifest.files), len(manifest.problems), zipped.size_bytes, zipped.sha256)

    async def _note(self, export: Export, written: int, of: int) -> None:
        """Raises WorkEndedError where the export was cancelled."""
        async with self.postgres.transaction(export.org_id) as connection:
            if not await store.note(connection, export.id, written, of):
                raise WorkEndedError

    async def _add(
        self, zipped: ZipStream, manifest: _Manifest, identity: Identity, contract_id: UUID
    ) -> None:
        try:
            async with self.postgres.transaction(identity.tenant) as connection:
                contents = await contents_of(connection, identity, contract_id)
        except DomainError as gone:
            if gone.reason != Reason.ERROR_REASON_NOT_FOUND:
                raise
            return
        for document in contents.documents:
            await self._add_document(zipped, manifest, contents, document)
        known = await zipped.add(f"{contents.folder}/contract.json", _whole(contents.json), packed=True)
        manifest.add(known, contents.folder)

    async def _add_document(
        self, zipped: ZipStream, manifest: _Manifest, contents: Contents, document: DocumentVersion
    ) -> None:
        kept, path = document.document, contents.path(document)
        if not await self.objects.has(kept.object_key):
            manifest.problems.append({"path": path, "problem": "The file is missing from storage."})
            return
        packed = kept.media_type.startswith("text/")
        added = await zipped.add(path, self.objects.pieces(kept.object_key), packed=packed)
        manifest.add(added, contents.folder)
        if added.sha256 != kept.sha256:
            told = f"The file in storage has changed: it came in with the SHA-256 {kept.sha256}."
            manifest.problems.append({"path": path, "problem": told})

    async def _failed(self, export: Export, fault: DomainError) -> None:
        """Raises TryAgainError, or ends the export with the fault."""
        if faults.passes(fault) and export.attempts < self.attempts:
            raise TryAgainError(faults.delay(fault, export.attempts), fault.message) from fault
        state, error = export_service_pb2.EXPORT_STATE_FAILED, to_status(fault).SerializeToString()
        async with self.postgres.transaction(export.org_id) as connection:
            await store.end(connection, export.id, state, error)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
