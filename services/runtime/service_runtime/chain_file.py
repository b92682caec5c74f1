"""Files of exported hash chains: written strictly, and checked with nothing but the file.

An export is one line of JSON an entry (`{"entry": …, "hash": …, "seq": …}`), in their order, and a last line
with the head: `{"head": {"hash": …, "seq": …}}`, in a sealed file with the service's signature beside it
(`service_runtime.signed_head`). hash = SHA-256(hash before ‖ entry), with 32 zero bytes before the first.
Lines are read as strictly as they are written, so that no byte of the file can be another one.

Who can write the file can also write all of it anew, from a changed record to the head. That is found by a
head that was kept elsewhere, by a signature, or by the service's own chain.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from service_runtime.audit import GENESIS, canonical, chained
from service_runtime.signed_head import Seal


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the chain: its place from 1 on, the very text that was hashed, and the hash in hex."""

    seq: int
    text: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last place of a chain and the hash there, in hex. That of an empty chain is place 0."""

    seq: int = 0
    hash: str = GENESIS.hex()
    # The service's signature; what it says is not compared here.
    seal: Seal | None = field(default=None, compare=False)


class Fault(Enum):
    """What can be wrong with a chain."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "out of its place"
    REPEATED = "there twice"
    CUT = "cut off"
    UNSIGNED = "not signed as it should be"
    UNREADABLE = "not a line of an export"
    SURPLUS = "more than the head knows"


class BrokenChainError(Exception):
    """The chain is not what was written. `seq` is the first wrong record, 0 where none can be named."""

    def __init__(self, fault: Fault, seq: int, told: str) -> None:
        super().__init__(told)
        self.fault = fault
        self.seq = seq


def export_line(entry: Entry) -> str:
    """An entry as it stands in the file."""
    return canonical({"seq": entry.seq, "entry": entry.text, "hash": entry.hash}).decode() + "\n"


def head_line(head: Head) -> str:
    """The end of the file."""
    told: dict[str, object] = {"head": {"seq": head.seq, "hash": head.hash}}
    if head.seal is not None:
        told |= {"key": dict(head.seal.key), "signature": head.seal.signature}
    return canonical(told).decode() + "\n"


def verify_file(lines: Iterable[bytes], known: Head | None = None) -> Iterator[Entry]:
    """The entries of an export, each once its place in the chain is proven; the end is proven last.

    `known` is a head of this chain that was kept elsewhere. Raises BrokenChainError at the first fault.
    """
    yield from Reading(lines, sealed=False).verified(*filter(None, [known]))


def verify(entries: Iterable[Entry], known: Head | None = None) -> Iterator[Entry]:
    """Each entry once its place is proven, from the first of the chain on. Raises BrokenChainError."""
    before, rest = Head(), iter(entries)
    for entry in rest:
        expected = before.seq + 1
        if entry.seq != expected:
            raise _misplaced(expected, entry.seq, _readable(rest))
        computed = digest(before.hash, entry.text)
        if computed != entry.hash:
            raise _changed(entry, computed, next(_readable(rest), None))
        before = Head(entry.seq, entry.hash)
        if known is not None and known.seq == before.seq and known != before:
            told = (
                f"Record {known.seq}, or one before it, is another one than that of the head that is known."
            )
            raise BrokenChainError(Fault.CHANGED, known.seq, told)
        yield entry
    if known is not None and known.seq > before.seq:
        told = f"The chain is cut off after record {before.seq}: it is known to reach record {known.seq}."
        raise BrokenChainError(Fault.CUT, before.seq + 1, told)


def digest(before: str, text: str) -> str:
    """The hash after `before`; both in hex."""
    return chained(bytes.fromhex(before), text.encode()).hex()


