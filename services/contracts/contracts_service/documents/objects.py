"""Object storage for the files themselves: a folder on a laptop, S3 in AWS, by the same calls."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import grpc
import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from service_runtime.errors import DomainError, Reason, unavailable

_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a list."""

    key: str
    size_bytes: int
    changed_at: datetime


class Objects:
    """Immutable objects by key."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, url: str) -> "Objects":
        """`file:///folder` (made where missing) or `s3://bucket/prefix`."""
        parts = urlsplit(url)
        if parts.scheme == "file":
            return cls(LocalStore(prefix=Path(unquote(parts.path)), mkdir=True))
        return cls(from_url(url))

    async def put(self, key: str, file: Path | IO[bytes]) -> None:
        """Stores a file; the same key means the same bytes. Raises DEPENDENCY_UNAVAILABLE."""
        try:
            await obstore.put_async(self._store, key, file)
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed

    async def delete(self, key: str) -> None:
        """For good; one that is gone already is gone. Raises DEPENDENCY_UNAVAILABLE."""
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed

    async def has(self, key: str) -> bool:
        """Whether it is there. Raises DEPENDENCY_UNAVAILABLE."""
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed
        return True

    @asynccontextmanager
    async def writing(self, key: str) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
        """An object that is there as a whole when the block has ended well, and else not at all.

        Raises DEPENDENCY_UNAVAILABLE.
        """
        writer = obstore.open_writer_async(self._store, key)

        async def send(piece: bytes) -> None:
            try:
                await writer.write(piece)
            except (BaseError, OSError) as failed:
                raise unavailable("object storage") from failed

        yield send
        try:
            await writer.close()
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed

    async def listed(self, prefix: str) -> AsyncIterator[Listed]:
        """Objects whose key begins with the folder `prefix`, in no order. Raises DEPENDENCY_UNAVAILABLE."""
        try:
            async for some in obstore.list(self._store, prefix):
                for found in some:
                    yield Listed(found["path"], found["size"], found["last_modified"])
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed

    def range(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """As `pieces`, of a part of the object."""
        return self._streamed(key, {"range": (start, start + length)}) if length else _nothing()

    def pieces(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes in pieces. Raises DEPENDENCY_UNAVAILABLE, or INTERNAL for one that is gone."""
        return self._streamed(key, {})

    async def _streamed(self, key: str, options: Mapping[str, tuple[int, int]]) -> AsyncIterator[bytes]:
        try:
            answer = await obstore.get_async(self._store, key, options=options)  # type: ignore[arg-type]  # its own dict
            async for piece in answer.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)
        except FileNotFoundError as gone:
            raise DomainError(
                grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_INTERNAL, "The file is missing from storage."
            ) from gone
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""  # which makes it a generator
