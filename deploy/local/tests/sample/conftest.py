"""The committed sample as a reader sees it: text page by page, tables, and the truth file."""

import re
from pathlib import Path

import docx
import pypdfium2
import pytest
from docx.table import Table

from sample import DOCUMENTS, DRAFTS, NAMES
from sample.truth import Truth, load_truth


def normalized(text: str) -> str:
    """Text with each run of white space as one space."""
    return re.sub(r"\s+", " ", text).strip()


@pytest.fixture(scope="session")
def truth() -> Truth:
    return load_truth()


@pytest.fixture(scope="session")
def pdf_pages() -> dict[str, list[str]]:
    """Normalized text of each page, by document."""
    return {name: _pages_of(DOCUMENTS / f"{name}.pdf") for name in (*NAMES, *DRAFTS)}


@pytest.fixture(scope="session")
def docx_text() -> dict[str, str]:
    """Normalized text of paragraphs and cells in reading order, by document."""
    return {name: normalized("\n".join(_words_of(DOCUMENTS / f"{name}.docx"))) for name in (*NAMES, *DRAFTS)}


@pytest.fixture(scope="session")
def price_table() -> list[list[str]]:
    """The rows of the price table of Exhibit B, as the DOCX holds them."""
    tables = docx.Document(str(DOCUMENTS / "agreement.docx")).tables
    table = next(one for one in tables if one.cell(0, 1).text.startswith("Energy Price"))
    return [[cell.text for cell in row.cells] for row in table.rows[1:]]


def _pages_of(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [normalized(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def _words_of(path: Path) -> list[str]:
    words: list[str] = []
    for block in docx.Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            words += [cell.text for row in block.rows for cell in row.cells]
        else:
            words.append(block.text)
    return words
