"""Upload: from a stream of bytes to a contract record, in one acknowledged step."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bloom.contracts.v1 import contract_pb2
from contracts_service.contracts import access, service, store
from contracts_service.contracts.model import Contract, NewContract
from contracts_service.documents import service as documents
from contracts_service.documents import store as document_store
from contracts_service.documents.model import Content, Document
from contracts_service.documents.objects import Objects
from service_runtime.errors import invalid
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.money import Money
from service_runtime.postgres import Connection, Postgres


@dataclass(frozen=True, slots=True)
class Upload:
    """What the uploader said about the file."""

    filename: str
    declared_type: str
    label: str
    reference_no: str
    department: str = ""
    value: Money | None = None
    office: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that may become a contract; its bytes are in storage, its rows come later."""

    document: Document
    # None where the document has its rows already.
    content: Content | None
    known: Contract | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes files in. The object is stored before the rows, so a row always has its file."""

    postgres: Postgres
    objects: Objects
    limit_bytes: int

    async def take(
        self, identity: Identity, upload: Upload, pieces: AsyncIterator[bytes]
    ) -> tuple[Contract, bool]:
        """The contract, and whether its bytes were there already. Raises DomainError DOCUMENT_…"""
        prepared = await self.prepare(identity, upload, pieces)
        if prepared.known is not None:
            return prepared.known, True
        async with self.postgres.transaction(identity.tenant) as connection:
            return await self.enter(connection, identity, upload, prepared, "contract.uploaded")

    async def prepare(self, identity: Identity, upload: Upload, pieces: AsyncIterator[bytes]) -> Prepared:
        """Receives and reads the file. Raises DomainError DOCUMENT_…, CONDITION_FORBIDS."""
        if not upload.filename:
            raise invalid("filename", "name the file, with its ending: ?filename=agreement.pdf")
        access.require_new(identity, upload.department, upload.value)
        with documents.receiving() as path:
            received = await documents.receive(pieces, path, self.limit_bytes)
            known = await self._known(identity, received.sha256)
            if isinstance(known, Contract):
                access.require_known(identity, known)
                return Prepared(service.require_document(known), None, known)
            if known is not None:
                return Prepared(known, None)
            return Prepared(*await self._stored(identity, upload, received))

    async def enter(
        self, connection: Connection, identity: Identity, upload: Upload, prepared: Prepared, action: str
    ) -> tuple[Contract, bool]:
        """The contract of what was prepared, and whether it was there already. Raises CONDITION_FORBIDS."""
        document = prepared.document
        if prepared.content is not None:
            await document_store.insert(connection, identity.tenant, document, prepared.content)
        # Other than ours where the same bytes came in by another call in the meantime.
        document = await document_store.by_sha256(connection, document.sha256) or document
        return await self._create(connection, identity, upload, document, action)

    async def attach(
        self,
        identity: Identity,
        name: str,
        upload: Upload,
        pieces: AsyncIterator[bytes],
        *,
        reason: str,
        etag: str,
    ) -> Contract:
        """The contract with its next file; the same file again changes nothing.

        Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, ALREADY_EXISTS, DOCUMENT_…
        """
        if not upload.filename:
            raise invalid("filename", "name the file, with its ending: ?filename=agreement.pdf")
        await access.permitted(self.postgres.reader(identity.tenant), identity, access.WRITE, name)
        with documents.receiving() as path:
            received = await documents.receive(pieces, path, self.limit_bytes)
            known = await self._known(identity, received.sha256)
            there = known.document if isinstance(known, Contract) else known
            fresh = None if there else await self._stored(identity, upload, received)
        async with self.postgres.transaction(identity.tenant) as connection:
            if fresh:
                await document_store.insert(connection, identity.tenant, *fresh)
            document = await document_store.by_sha256(connection, received.sha256)
            if document is None:
                raise RuntimeError("a document that was just added is not there")
            return await service.attach(connection, identity, name, document.id, reason=reason, etag=etag)

    async def _stored(
        self, identity: Identity, upload: Upload, received: documents.Received
    ) -> tuple[Document, Content]:
        """Read, and its bytes in storage; rows come later."""
        extracted = await documents.read(received, upload.filename, upload.declared_type, self.limit_bytes)
        document, content = documents.describe(identity.tenant, received, upload.filename, extracted)
        await self.objects.put(document.object_key, received.path)
        return document, content

    async def _known(self, identity: Identity, sha256: str) -> Contract | Document | None:
        """The contract with these bytes; or their document alone, when the contract was deleted."""
        async with self.postgres.transaction(identity.tenant) as connection:
            document = await document_store.by_sha256(connection, sha256)
            return document and (await store.by_document(connection, document.id) or document)

    async def _create(
        self, connection: Connection, identity: Identity, upload: Upload, document: Document, action: str
    ) -> tuple[Contract, bool]:
        new = NewContract(
            label=upload.label or upload.filename[:200],
            state=contract_pb2.CONTRACT_STATE_ACTIVE,
            imported=True,
            document_id=document.id,
            reference_no=upload.reference_no,
            office=upload.office,
            tags=upload.tags,
            department=upload.department,
            value=upload.value,
        )
        added = await service.create(connection, identity, new_id(), new, action)
        contract = await store.by_document(connection, document.id)
        if contract is None:
            raise RuntimeError("a contract that was just added is not there")
        if not added:
            access.require_known(identity, contract)
        return contract, not added
