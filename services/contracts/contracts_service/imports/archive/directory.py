"""Reads the list at the end of a ZIP archive: names, sizes and places, without unpacking anything.

By PKWARE's APPNOTE 6.3.10, sections 4.3.12 to 4.3.16. Strict: what two readers could read differently
is refused.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from contracts_service.imports.archive import errors

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
LOCAL_HEADER = struct.Struct("<4s2B4HL2L2H")
_LONGEST_COMMENT = 65_535
_IN_EXTRA_16, _IN_EXTRA_32 = 0xFFFF, 0xFFFFFFFF
_UTF8_FLAG = 0x800
# A name of 300 characters and what programs add to it; the list is held in memory at once.
_LIST_BYTES_AN_ENTRY = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the list has it. Sizes and places in bytes; `name` is None where it is no text."""

    name: str | None
    name_bytes: int
    flags: int
    method: int
    checksum: int
    packed_bytes: int
    size_bytes: int
    header_offset: int
    # Unix's mode; 0 where another system made the archive.
    mode: int

    @property
    def end(self) -> int:
        """Where its bytes end at the earliest."""
        return self.header_offset + LOCAL_HEADER.size + self.name_bytes + self.packed_bytes


@dataclass(frozen=True, slots=True)
class _List:
    offset: int
    size: int
    count: int


def read_directory(archive: IO[bytes], most_entries: int) -> list[Entry]:
    """All entries in the list's order. Raises DomainError ARCHIVE_INVALID."""
    try:
        found = _find(archive)
        if found.count > most_entries:
            raise errors.too_many(most_entries)
        if found.size > found.count * _LIST_BYTES_AN_ENTRY:
            raise errors.broken()
        entries = list(_entries(_read(archive, found.offset, found.size), found.count))
    except (struct.error, ValueError) as broken:
        raise errors.broken() from broken
    _refuse_overlaps(entries, found.offset)
    return entries


def _find(archive: IO[bytes]) -> _List:
    size = archive.seek(0, 2)
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    tail = _read(archive, tail_at, size - tail_at)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0:
        raise errors.broken()
    end = _END.unpack_from(tail, place)
    _, disk, list_disk, here, count, list_size, offset, comment = end
    if place + _END.size + comment != len(tail):
        raise errors.broken()
    if _IN_EXTRA_16 in (disk, list_disk, here, count) or _IN_EXTRA_32 in (list_size, offset):
        return _find_64(archive, tail_at + place)
    return _checked(_List(offset, list_size, count), tail_at + place, (disk, list_disk), here)


def _find_64(archive: IO[bytes], end_at: int) -> _List:
    locator_at = end_at - _LOCATOR_64.size
    mark, disk, record_at, _disks = _LOCATOR_64.unpack(_read(archive, locator_at, _LOCATOR_64.size))
    if mark != b"PK\x06\x07" or record_at > locator_at - _END_64.size:
        raise errors.broken()
    record = _END_64.unpack(_read(archive, record_at, _END_64.size))
    mark, _size, _made_by, _needs, this_disk, list_disk, here, count, list_size, offset = record
    if mark != b"PK\x06\x06":
        raise errors.broken()
    return _checked(_List(offset, list_size, count), record_at, (disk, this_disk, list_disk), here)


def _checked(found: _List, next_at: int, disks: tuple[int, ...], here: int) -> _List:
    if any(disks) or here != found.count:
        raise errors.split()
    if found.offset + found.size != next_at:
        raise errors.broken()
    return found


def _entries(listed: bytes, count: int) -> Iterator[Entry]:
    at = 0
    for _ in range(count):
        fields = _ENTRY.unpack_from(listed, at)
        mark, flags, method, checksum, packed, size = fields[0], *fields[5:7], *fields[9:12]
        name_bytes, extra_bytes, comment_bytes, disk = fields[12:16]
        if mark != b"PK\x01\x02":
            raise errors.broken()
        name_at = at + _ENTRY.size
        extra_at = name_at + name_bytes
        extra = listed[extra_at : extra_at + extra_bytes]
        size, packed, offset, disk = _wide(extra, (size, packed, fields[18], disk))
        if disk:
            raise errors.split()
        name = _text(listed[name_at:extra_at], flags)
        yield Entry(name, name_bytes, flags, method, checksum, packed, size, offset, fields[17] >> 16)
        at = extra_at + extra_bytes + comment_bytes
    if at != len(listed):
        raise errors.broken()


def _wide(extra: bytes, narrow: tuple[int, int, int, int]) -> tuple[int, ...]:
    """Numbers that do not fit their fields stand in the extra field 1, in this order."""
    limits = (_IN_EXTRA_32, _IN_EXTRA_32, _IN_EXTRA_32, _IN_EXTRA_16)
    if not any(number == limit for number, limit in zip(narrow, limits, strict=True)):
        return narrow
    field, at, wide = _extra(extra, 1), 0, list(narrow)
    for place, limit in enumerate(limits):
        if narrow[place] == limit:
            form = "<Q" if limit == _IN_EXTRA_32 else "<L"
            (wide[place],) = struct.unpack_from(form, field, at)
            at += struct.calcsize(form)
    return tuple(wide)


def _extra(extra: bytes, wanted: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    raise errors.broken()


def _text(name: bytes, flags: int) -> str | None:
    """Many programs write UTF-8 without saying so; what is none then is in the oldest PCs' letters."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None if flags & _UTF8_FLAG else name.decode("cp437")


def _refuse_overlaps(entries: list[Entry], list_at: int) -> None:
    """Each has its own bytes before the list: a bomb has many names for the same ones."""
    free_from = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < free_from:
            raise errors.overlapping()
        free_from = entry.end
    if free_from > list_at:
        raise errors.broken()


def _read(archive: IO[bytes], at: int, size: int) -> bytes:
    if at < 0:
        raise errors.broken()
    archive.seek(at)
    content = archive.read(size)
    if len(content) != size:
        raise errors.broken()
    return content
