"""Where files of an import come from: an archive that was sent, or a folder of the organization's inbox."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO
from uuid import UUID

from bloom.contracts.v1 import import_service_pb2
from contracts_service.documents.objects import Objects
from contracts_service.documents.service import refusal
from contracts_service.extraction import errors as rejections
from contracts_service.extraction.limits import Limits
from contracts_service.imports.archive import errors
from contracts_service.imports.archive.directory import Entry, read_directory
from contracts_service.imports.archive.errors import Verdict
from contracts_service.imports.archive.judging import Found, is_no_contract, judged
from contracts_service.imports.archive.member import unpacked
from contracts_service.imports.model import Import, ImportFile, NewFile, Place

ARCHIVES, INBOX = "imports", "inbox"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one import may hold: bytes of an archive as sent and unfolded, files, bytes of a file."""

    archive_bytes: int
    unfolded_bytes: int
    files: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A whole archive on our disk, in a file without a name: gone with the process, however that ends."""

    file: IO[bytes]
    sha256: str


async def receive(pieces: AsyncIterator[bytes], limit_bytes: int) -> Archive:
    """Writes the pieces to disk. Raises DOCUMENT_TOO_LARGE as soon as the limit is passed."""
    file = tempfile.TemporaryFile(prefix="bloom-archive-")  # noqa: SIM115 - the caller closes it
    digest, size = hashlib.sha256(), 0
    try:
        async for piece in pieces:
            size += len(piece)
            if size > limit_bytes:
                raise refusal(rejections.too_many_bytes(limit_bytes))
            digest.update(piece)
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return Archive(file, digest.hexdigest())


async def files_of(archive: Archive, bounds: Bounds) -> list[NewFile]:
    """What the archive says that it holds. Raises ARCHIVE_INVALID."""
    limits = Limits(max_bytes=bounds.file_bytes)

    def read() -> list[Found]:
        # Folders are entries, too.
        entries = read_directory(archive.file, bounds.files * 2)
        return judged(entries, limits, bounds.unfolded_bytes)

    found = await asyncio.to_thread(read)
    if len(found) > bounds.files:
        raise errors.too_many(bounds.files)
    return [_new(file.path, _place(file.entry), file.verdict) for file in found]


async def files_in(objects: Objects, org_id: UUID, folder: str, bounds: Bounds) -> list[NewFile]:
    """What lies in the organization's inbox, by name. Raises ARCHIVE_INVALID, DEPENDENCY_UNAVAILABLE."""
    if ".." in folder.split("/"):
        raise errors.invalid("folder", "The folder's name leads out of the inbox.")
    inbox = f"{INBOX}/{org_id}/"
    prefix = inbox + folder.strip("/")
    found: list[NewFile] = []
    async for listed in objects.listed(prefix.rstrip("/")):
        path = listed.key.removeprefix(prefix.rstrip("/") + "/")
        place = Place(listed.size_bytes, object_key=listed.key)
        found.append(_new(path, place, errors.NO_CONTRACT if is_no_contract(path) else None))
        if len(found) > bounds.files:
            raise errors.too_many(bounds.files)
    if not any(file.state == import_service_pb2.IMPORT_FILE_STATE_QUEUED for file in found):
        raise errors.invalid("empty", f"There are no files in {prefix}. Put them there first.")
    return sorted(found, key=lambda file: file.path)


def bytes_of(objects: Objects, one: Import, file: ImportFile) -> AsyncIterator[bytes]:
    """The file's own bytes. Raises DomainError DOCUMENT_…, DEPENDENCY_UNAVAILABLE."""
    if file.place.object_key:
        return objects.pieces(file.place.object_key)
    return unpacked(lambda start, length: objects.range(one.archive_key, start, length), file.place)


def archive_key(org_id: UUID, import_id: UUID) -> str:
    """`imports/{organization}/{import}`"""
    return f"{ARCHIVES}/{org_id}/{import_id}"


def _place(entry: Entry) -> Place:
    return Place(entry.size_bytes, "", entry.header_offset, entry.packed_bytes, entry.method, entry.checksum)


def _new(path: str, place: Place, verdict: Verdict | None) -> NewFile:
    if verdict is None:
        return NewFile(path, place, import_service_pb2.IMPORT_FILE_STATE_QUEUED)
    skipped = verdict.skipped
    state = (
        import_service_pb2.IMPORT_FILE_STATE_SKIPPED
        if skipped
        else import_service_pb2.IMPORT_FILE_STATE_FAILED
    )
    return NewFile(path, place, state, verdict.reason, verdict.message)
