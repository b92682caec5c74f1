"""Where characters of the stored text stand: rectangles on pages, and cells of tables."""

from uuid import UUID

from bloom.contracts.v1 import contract_service_pb2
from contracts_service import messages
from contracts_service.documents import store
from contracts_service.documents.model import Touched
from contracts_service.extraction.layout import CERTAIN, TENTHS, rectangles, unpack
from service_runtime.errors import invalid
from service_runtime.postgres import Connection


async def locate(
    connection: Connection, document_id: UUID, start: int, end: int
) -> contract_service_pb2.LocateTextResponse:
    """[start, end) of the text, page by page. Raises INVALID_FIELD for a span that is not in the text."""
    if start >= end:
        raise invalid("char_end", "the end comes after the start")
    pages = await store.touched(connection, document_id, start, end)
    if not pages or pages[-1].char_end < end:
        raise invalid("char_end", "the text ends before that; its pages tell where each begins and ends")
    tables = await store.tables(connection, document_id, pages=[page.number for page in pages])
    return contract_service_pb2.LocateTextResponse(
        pages=[_highlight(page, start - page.char_start, end - page.char_start) for page in pages],
        cells=[
            contract_service_pb2.CellReference(table=number, row=cell.row, column=cell.column)
            for number, table in tables
            for cell in table.cells
            if cell.start < end and start < cell.end
        ],
    )


def _highlight(page: Touched, start: int, end: int) -> contract_service_pb2.PageHighlight:
    """`start` and `end` count from the page's own first character."""
    if page.layout is None:
        return contract_service_pb2.PageHighlight(page=page.number, confidence=CERTAIN)
    words = [word for word in unpack(page.layout.words) if word.start < end and start < word.end]
    return contract_service_pb2.PageHighlight(
        page=page.number,
        width=page.layout.width / TENTHS,
        height=page.layout.height / TENTHS,
        rectangles=map(messages.box, rectangles(words, start, end)),
        confidence=min((word.confidence for word in words), default=CERTAIN),
    )
