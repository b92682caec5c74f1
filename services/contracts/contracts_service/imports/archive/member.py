"""Unpacks one file of an archive piece by piece, and holds it to what the archive's list said."""

import zlib
from collections.abc import AsyncIterator, Callable

from contracts_service.documents.service import refusal
from contracts_service.extraction import errors as rejections
from contracts_service.imports.archive.directory import LOCAL_HEADER
from contracts_service.imports.model import Place

_PIECE_BYTES = 1024 * 1024
_STORED = 0
# (start, length) → those bytes of the archive, in pieces.
Range = Callable[[int, int], AsyncIterator[bytes]]


async def unpacked(read: Range, place: Place) -> AsyncIterator[bytes]:
    """The file's bytes. Raises DomainError DOCUMENT_CORRUPT, or DOCUMENT_BOMB when there are too many."""
    start = await _start(read, place)
    checksum, size = 0, 0
    async for piece in _inflated(read(start, place.packed_bytes), place.method):
        size += len(piece)
        if size > place.size_bytes:
            raise refusal(rejections.bomb("size"))
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if size != place.size_bytes or checksum != place.checksum:
        raise refusal(rejections.corrupt(detail="checksum"))


async def _start(read: Range, place: Place) -> int:
    """Behind the file's own header, whose length only it knows."""
    header = b"".join([piece async for piece in read(place.header_offset, LOCAL_HEADER.size)])
    if len(header) != LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise refusal(rejections.corrupt(detail="header"))
    fields = LOCAL_HEADER.unpack(header)
    name_bytes, extra_bytes = fields[-2:]
    return place.header_offset + LOCAL_HEADER.size + int(name_bytes) + int(extra_bytes)


async def _inflated(packed: AsyncIterator[bytes], method: int) -> AsyncIterator[bytes]:
    if method == _STORED:
        async for piece in packed:
            yield piece
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        async for piece in packed:
            waiting = piece
            while waiting and not inflater.eof:
                yield inflater.decompress(waiting, _PIECE_BYTES)
                waiting = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as broken:
        raise refusal(rejections.corrupt(detail="deflate")) from broken
    if not inflater.eof or inflater.unused_data:
        raise refusal(rejections.corrupt(detail="deflate"))
