"""Writes the sample's PDF and DOCX files from their sources: python -m sample.build."""

from sample import DOCUMENTS, DRAFTS, NAMES, SOURCES
from sample.parse import read_document
from sample.render_docx import render_docx
from sample.render_pdf import render_pdf


def build_all() -> dict[str, bytes]:
    """Every committed file by its name, freshly rendered."""
    files: dict[str, bytes] = {}
    for name in (*NAMES, *DRAFTS):
        document = read_document(SOURCES / f"{name}.txt")
        files[f"{name}.pdf"] = render_pdf(document)
        files[f"{name}.docx"] = render_docx(document)
    return files


def main() -> None:
    """Writes all files and prints their sizes in bytes."""
    DOCUMENTS.mkdir(exist_ok=True)
    for name, content in build_all().items():
        (DOCUMENTS / name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
