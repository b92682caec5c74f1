"""Bytes of a text file to characters: UTF-8, UTF-16, the charset a page names, or Windows-1252."""

from __future__ import annotations

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
_SAMPLE = 4_096


def looks_like_text(data: bytes) -> bool:
    """Whether the bytes can be a text file at all: no control characters, once decoded."""
    if utf16_of(data):
        decoded = decode(data)
        return "\x00" not in decoded and decoded.count("\ufffd") * 20 <= len(decoded)
    return not _CONTROLS.search(data)


def utf16_of(data: bytes) -> str | None:
    """The UTF-16 flavour, from its mark, or from the zero bytes that Latin text leaves in it."""
    for mark, name in _BOMS[1:]:
        if data.startswith(mark):
            return name
    sample = data[:_SAMPLE]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    enough = len(sample) // 2 * 0.7
    if odd > enough and not even:
        return "utf-16-le"
    return "utf-16-be" if even > enough and not odd else None


def decode(data: bytes) -> str:
    """Characters of a text file; bytes that fit nowhere become U+FFFD."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    flavour = utf16_of(data)
    if flavour:
        return data.decode(flavour, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _mostly_utf8(data) or data.decode("cp1252", "replace")


def decode_html(data: bytes) -> str:
    """As `decode`, but a page that is not UTF-8 may name its own charset."""
    named = _META_CHARSET.search(data[:_SAMPLE])
    if named and not utf16_of(data):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return _decode_as(named.group(1).decode("ascii"), data)
    return decode(data)


def _mostly_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken bytes (a cut end, a stray byte) beats mojibake throughout."""
    decoded = data.decode("utf-8", "replace")
    broken = decoded.count("\ufffd")
    sound = sum(not character.isascii() for character in decoded) - broken
    return decoded if sound >= 4 * broken else None


def _decode_as(charset: str, data: bytes) -> str:
    try:
        if codecs.lookup(charset)._is_text_encoding:
            return data.decode(charset, "replace")
    except (LookupError, UnicodeError):
        pass
    return decode(data)
