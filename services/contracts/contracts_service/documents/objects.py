"""Object storage for the files themselves: a folder on a laptop, S3 in AWS, by the same calls."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import grpc
import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from service_runtime.errors import DomainError, Reason, unavailable

_PIECE_BYTES = 256 * 1024


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

    async def put(self, key: str, path: Path) -> None:
        """Stores a file; the same key means the same bytes. Raises DEPENDENCY_UNAVAILABLE."""
        try:
            await obstore.put_async(self._store, key, path)
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

    async def pieces(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes in pieces. Raises DEPENDENCY_UNAVAILABLE, or INTERNAL for one that is gone."""
        try:
            answer = await obstore.get_async(self._store, key)
            async for piece in answer.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)
        except FileNotFoundError as gone:
            raise DomainError(
                grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_INTERNAL, "The file is missing from storage."
            ) from gone
        except (BaseError, OSError) as failed:
            raise unavailable("object storage") from failed
