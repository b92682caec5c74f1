"""Makes ZIP archives, sound ones and such as no sound program makes."""

import io
import struct
import zipfile
from collections.abc import Mapping


def archive(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A plain archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return held.getvalue()


def with_mode(name: str, content: bytes, mode: int) -> bytes:
    """One entry with a mode of Unix: a link, a device."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.create_system, entry.external_attr = 3, mode << 16
        made.writestr(entry, content)
    return held.getvalue()


def twice(name: str, first: bytes, second: bytes) -> bytes:
    """Two entries of one name, which readers choose between as they like."""
    spare = name[:-1] + "~"
    return archive({name: first, spare: second}).replace(spare.encode(), name.encode())


def patched(
    content: bytes, *, listed: Mapping[int, bytes], local: Mapping[int, bytes] | None = None
) -> bytes:
    """Of the first entry, other bytes at these places of its listing, and of its own header."""
    changed = bytearray(content)
    for start, changes in (
        (content.index(b"PK\x01\x02"), listed),
        (content.index(b"PK\x03\x04"), local or {}),
    ):
        for place, written in changes.items():
            changed[start + place : start + place + len(written)] = written
    return bytes(changed)


def encrypted(content: bytes) -> bytes:
    """The first entry says that it has a password."""
    return patched(content, listed={8: b"\x01\x00"}, local={6: b"\x01\x00"})


def says(content: bytes, size_bytes: int) -> bytes:
    """The first entry lies about its size."""
    written = struct.pack("<L", size_bytes)
    return patched(content, listed={24: written}, local={22: written})


def overlapping(name: str, content: bytes) -> bytes:
    """Two names for the same packed bytes."""
    sound = archive({name: content, name + "2": b"x"})
    second = sound.index(b"PK\x01\x02", sound.index(b"PK\x01\x02") + 4)
    changed = bytearray(sound)
    changed[second + 42 : second + 46] = struct.pack("<L", 0)
    return bytes(changed)
