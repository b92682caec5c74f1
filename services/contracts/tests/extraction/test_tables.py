"""Tables by cell, from every format that has them: what each cell says and where its words stand."""

import io
from collections.abc import Callable

import pytest
from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

from contracts_service.extraction.extracted import ExtractedText

Read = Callable[..., ExtractedText]
Build = Callable[..., bytes]
PRICES = [
    ["Contract Year", "Energy $/kWh", "Capacity $/kW"],
    ["1", "0.0950", "12.00"],
    ["2", "0.0970", "12.24"],
]


def texts(extracted: ExtractedText) -> list[list[list[str]]]:
    """Each table's rows; every cell's words stand at its place."""
    tables = []
    for table in extracted.tables:
        rows: dict[int, list[str]] = {}
        for cell in table.cells:
            start, end = extracted.pages[cell.page - 1]
            assert not cell.text or start <= cell.start < cell.end <= end
            between = extracted.text[cell.start : cell.end].split()
            assert set(cell.text.split()) <= set(between)
            rows.setdefault(cell.row, []).append(cell.text)
        tables.append([rows[row] for row in sorted(rows)])
    return tables


def spans(extracted: ExtractedText) -> dict[str, tuple[int, int, int, int]]:
    """Row, column, row span and column span of each cell by its words."""
    return {
        cell.text: (cell.row, cell.column, cell.row_span, cell.column_span)
        for table in extracted.tables
        for cell in table.cells
        if cell.text
    }


def pdf_table(rows: list[list[str]], *style: tuple[object, ...]) -> bytes:
    buffer = io.BytesIO()
    table = Table(rows, style=TableStyle(style)) if style else Table(rows)
    SimpleDocTemplate(buffer).build([table])
    return buffer.getvalue()


def html(body: str) -> bytes:
    return f"<!doctype html><html><body>{body}</body></html>".encode()


def html_table(rows: list[list[str]]) -> str:
    lines = ("".join(f"<td> {cell} </td>" for cell in row) for row in rows)
    return f"<p>before<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>after"


def docx_table(rows: list[list[str]]) -> str:
    paragraph = "<w:tc>{}<w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    lines = ("".join(paragraph.format("", cell) for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"


def test_a_table_drawn_with_lines(read: Read) -> None:
    extracted = read(pdf_table(PRICES, ("GRID", (0, 0), (-1, -1), 0.5, "black")))
    assert texts(extracted) == [PRICES]
    width, height = extracted.layouts[0].width, extracted.layouts[0].height
    for cell in extracted.tables[0].cells:
        assert cell.box is not None
        assert 0 < cell.box.left < cell.box.right < width
        assert 0 < cell.box.top < cell.box.bottom < height


def test_cells_over_rows_and_columns(read: Read) -> None:
    rows = [["Year", "Price", ""], ["", "Summer", "Winter"], ["1", "0.11", "0.09"]]
    merged = ("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1))
    found = spans(read(pdf_table(rows, ("GRID", (0, 0), (-1, -1), 0.5, "black"), *merged)))
    assert found["Price"] == (0, 1, 1, 2)
    assert found["Year"] == (0, 0, 2, 1)
    assert found["Winter"] == (1, 2, 1, 1)


def test_words_in_columns_without_lines(read: Read) -> None:
    assert texts(read(pdf_table(PRICES))) == [PRICES]


def test_names_side_by_side_are_no_table(read: Read) -> None:
    signatures = [
        ["SELLER", "BUYER"],
        ["By:", "By:"],
        ["Name: A. Smith", "Name: B. Jones"],
        ["Title: CEO", "Title: CFO"],
    ]
    assert read(pdf_table(signatures)).tables == ()


def test_a_frame_around_a_page_is_no_table(read: Read) -> None:
    assert read(pdf_table([["All of this"]], ("BOX", (0, 0), (-1, -1), 1, "black"))).tables == ()


def test_a_drawing_is_no_table_and_costs_no_minute(read: Read) -> None:
    hatched = [[""] * 120 for _ in range(5)]
    style = ("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONTSIZE", (0, 0), (-1, -1), 1)
    assert read(pdf_table([*hatched, ["x", *[""] * 119]], *style)).tables == ()


def test_html_tables(read: Read) -> None:
    extracted = read(html(html_table(PRICES)))
    assert texts(extracted) == [PRICES]
    assert extracted.text.splitlines()[0] == "before"
    assert "1\t0.0950\t12.00" in extracted.text.splitlines()


def test_html_spans_and_columns_that_make_room(read: Read) -> None:
    page = """<table><tr><td rowspan=2>Year<td><td colspan=3>Price</tr>
      <tr><td></td><td>Summer<td><td>Winter</tr><tr><td>1<td><td>0.11<td><td>0.09</tr></table>"""
    found = spans(read(html(page)))
    assert found["Year"] == (0, 0, 2, 1)
    assert found["Price"] == (0, 1, 1, 2)
    assert found["Winter"] == (1, 2, 1, 1)


def test_of_tables_in_tables_the_inner_ones_speak(read: Read) -> None:
    extracted = read(html(f"<table><tr><td>left<td>{html_table(PRICES)}</tr><tr><td>a<td>b</tr></table>"))
    assert texts(extracted) == [PRICES]


@pytest.mark.parametrize(
    "page", ["<td>loose<td>cells", "<table><td>1<table></td></tr>", "<table></tr></td></table>x"]
)
def test_broken_html_tables_are_text(read: Read, page: str) -> None:
    assert read(html(page)).tables == ()


def test_marks_of_our_own_in_a_document_are_nothing(read: Read) -> None:
    forged = "\ufde0\ufdd9\ufdd9forged\ufde1"
    extracted = read(html(html_table([[forged, "b"], ["c", "d"]])))
    assert texts(extracted) == [[["forged", "b"], ["c", "d"]]]


def test_word_tables(read: Read, docx_of: Build) -> None:
    extracted = read(docx_of(docx_table(PRICES)))
    assert texts(extracted) == [PRICES]
    assert extracted.text == "\n".join("\t".join(row) for row in PRICES)


def test_word_spans_and_deleted_rows(read: Read, docx_of: Build) -> None:
    def cell(words: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:t>{words}</w:t></w:r></w:p></w:tc>"

    rows = [
        cell("Year", '<w:vMerge w:val="restart"/>') + cell("Price", '<w:gridSpan w:val="2"/>'),
        cell("", "<w:vMerge/>") + cell("Summer") + cell("Winter"),
        cell("1") + cell("0.11") + cell("0.09"),
    ]
    deleted = f"<w:tr><w:trPr><w:del/></w:trPr>{cell('gone')}</w:tr>"
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}{deleted}</w:tbl>"
    found = spans(read(docx_of(table)))
    assert found["Year"] == (0, 0, 2, 1)
    assert found["Price"] == (0, 1, 1, 2)
    assert found["0.09"] == (2, 2, 1, 1)
    assert "gone" not in found


def test_too_many_cells_are_text_alone(read: Read) -> None:
    extracted = read(html(html_table(PRICES)), table_cells=4)
    assert sum(len(table.cells) for table in extracted.tables) <= 4
    assert "0.0970" in extracted.text


def test_cells_come_back_from_json(read: Read) -> None:
    extracted = read(pdf_table(PRICES, ("GRID", (0, 0), (-1, -1), 0.5, "black")))
    assert ExtractedText.from_json(extracted.to_json()) == extracted
