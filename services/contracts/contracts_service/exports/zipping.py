"""Writes a ZIP to wherever it goes, piece by piece: nothing is held but the list of its files."""

import hashlib
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

# The same contracts make the same entries: a ZIP has no need of the hour.
_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Added:
    """A file of the ZIP. `sha256` is lower-case hex of its own bytes."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(slots=True)
class _Waiting:
    """What zipfile has written, until it is sent; it cannot be gone back in."""

    pieces: list[bytes] = field(default_factory=list)

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Sent by whoever owns it."""


class ZipStream:
    """`close` it at the end; one that is not closed is no ZIP."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._send = send
        self._waiting = _Waiting()
        self._zip = zipfile.ZipFile(self._waiting, "w")  # type: ignore[call-overload]  # only written to
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        """Of all that was sent, lower-case hex."""
        return self._digest.hexdigest()

    async def add(self, path: str, pieces: AsyncIterator[bytes], *, packed: bool) -> Added:
        """Writes a file; what is packed already is only stored."""
        entry = zipfile.ZipInfo(path, _DAY)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=True) as file:
            async for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
                await self._sent()
        await self._sent()
        return Added(path, digest.hexdigest(), size)

    async def close(self) -> None:
        """Writes the list of files."""
        self._zip.close()
        await self._sent()

    async def _sent(self) -> None:
        if not self._waiting.pieces:
            return
        piece = b"".join(self._waiting.pieces)
        self._waiting.pieces.clear()
        self._digest.update(piece)
        self.size_bytes += len(piece)
        await self._send(piece)
