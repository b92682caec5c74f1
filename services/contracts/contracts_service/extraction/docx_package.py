"""Opens the ZIP of a Word document after refusing every shape of archive bomb."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from contracts_service.extraction import errors
from contracts_service.extraction.limits import Limits

_CONTENT_TYPES = "[Content_Types].xml"
_WORD_MAIN = b"wordprocessingml.document.main+xml"
_ENTRY_MARK = b"PK\x01\x02"
_LOCAL_HEADER = 30  # bytes of a local file header before its name
_ENCRYPTED_FLAG = 0x1
_MAIN_PART = re.compile(r"<(?:\w+:)?Relationship\b[^>]*?/officeDocument\"[^>]*?>")
_TARGET = re.compile(r"\bTarget=\"/?([^\"]+)\"")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, KeyError)
"""What reading a damaged archive may raise."""


def is_word_document(data: bytes, limits: Limits) -> bool:
    """Whether the archive is a DOCX; raises `DocumentRejected` when it is a bomb or cut off."""
    try:
        with open_package(data, limits) as package:
            return _CONTENT_TYPES in package.namelist() and _WORD_MAIN in package.read(_CONTENT_TYPES)
    except BROKEN as error:
        if _CONTENT_TYPES.encode() in data[:4_096] or b"word/" in data[:65_536]:
            raise errors.corrupt("Word (DOCX)") from error
        return False


@contextmanager
def open_package(data: bytes, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The archive, proved bounded from its directory alone, before any entry is inflated."""
    # Counted before zipfile builds an object for each entry.
    if data.count(_ENTRY_MARK) > limits.zip_entries:
        raise errors.bomb("zip_entries")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entries = package.infolist()
        _refuse_overlap(entries, end=package.start_dir)
        _refuse_growth(entries, limits)
        if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
            raise errors.encrypted("Word (DOCX)")
        yield package


def _refuse_overlap(entries: list[zipfile.ZipInfo], *, end: int) -> None:
    """Entries that share bytes inflate the same kernel again and again."""
    in_order = sorted(entries, key=lambda entry: entry.header_offset)
    followers = [entry.header_offset for entry in in_order[1:]] + [end]
    for entry, following in zip(in_order, followers, strict=True):
        name_bytes = len(
            entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437", "replace")
        )
        if entry.header_offset + _LOCAL_HEADER + name_bytes + entry.compress_size > following:
            raise errors.bomb("zip_overlap")


def _refuse_growth(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if sum(entry.file_size for entry in entries) > limits.zip_bytes:
        raise errors.bomb("zip_bytes")
    for entry in entries:
        allowed = max(limits.zip_ratio_free_bytes, entry.compress_size * limits.zip_ratio)
        if entry.file_size > allowed:
            raise errors.bomb("zip_ratio")


def open_part(package: zipfile.ZipFile, name: str, limits: Limits) -> IO[bytes]:
    """One XML part as a stream; zipfile stops it at the size that the directory declares."""
    if package.getinfo(name).file_size > limits.zip_part_bytes:
        raise errors.bomb("zip_part_bytes")
    return package.open(name)


def main_part(package: zipfile.ZipFile, limits: Limits) -> str:
    """The name of the part that holds the body, from the package's relationships."""
    with open_part(package, "_rels/.rels", limits) as stream:
        relationships = stream.read().decode("utf-8", "replace")
    relationship = _MAIN_PART.search(relationships)
    target = relationship and _TARGET.search(relationship.group())
    return target.group(1) if target else "word/document.xml"
