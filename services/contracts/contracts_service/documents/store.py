"""SQL for documents and their pages."""

from collections.abc import Sequence
from itertools import chain
from uuid import UUID

import asyncpg

from contracts_service.documents.model import Content, Document, Page, Touched
from contracts_service.extraction.layout import PageLayout
from contracts_service.extraction.tables import Table
from service_runtime.postgres import Connection

COLUMNS = """documents.id AS document_id, sha256, filename, media_type, size_bytes, object_key, page_count,
    word_count, text_state, ocr_confidence"""


def from_row(row: asyncpg.Record) -> Document:
    """A document from a row that has COLUMNS."""
    return Document(
        id=row["document_id"],
        sha256=row["sha256"].hex(),
        filename=row["filename"],
        media_type=row["media_type"],
        size_bytes=row["size_bytes"],
        object_key=row["object_key"],
        page_count=row["page_count"],
        word_count=row["word_count"],
        text_state=row["text_state"],
        ocr_confidence=row["ocr_confidence"],
    )


async def insert(connection: Connection, org_id: UUID, document: Document, content: Content) -> bool:
    """Keeps the document with its text; False when the organization has these bytes already."""
    fresh = await connection.fetchval(
        """INSERT INTO documents (org_id, id, sha256, filename, media_type, size_bytes, object_key,
                                  page_count, word_count, text_state,
                                  ocr_confidence)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING true""",
        org_id, document.id, bytes.fromhex(document.sha256), document.filename, document.media_type,
        document.size_bytes, document.object_key, document.page_count, document.word_count,
        document.text_state, document.ocr_confidence,
    )  # fmt: skip
    if not fresh:
        return False
    await connection.executemany(
        """INSERT INTO document_pages (org_id, document_id, page, char_start, char_end, text, unsure)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        [
            (
                org_id,
                document.id,
                page.number,
                page.char_start,
                page.char_end,
                page.text,
                [*chain(*page.unsure)],
            )
            for page in content.pages
        ],
    )
    await connection.executemany(
        """INSERT INTO page_layouts (org_id, document_id, page, width, height, words)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        [(org_id, document.id, one.number, one.width, one.height, one.words) for one in content.layouts],
    )
    await connection.executemany(
        """INSERT INTO document_tables (org_id, document_id, number, page, cells)
           VALUES ($1, $2, $3, $4, $5)""",
        [
            (org_id, document.id, number, table.page, table.to_list())
            for number, table in enumerate(content.tables, start=1)
        ],
    )
    # As in the functions that search: the organization is a word of its pages.
    await connection.execute(
        """INSERT INTO page_words (org_id, document_id, page, words)
           SELECT org_id, document_id, page,
                  to_tsvector('english', text) || array_to_tsvector(ARRAY['org:' || org_id::text])
           FROM document_pages WHERE document_id = $1""",
        document.id,
    )
    return True


async def get(connection: Connection, document_id: UUID) -> Document | None:
    """The document."""
    row = await connection.fetchrow(f"SELECT {COLUMNS} FROM documents WHERE documents.id = $1", document_id)
    return from_row(row) if row else None


async def by_sha256(connection: Connection, sha256: str) -> Document | None:
    """The document with these bytes."""
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM documents WHERE sha256 = $1", bytes.fromhex(sha256)
    )
    return from_row(row) if row else None


async def pages(
    connection: Connection, document_id: UUID, *, after: int = 0, limit: int | None = None
) -> list[Page]:
    """Pages with a number above `after`, in order."""
    rows = await connection.fetch(
        """SELECT page, char_start, char_end, text, unsure FROM document_pages
           WHERE document_id = $1 AND page > $2 ORDER BY page LIMIT $3""",
        document_id, after, limit,
    )  # fmt: skip
    return [
        Page(row["page"], row["char_start"], row["char_end"], row["text"], _pairs(row["unsure"]))
        for row in rows
    ]


async def touched(connection: Connection, document_id: UUID, start: int, end: int) -> list[Touched]:
    """Pages that [start, end) of the stored text touches."""
    rows = await connection.fetch(
        """SELECT page, char_start, char_end, width, height, words
           FROM document_pages LEFT JOIN page_layouts USING (org_id, document_id, page)
           WHERE document_id = $1 AND char_end > $2 AND char_start < $3 ORDER BY page""",
        document_id, start, end,
    )  # fmt: skip
    return [
        Touched(
            row["page"],
            row["char_start"],
            row["char_end"],
            PageLayout(row["page"], row["width"], row["height"], row["words"]) if row["words"] else None,
        )
        for row in rows
    ]


async def tables(
    connection: Connection,
    document_id: UUID,
    *,
    after: int = 0,
    limit: int | None = None,
    pages: Sequence[int] | None = None,
) -> list[tuple[int, Table]]:
    """Tables with a number above `after`, in order; only those on `pages`, where these are given."""
    rows = await connection.fetch(
        """SELECT number, cells FROM document_tables
           WHERE document_id = $1 AND number > $2 AND ($4::integer[] IS NULL OR page = ANY($4))
           ORDER BY number LIMIT $3""",
        document_id, after, limit, pages,
    )  # fmt: skip
    return [(row["number"], Table.from_list(row["cells"])) for row in rows]


def _pairs(flat: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(flat[::2], flat[1::2], strict=True))
