"""The committed files: reproducible, long enough, whole in their references, and dated in order."""

import re
from datetime import date
from pathlib import Path

import pytest

from sample import DOCUMENTS, NAMES, SOURCES
from sample.build import build_all
from sample.model import Clause, Definition, Item, Note, Prose
from sample.parse import SourceError, plain, read_document


def numbers(text: str) -> set[str]:
    """Every figure of a text."""
    return set(re.findall(r"[\d.,]*\d", text))


def test_a_rebuild_gives_the_committed_bytes() -> None:
    committed = {path.name: path.read_bytes() for path in DOCUMENTS.iterdir()}
    assert build_all() == committed


def test_the_agreement_has_its_pages_numbered(pdf_pages: dict[str, list[str]]) -> None:
    pages = pdf_pages["agreement"]
    assert len(pages) >= 12
    assert all(re.search(rf"\b{number}\b", page) for number, page in enumerate(pages[1:], start=2))


def test_no_page_is_blank_but_for_its_furniture(pdf_pages: dict[str, list[str]]) -> None:
    assert [len(page) < 200 for pages in pdf_pages.values() for page in pages].count(True) == 0


@pytest.mark.parametrize("name", NAMES)
def test_no_paragraph_crosses_a_page(name: str, pdf_pages: dict[str, list[str]]) -> None:
    blocks = read_document(SOURCES / f"{name}.txt").blocks
    paragraphs = [
        plain(one.text) for one in blocks if isinstance(one, Clause | Definition | Item | Note | Prose)
    ]
    assert paragraphs
    assert [text for text in paragraphs if not any(text in page for page in pdf_pages[name])] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_section_referred_to_exists(name: str, docx_text: dict[str, str]) -> None:
    sources = [read_document(SOURCES / f"{source}.txt") for source in {"agreement", name}]
    blocks = [block for source in sources for block in source.blocks]
    known = {block.number for block in blocks if isinstance(block, Clause)}
    referred = set(re.findall(r"Sections? (\d+\.\d+)", docx_text[name]))
    assert referred
    assert referred <= known


def test_the_amendment_is_later_and_amends_this_agreement(docx_text: dict[str, str]) -> None:
    agreement, amendment = (read_document(SOURCES / f"{name}.txt") for name in NAMES)
    assert (agreement.dated, amendment.dated) == (date(2025, 3, 3), date(2025, 11, 17))
    assert (
        f"amends the Energy Services Agreement, Reference No. {agreement.reference}"
        in docx_text["amendment-1"]
    )


def test_pdf_and_docx_say_the_same(pdf_pages: dict[str, list[str]], docx_text: dict[str, str]) -> None:
    for name in NAMES:
        in_pdf, in_docx = (numbers(text) for text in (" ".join(pdf_pages[name]), docx_text[name]))
        page_numbers = {str(number) for number in range(len(pdf_pages[name]) + 1)}
        assert in_docx <= in_pdf
        assert in_pdf - in_docx <= page_numbers


def test_a_broken_table_is_refused(tmp_path: Path) -> None:
    source = (SOURCES / "amendment-1.txt").read_text(encoding="utf-8")
    broken = tmp_path / "broken.txt"
    broken.write_text(source.replace("| 90% | 92% |", "| 92% |"), encoding="utf-8")
    with pytest.raises(SourceError, match="columns do not agree"):
        read_document(broken)
