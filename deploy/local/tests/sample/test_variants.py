"""The degraded siblings are degraded in the way their names say."""

import pypdfium2
import pytest

from sample import variants


def test_a_scan_shows_pages_and_holds_no_text() -> None:
    document = pypdfium2.PdfDocument(variants.scanned_pdf(pages=2))
    assert [page.get_textpage().get_text_range() for page in document] == ["", ""]
    assert all(_is_inked(page) for page in document)
    document.close()


def test_the_encrypted_file_opens_with_its_password_only() -> None:
    content = variants.encrypted_pdf()
    with pytest.raises(pypdfium2.PdfiumError, match="password"):
        pypdfium2.PdfDocument(content)
    assert len(pypdfium2.PdfDocument(content, password=variants.PASSWORD)) >= 12


def test_the_truncated_file_is_a_pdf_that_does_not_open() -> None:
    content = variants.truncated_pdf()
    assert content.startswith(b"%PDF-")
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(content)


def test_the_plain_text_has_clauses_and_tables() -> None:
    text = variants.plain_text()
    assert "7.1  Energy Payment. For each kWh" in text
    assert "\n15\t0.1689\t262.81\t[***]\n" in text
    assert "<b>" not in text


def _is_inked(page: pypdfium2.PdfPage) -> bool:
    darkest, lightest = page.render(scale=1).to_pil().convert("L").getextrema()
    return bool(darkest < 100 < lightest)
