"""Whatever the bytes: a text whose pages cover it, or a refusal; never anything else."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts_service.extraction.errors import DocumentRejected, Reason
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.isolate import extract
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.worker import read_document

Build = Callable[..., bytes]

LIMITS = Limits()
_FIXTURE_IS_A_PURE_FUNCTION = [HealthCheck.function_scoped_fixture]
_STARTS = st.sampled_from(
    [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"<html>", b"\xff\xfe", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
_EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), max_size=12)


def _check(extracted: ExtractedText) -> None:
    assert extracted.page_count == len(extracted.pages) > 0
    assert "".join(extracted.text[start:end] for start, end in extracted.pages) == extracted.text
    extracted.text.encode("utf-8")


def _check_refusal(refused: DocumentRejected) -> None:
    assert refused.reason in Reason
    assert refused.message.endswith(".")


def _read(data: bytes) -> None:
    try:
        _check(read_document(data, filename="", declared_type="", limits=LIMITS))
    except DocumentRejected as refused:
        _check_refusal(refused)


def _mutated(data: bytes, edits: list[tuple[float, bytes]], kept: float) -> bytes:
    changed = bytearray(data)
    for place, replacement in edits:
        at = int(place * len(changed))
        changed[at : at + len(replacement)] = replacement
    return bytes(changed[: int(len(changed) * kept)])


@settings(max_examples=150, deadline=None)
@given(_STARTS, st.binary(max_size=2_000))
def test_random_bytes(start: bytes, rest: bytes) -> None:
    _read(start + rest)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=500), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_any_text(text: str, encoding: str) -> None:
    _read(text.encode(encoding, "replace"))


@settings(max_examples=60, deadline=None, suppress_health_check=_FIXTURE_IS_A_PURE_FUNCTION)
@given(edits=_EDITS, kept=st.floats(0.2, 1))
def test_mutated_word_files(docx_of: Build, edits: list[tuple[float, bytes]], kept: float) -> None:
    body = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Fee</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p><w:ins/></w:p>"
    _read(_mutated(docx_of(body), edits, kept))


@settings(max_examples=60, deadline=None, suppress_health_check=_FIXTURE_IS_A_PURE_FUNCTION)
@given(edits=_EDITS)
def test_mutated_word_markup(docx_of: Build, edits: list[tuple[float, bytes]]) -> None:
    body = (
        b"<w:document><w:body><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Fee</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    document = body.replace(
        b"<w:document", b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    )
    _read(docx_of(document=_mutated(document + b"</w:body></w:document>", edits, 1.0)))


@settings(max_examples=60, deadline=None, suppress_health_check=_FIXTURE_IS_A_PURE_FUNCTION)
@given(edits=_EDITS, kept=st.floats(0.2, 1))
def test_mutated_pdfs(pdf_of: Build, edits: list[tuple[float, bytes]], kept: float) -> None:
    _read(_mutated(pdf_of(["The Owner shall pay"], ["the Operator"]), edits, kept))


@settings(max_examples=8, deadline=None, suppress_health_check=_FIXTURE_IS_A_PURE_FUNCTION)
@given(edits=_EDITS, kept=st.floats(0.5, 1))
async def test_mutated_pdfs_in_the_confined_process(
    pdf_of: Build, edits: list[tuple[float, bytes]], kept: float
) -> None:
    data = _mutated(pdf_of(["The Owner shall pay"]), edits, kept)
    try:
        _check(await extract(data, filename="a.pdf", declared_type="", limits=LIMITS))
    except DocumentRejected as refused:
        _check_refusal(refused)
