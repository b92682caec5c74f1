"""The bytes decide what a file is; a label that says otherwise is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.sniff import identify

Refusal = Callable[..., DocumentRejected]

DOCX = MediaType.DOCX.value
LIMITS = Limits()


def _identify(data: bytes, filename: str = "", declared_type: str = "") -> MediaType:
    return identify(data, filename=filename, declared_type=declared_type, limits=LIMITS)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"%PDF-1.7\n", MediaType.PDF),
        (b"\x00\x01 mail header %PDF-1.4\n1 0 obj", MediaType.PDF),
        (b"An agreement that mentions %PDF-1.4 and 1 0 obj", MediaType.PLAIN),
        ("Fee: 5 €".encode(), MediaType.PLAIN),
        ("Fee: 5 €".encode("cp1252"), MediaType.PLAIN),
        ("Fee: 5 €".encode("utf-16"), MediaType.PLAIN),
        ("A fee of five dollars".encode("utf-16-be"), MediaType.PLAIN),
        (b"  <!-- made by hand -->\n<!DOCTYPE html><p>x", MediaType.HTML),
        ('<?xml version="1.0"?><html>é</html>'.encode("utf-16"), MediaType.HTML),
        (b"a price below <b>ten</b> dollars", MediaType.PLAIN),
    ],
)
def test_bytes_without_a_label(data: bytes, found: MediaType) -> None:
    assert _identify(data) is found


def test_a_label_decides_between_two_readings_that_the_bytes_allow() -> None:
    assert _identify(b"a price below <b>ten</b> dollars", "terms.html") is MediaType.HTML


@pytest.mark.parametrize(
    ("filename", "declared_type"),
    [
        ("Exhibit 10.14", ""),
        ("contract.PDF", "application/octet-stream"),
        ("contract", "application/pdf; version=1.7"),
        ("contract.pdf", "application/x-pdf"),
        ("x", "no media type \x00 at all"),
    ],
)
def test_labels_that_agree_or_say_nothing(filename: str, declared_type: str) -> None:
    assert _identify(b"%PDF-1.7\n", filename, declared_type) is MediaType.PDF


@pytest.mark.parametrize(
    ("data", "filename", "declared_type", "declared", "detected"),
    [
        (b"<html><p>x", "a.pdf", "", "PDF (.pdf)", "HTML"),
        (b"<html><p>x", "a.txt", "", "plain text (.txt)", "HTML"),
        (b"no tags here", "a.html", "", "HTML (.html)", "plain text"),
        (b"%PDF-1.7\n", "", DOCX, f"Word (DOCX) ({DOCX})", "PDF"),
        (b"%PDF-1.7\n", "a.pdf", "text/html", "HTML (text/html)", "PDF"),
        (b"%PDF-1.7\n", "a.xlsx", "", ".xlsx", "PDF"),
        (b"\x89PNG\r\n\x1a\n\x00", "a.pdf", "", "PDF (.pdf)", "a PNG image"),
        (b"\x01\x02\x03", "a.docx", "", "Word (DOCX) (.docx)", "data of no known kind"),
    ],
)
def test_mislabelled(
    refusal: Refusal,
    data: bytes,
    filename: str,
    declared_type: str,
    declared: str,
    detected: str,
) -> None:
    refused = refusal(data, filename=filename, declared_type=declared_type)
    assert refused.reason == "DOCUMENT_TYPE_MISMATCH"
    assert refused.metadata == {"declared": declared, "detected": detected}
    assert declared in refused.message
    assert detected in refused.message


@pytest.mark.parametrize(
    ("data", "filename", "detected"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "scan.png", "a PNG image"),
        (b"\x00\x01\x02\x03", "", "data of no known kind"),
        (b"{\\rtf1 hello}", "old.rtf", "a rich text (RTF) file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), "old.doc", "an older Office file (such as DOC)"),
        (b"PK\x03\x04 nothing of Word", "", "a ZIP archive or another Office file"),
    ],
)
def test_unsupported(refusal: Refusal, data: bytes, filename: str, detected: str) -> None:
    refused = refusal(data, filename=filename)
    assert refused.reason == "DOCUMENT_TYPE_UNSUPPORTED"
    assert refused.metadata == {"detected": detected}


def test_empty_and_blank(refusal: Refusal) -> None:
    assert [refusal(data).reason for data in (b"", b" \r\n\f ", b"<html><p hidden>x")] == [
        "DOCUMENT_EMPTY"
    ] * 3


def test_a_protected_word_file_is_called_protected(refusal: Refusal) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le")
    assert refusal(ole, filename="a.docx").reason == "DOCUMENT_ENCRYPTED"
