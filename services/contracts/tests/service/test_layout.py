"""Tables and places as a viewer asks for them; scans, and what OCR was unsure of."""

import io
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, SimpleDocTemplate, Table, TableStyle

from bloom.contracts.v1 import contract_pb2, contract_service_pb2
from contracts_service.documents.service import Received, describe
from contracts_service.documents.text import assemble
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.layout import Box, PageLayout, Word, pack

from .calls import told
from .conftest import AGREEMENT, Caller, Service

PRICES = [["Contract Year", "Energy Price"], ["1", "$0.0950"], ["2", "$0.0970"]]


def priced(tables: int = 1) -> bytes:
    made = io.BytesIO()
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")])
    SimpleDocTemplate(made).build(
        [one for _ in range(tables) for one in (Table(PRICES, style=style), PageBreak())]
    )
    return made.getvalue()


def scan(line: str) -> bytes:
    image = Image.new("L", (1240, 1754), "white")
    ImageDraw.Draw(image).text((150, 150), line, fill="black", font=ImageFont.load_default(size=32))
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawImage(ImageReader(image), 0, 0, 595, 842)
    canvas.save()
    return made.getvalue()


async def tables(caller: Caller, name: str, **asked: object) -> contract_service_pb2.ListTablesResponse:
    request = contract_service_pb2.ListTablesRequest(parent=name, **asked)  # type: ignore[arg-type]
    return await caller.call("ListTables", request)


async def located(caller: Caller, name: str, start: int, end: int) -> contract_service_pb2.LocateTextResponse:
    request = contract_service_pb2.LocateTextRequest(name=name, char_start=start, char_end=end)
    return await caller.call("LocateText", request)


async def text_of(caller: Caller, name: str) -> str:
    pages = await caller.call("ListPages", contract_service_pb2.ListPagesRequest(parent=name))
    return "".join(page.text for page in pages.pages)


async def test_a_price_table_by_cell_with_its_place(service: Service):
    caller = service.someone()
    name = (await caller.upload(priced(), "prices.pdf")).contract.name
    (table,) = (await tables(caller, name)).tables
    text = await text_of(caller, name)
    assert [[cell.text for cell in table.cells if cell.row == row] for row in range(3)] == PRICES
    for cell in table.cells:
        assert text[cell.char_start : cell.char_end] == cell.text
        shown = await located(caller, name, cell.char_start, cell.char_end)
        reference = contract_service_pb2.CellReference(table=1, row=cell.row, column=cell.column)
        assert list(shown.cells) == [reference]
        (page,) = shown.pages
        (rectangle,) = page.rectangles
        assert cell.box.left < rectangle.left < rectangle.right < cell.box.right <= page.width
        assert cell.box.top < rectangle.top < rectangle.bottom < cell.box.bottom <= page.height
        assert page.confidence == 100


async def test_tables_page_by_page(service: Service):
    caller = service.someone()
    name = (await caller.upload(priced(3), "prices.pdf")).contract.name
    found, token = [], ""
    while True:
        answer = await tables(caller, name, page_size=1, page_token=token)
        found += answer.tables
        token = answer.next_page_token
        if not token:
            break
    assert [table.number for table in found] == [1, 2, 3]


async def test_text_without_places_has_pages_and_no_rectangles(service: Service):
    caller = service.someone()
    name = (await caller.upload(b"one page\n\fsecond page\n\fthird page")).contract.name
    shown = await located(caller, name, 4, 14)
    assert [(page.page, page.width, list(page.rectangles)) for page in shown.pages] == [
        (1, 0, []),
        (2, 0, []),
    ]


@pytest.mark.parametrize(("start", "end"), [(5, 5), (7, 3), (0, 10**6), (10**6, 10**6 + 1)])
async def test_a_span_that_is_not_in_the_text_is_refused(service: Service, start: int, end: int):
    caller = service.someone()
    name = (await caller.upload(AGREEMENT.encode())).contract.name
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await located(caller, name, start, end)
    assert told(refused.value)[1] == "INVALID_FIELD"


async def test_a_scan_is_read_with_places_and_a_stated_confidence(service: Service):
    caller = service.someone()
    line = "The Energy Price is $0.0950 per kWh"
    contract = (await caller.upload(scan(line), "scan.pdf")).contract
    assert contract.document.text_state == contract_pb2.TEXT_STATE_OCR
    assert contract.document.ocr_confidence > 80
    text = await text_of(caller, contract.name)
    assert text.strip() == line
    start = text.index("$0.0950")
    (page,) = (await located(caller, contract.name, start, start + 7)).pages
    (rectangle,) = page.rectangles
    assert 0 < page.confidence <= 100
    assert abs(rectangle.top - 150 * 842 / 1754) < 15


def test_words_that_ocr_was_unsure_of_are_kept_as_such_and_figures_sooner():
    said = [("Price", 95), ("is", 59), ("for", 61), ("$0.0950", 89), ("2026", 90)]
    text, words = "", []
    for word, confidence in said:
        words.append(Word(len(text), len(text) + len(word), Box(0, 0, 9, 9), confidence))
        text += f"{word} "
    layout = PageLayout(1, 5950, 8420, pack(words))
    extracted = ExtractedText(
        text, ((0, len(text)),), "application/pdf", 1, 5, False, True, (), "pdfium+tesseract", 79, (layout,)
    )
    document, content = describe(uuid4(), Received(Path("scan"), "00", 1), "scan.pdf", extracted)
    read = assemble(document, content.pages)
    assert [text[start:end] for start, end in read.unsure] == ["is", "$0.0950"]
