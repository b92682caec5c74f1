"""The real type of a file, from its bytes alone, held against what its labels claim."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contracts_service.extraction import errors
from contracts_service.extraction.decoding import decode, looks_like_text
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import Claim, MediaType, claims_of

_HEAD = 1_024  # where the PDF standard's readers look for its header, and ours for markup
_PDF_HEADER = re.compile(rb"%PDF-\d\.\d")
_PDF_OBJECT = re.compile(rb"\d+ \d+ obj\b")
_PAGE_START = re.compile(
    r"(?:\s|<\?xml[^>]*>|<!--.*?-->)*<(?:!doctype\s+html|(?:html|head|body|title|meta|style|script)\b)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    r"<(?:p|div|span|table|tr|td|br|font|b|i|u|h[1-6]|a|hr|center|ul|ol|li)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK\x03\x04"
_SIGNATURES = (
    (b"{\\rtf", "a rich text (RTF) file"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"BM", "a bitmap image"),
    (b"\x1f\x8b", "a compressed (GZIP) file"),
    (b"7z\xbc\xaf", "a compressed (7Z) file"),
    (b"Rar!", "a compressed (RAR) file"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
)
_UNKNOWN = "data of no known kind"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The types that the bytes allow, likeliest first (none when unsupported), named for a person."""

    types: tuple[MediaType, ...]
    label: str


def identify(data: bytes, *, filename: str, declared_type: str, limits: Limits) -> MediaType:
    """The type of the document; raises `DocumentRejected` when unsupported or mislabelled."""
    if not data:
        raise errors.empty_file()
    sniffed = sniff(data, limits)
    claims = claims_of(filename, declared_type)
    for claim in claims:
        _refuse_contradiction(claim, sniffed)
    if not sniffed.types:
        raise errors.unsupported(sniffed.label)
    claimed = {claim.media_type for claim in claims}
    return next((found for found in sniffed.types if found in claimed), sniffed.types[0])


def _refuse_contradiction(claim: Claim, sniffed: Sniffed) -> None:
    neither_supported = claim.media_type is None and not sniffed.types
    if claim.media_type not in sniffed.types and not neither_supported:
        raise errors.mismatch(claim.label, sniffed.label)


def sniff(data: bytes, limits: Limits) -> Sniffed:
    """What the bytes are; raises for a broken or protected Word file, which no label can mend."""
    if data.startswith(b"%PDF-"):
        return _one(MediaType.PDF)
    if data.startswith(_ZIP):
        return _sniff_zip(data, limits)
    if data.startswith(_OLE):
        return _sniff_ole(data)
    if looks_like_text(data):
        return _sniff_text(data)
    if _PDF_HEADER.search(data[:_HEAD]) and _PDF_OBJECT.search(data):
        return _one(MediaType.PDF)
    return Sniffed((), next((label for mark, label in _SIGNATURES if data.startswith(mark)), _UNKNOWN))


def _one(media_type: MediaType) -> Sniffed:
    return Sniffed((media_type,), media_type.label)


def _sniff_zip(data: bytes, limits: Limits) -> Sniffed:
    # Loaded for archives only: a PDF, the usual case, need not wait for zipfile.
    from contracts_service.extraction.docx_package import is_word_document

    return (
        _one(MediaType.DOCX)
        if is_word_document(data, limits)
        else Sniffed((), "a ZIP archive or another Office file")
    )


def _sniff_ole(data: bytes) -> Sniffed:
    if _OLE_ENCRYPTED in data:
        raise errors.encrypted("Office")
    return Sniffed((), "an older Office file (such as DOC)")


def _sniff_text(data: bytes) -> Sniffed:
    if data.startswith(b"{\\rtf"):
        return Sniffed((), "a rich text (RTF) file")
    # A PDF of printable bytes only is possible: its header may follow a mail or web header.
    if _PDF_HEADER.search(data[:_HEAD]) and _PDF_OBJECT.search(data) and b"startxref" in data:
        return _one(MediaType.PDF)
    text = decode(data)
    if _PAGE_START.match(text):
        return _one(MediaType.HTML)
    if _TAG.search(text):
        return Sniffed((MediaType.PLAIN, MediaType.HTML), MediaType.PLAIN.label)
    return _one(MediaType.PLAIN)
