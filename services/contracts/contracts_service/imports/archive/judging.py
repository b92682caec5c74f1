"""Which entries of an archive are files to be read, and what is to be told about the others."""

import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from contracts_service.extraction import errors as rejections
from contracts_service.extraction.limits import Limits
from contracts_service.imports.archive import errors
from contracts_service.imports.archive.directory import Entry
from contracts_service.imports.archive.errors import Verdict

_STORED, _DEFLATED, _AES = 0, 8, 99
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
_LONGEST_PATH, _LONGEST_NAME = 1_000, 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:")
_OF_THE_COMPUTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".cab", ".jar"})


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the archive; without a verdict it is to be read."""

    path: str
    entry: Entry
    verdict: Verdict | None


def judged(entries: Sequence[Entry], limits: Limits, most_bytes: int) -> list[Found]:
    """Every entry that is no folder, in the list's order. Raises DomainError ARCHIVE_INVALID.

    `most_bytes` is what all of them together may unfold into.
    """
    if sum(entry.size_bytes for entry in entries) > most_bytes:
        raise errors.unfolds(most_bytes)
    files = [(_path(entry), entry) for entry in entries if not _is_folder(entry)]
    times = Counter(path for path, _ in files)
    found = [
        Found(_shown(path), entry, _of_name(path, entry, times[path]) or _of_bytes(entry, limits))
        for path, entry in files
    ]
    if all(file.verdict is errors.NO_CONTRACT for file in found):
        raise errors.empty()
    return found


def _path(entry: Entry) -> str:
    """Some programs of Windows write its own separator."""
    return (entry.name or "").replace("\\", "/")


def _is_folder(entry: Entry) -> bool:
    return bool(entry.name) and _path(entry).endswith("/") and entry.size_bytes == 0


def _shown(path: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", path[:_LONGEST_PATH])


def _of_name(path: str, entry: Entry, times: int) -> Verdict | None:
    return next(_of_its_name(path, entry, times), None)


def _of_its_name(path: str, entry: Entry, times: int) -> Iterator[Verdict]:
    pure = PurePosixPath(path)
    if is_no_contract(path):
        yield errors.NO_CONTRACT
    if not path or len(path) > _LONGEST_PATH or len(pure.name) > _LONGEST_NAME or _CONTROL.search(path):
        yield errors.UNNAMED
    if _ABSOLUTE.match(path) or ".." in path.split("/"):
        yield errors.ELSEWHERE
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG) or path.endswith("/"):
        yield errors.NO_FILE
    if times > 1:
        yield errors.TWICE
    if pure.suffix.lower() in _ARCHIVES:
        yield errors.NESTED


def is_no_contract(path: str) -> bool:
    """Whether the computer made the file by itself."""
    *folders, name = path.split("/")
    return "__MACOSX" in folders or name.lower() in _OF_THE_COMPUTER or name.startswith("._")


def _of_bytes(entry: Entry, limits: Limits) -> Verdict | None:
    if entry.flags & _ENCRYPTED_FLAGS or entry.method == _AES:
        return errors.ENCRYPTED
    if entry.method not in (_STORED, _DEFLATED):
        return errors.UNREAD_PACKING
    if entry.size_bytes > limits.max_bytes:
        return errors.of_document(rejections.too_many_bytes(limits.max_bytes))
    if (
        entry.size_bytes > limits.zip_ratio_free_bytes
        and entry.size_bytes > entry.packed_bytes * limits.zip_ratio
    ):
        return errors.BOMB
    return None