class Reading:
    """Reads the lines; `head` is known when the entries have ended. A sealed file has a signed head."""

    def __init__(self, lines: Iterable[bytes], *, sealed: bool) -> None:
        self._lines = lines
        self._sealed = sealed
        self.head: Head | None = None

    def verified(self, *known: Head) -> Iterator[Entry]:
        """As `verify_file`. What the signature says is for the caller to check."""
        reached, entries = Head(), verify(self._entries(), known[0] if known else None)
        for other in known[1:]:
            entries = verify(entries, other)
        for entry in entries:
            yield entry
            reached = Head(entry.seq, entry.hash)
        _compare(self.head, reached)

    def _entries(self) -> Iterator[Entry]:
        for number, line in enumerate(self._lines, start=1):
            if self.head is not None:
                raise BrokenChainError(Fault.SURPLUS, 0, f"Line {number} stands after the head of the chain.")
            read = _read(line, number)
            if isinstance(read, Head):
                if (read.seal is not None) != self._sealed:
                    raise _unreadable(number)
                self.head = read
            else:
                yield read


def _read(line: bytes, number: int) -> Entry | Head:
    """Raises BrokenChainError for everything that `export_line` and `head_line` would write otherwise."""
    try:
        found = json.loads(line)
        read: Entry | Head = (
            Head(found["head"]["seq"], found["head"]["hash"], _seal(found))
            if "head" in found
            else Entry(found["seq"], found["entry"], found["hash"])
        )
        written = head_line(read) if isinstance(read, Head) else export_line(read)
        if _is_sound(read) and written.encode() == line:
            return read
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise _unreadable(number)


def _seal(found: dict[str, Any]) -> Seal | None:
    return Seal(found["signature"], found["key"]) if "signature" in found else None


def _unreadable(number: int) -> BrokenChainError:
    return BrokenChainError(
        Fault.UNREADABLE,
        0,
        f"Line {number} is not a line of an export: it was changed, or the file was cut there.",
    )


def _is_sound(read: Entry | Head) -> bool:
    texts = [read.hash, read.text] if isinstance(read, Entry) else [read.hash]
    return type(read.seq) is int and all(isinstance(text, str) for text in texts)


def _readable(rest: Iterator[Entry]) -> Iterator[Entry]:
    """As far as it goes: something is wrong before it, and that is told."""
    with contextlib.suppress(BrokenChainError):
        yield from rest


def _misplaced(expected: int, found: int, rest: Iterator[Entry]) -> BrokenChainError:
    if found < expected:
        return BrokenChainError(
            Fault.REPEATED, found, f"Record {found} stands twice, or is out of its place."
        )
    if any(entry.seq == expected for entry in rest):
        return BrokenChainError(
            Fault.REORDERED,
            expected,
            f"Record {expected} is out of its place: record {found} stands before it.",
        )
    missing = f"Record {expected} is" if found == expected + 1 else f"Records {expected} to {found - 1} are"
    return BrokenChainError(Fault.MISSING, expected, f"{missing} missing.")


def _changed(entry: Entry, computed: str, following: Entry | None) -> BrokenChainError:
    """The record after it tells what was changed: it was hashed over the true hash of this one."""
    told = f"Record {entry.seq} was changed: its text and its hash do not belong together."
    if following is not None and _is_hex(entry.hash):
        if digest(entry.hash, following.text) == following.hash:
            told = f"Record {entry.seq} was changed: its text is not the one that was hashed."
        elif digest(computed, following.text) == following.hash:
            told = f"Record {entry.seq} was changed: its hash is not the one of its text."
    return BrokenChainError(Fault.CHANGED, entry.seq, told)


def _compare(head: Head | None, reached: Head) -> None:
    if head is None:
        raise BrokenChainError(
            Fault.CUT, reached.seq + 1, f"The file is cut off after record {reached.seq}: it has no head."
        )
    if head.seq > reached.seq:
        told = f"The file is cut off after record {reached.seq}: its head is record {head.seq}."
        raise BrokenChainError(Fault.CUT, reached.seq + 1, told)
    if head.seq < reached.seq:
        told = f"The file goes on to record {reached.seq}, but its head is record {head.seq}."
        raise BrokenChainError(Fault.SURPLUS, head.seq + 1, told)
    if head.hash != reached.hash:
        raise BrokenChainError(Fault.CHANGED, head.seq, f"The head is not the hash of record {head.seq}.")


def _is_hex(text: str) -> bool:
    return len(text) == 2 * hashlib.sha256().digest_size and set(text) <= set("0123456789abcdef")
