"""Renders a document to DOCX from the same blocks as the PDF."""

from collections.abc import Iterable

import docx
from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from sample.docx_package import fixed_package
from sample.model import (
    Block,
    Centered,
    Clause,
    Contents,
    Cover,
    Definition,
    Document,
    DocumentHeading,
    Heading,
    Item,
    Note,
    Prose,
    Rich,
    Run,
    Signatory,
    Signatures,
    Subheading,
    Table,
)

_TEXT_INCHES = 6.3
# Size and space after, in points.
_FONTS = {"Normal": (11, 8), "Heading 1": (11.5, 9), "Heading 2": (11, 6), "Title": (16, 20)}
_ALIGNMENT = {"l": WD_ALIGN_PARAGRAPH.LEFT, "c": WD_ALIGN_PARAGRAPH.CENTER, "r": WD_ALIGN_PARAGRAPH.RIGHT}


def render_docx(document: Document) -> bytes:
    """The document as DOCX, the same bytes for the same source."""
    word = docx.Document()
    _style(word)
    _furnish(word, document)
    for block in document.blocks:
        _write(word, document, block)
    return fixed_package(word, document)


def _style(word: WordDocument) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    section.left_margin = section.right_margin = Inches(1.1)
    section.top_margin = section.bottom_margin = Inches(1)
    for name, (size, after) in _FONTS.items():
        _set_font(_paragraph_style(word, name), size, after)
    _paragraph_style(word, "Heading 1").paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _paragraph_style(word: WordDocument, name: str) -> ParagraphStyle:
    style = word.styles[name]
    if not isinstance(style, ParagraphStyle):
        raise TypeError(f"{name} is no paragraph style")
    return style


def _set_font(style: ParagraphStyle, size: float, after: float) -> None:
    style.font.name, style.font.size = "Times New Roman", Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    style.paragraph_format.space_after = Pt(after)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        # A theme font, where the template names one, would win over the name.
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _furnish(word: WordDocument, document: Document) -> None:
    """Running head, stamp, reference and page number, on all pages but a cover."""
    section = word.sections[0]
    section.different_first_page_header_footer = isinstance(document.blocks[0], Cover)
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    for line in (head, foot):
        line.paragraph_format.tab_stops.clear_all()
        line.paragraph_format.tab_stops.add_tab_stop(Inches(_TEXT_INCHES / 2), WD_TAB_ALIGNMENT.CENTER)
        line.paragraph_format.tab_stops.add_tab_stop(Inches(_TEXT_INCHES), WD_TAB_ALIGNMENT.RIGHT)
    head.add_run(f"{document.running_head}\t\t{document.stamp}").italic = True
    foot.add_run(f"{document.reference}\t").italic = True
    _add_field(foot, "PAGE")
    foot.add_run("\tConfidential").italic = True


def _add_field(paragraph: Paragraph, instruction: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    paragraph._p.append(field)


def _write(word: WordDocument, document: Document, block: Block) -> None:
    match block:
        case Cover():
            word.add_paragraph().paragraph_format.space_after = Pt(110)
        case Contents():
            _write_contents(word, document)
        case DocumentHeading(text):
            _write_title(word, text, new_page=isinstance(document.blocks[0], Cover))
        case Heading():
            _write_heading(word, block)
        case Table():
            _write_table(word, block)
        case Signatures():
            _write_signatures(word, block)
        case _:
            _write_paragraph(word, block)


def _write_contents(word: WordDocument, document: Document) -> None:
    _centered(_on_new_page(word.add_paragraph(style="Title"))).add_run("TABLE OF CONTENTS")
    for block in document.blocks:
        if isinstance(block, Heading):
            entry = word.add_paragraph(f"{block.number} \N{EN DASH} {block.title}")
            entry.paragraph_format.space_after = Pt(3)


def _on_new_page(paragraph: Paragraph) -> Paragraph:
    """A break before the paragraph's first word: in a paragraph of its own it would leave an empty line."""
    paragraph.add_run().add_break(WD_BREAK.PAGE)
    return paragraph


def _write_title(word: WordDocument, text: str, *, new_page: bool) -> None:
    paragraph = _centered(word.add_paragraph(style="Title"))
    if new_page:
        _on_new_page(paragraph)
    paragraph.add_run(text)


def _write_heading(word: WordDocument, heading: Heading) -> None:
    paragraph = word.add_paragraph(style="Heading 1")
    if heading.starts_page:
        _on_new_page(paragraph)
    paragraph.add_run(heading.number).add_break()
    paragraph.add_run(heading.title)


def _write_paragraph(
    word: WordDocument,
    block: Subheading | Clause | Item | Definition | Prose | Centered | Note,
) -> None:
    match block:
        case Subheading(text):
            word.add_paragraph(text, style="Heading 2")
        case Clause(number, caption, rich):
            _write_clause(word, number, caption, rich)
        case Item(label, rich):
            _write_item(word, label, rich)
        case Centered(rich, strong):
            _write_centered(word, rich, strong=strong)
        case Definition(rich):
            _body(word, rich).paragraph_format.left_indent = Inches(0.5)
        case Prose(rich):
            _body(word, rich)
        case Note(rich):
            _box(_body(word, rich))


def _write_clause(word: WordDocument, number: str, caption: str, text: Rich) -> None:
    paragraph = _body(word, ())
    paragraph.paragraph_format.first_line_indent = Inches(0.5)
    paragraph.add_run(f"{number}  ")
    paragraph.add_run(caption).underline = True
    _add_runs(paragraph, (Run(" "), *text))


def _write_item(word: WordDocument, label: str, text: Rich) -> None:
    paragraph = _body(word, (Run(f"{label}\t"), *text))
    paragraph.paragraph_format.left_indent = Inches(0.9)
    paragraph.paragraph_format.first_line_indent = Inches(-0.4)


def _write_centered(word: WordDocument, text: Rich, *, strong: bool) -> None:
    paragraph = _centered(word.add_paragraph())
    paragraph.paragraph_format.space_after = Pt(20)
    _add_runs(paragraph, tuple(Run(run.text, bold=strong or run.bold, italic=run.italic) for run in text))
    for run in paragraph.runs:
        run.font.size = Pt(16 if strong else 12)


def _write_table(word: WordDocument, table: Table) -> None:
    grid = word.add_table(rows=0, cols=len(table.widths), style="Table Grid")
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    header = tuple(tuple(Run(run.text, bold=True) for run in cell) for cell in table.header)
    for row in (header, *table.rows):
        cells = grid.add_row().cells
        for cell, text, width, align in zip(cells, row, table.widths, table.alignments, strict=True):
            _fill(cell, text, align)
            cell.width = Inches(_TEXT_INCHES * width / 100)
    _repeat_header(grid.rows[0]._tr.get_or_add_trPr())
    word.add_paragraph().paragraph_format.space_after = Pt(2)


def _fill(cell: _Cell, text: Rich, align: str) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.alignment = _ALIGNMENT[align]
    paragraph.paragraph_format.space_after = Pt(2)
    _add_runs(paragraph, text)
    for run in paragraph.runs:
        run.font.size = Pt(10)


def _repeat_header(properties: object) -> None:
    properties.append(OxmlElement("w:tblHeader"))  # type: ignore[attr-defined]  # lxml's element, untyped


def _write_signatures(word: WordDocument, block: Signatures) -> None:
    paragraph = _on_new_page(word.add_paragraph())
    paragraph.add_run(block.text)
    paragraph.paragraph_format.first_line_indent = Inches(0.5)
    for signatory in block.signatories:
        for line in _signature_lines(signatory):
            paragraph = word.add_paragraph()
            paragraph.paragraph_format.keep_with_next = True
            paragraph.paragraph_format.space_after = Pt(4)
            _add_runs(paragraph, line)
        word.add_paragraph()


def _signature_lines(signatory: Signatory) -> Iterable[Rich]:
    yield Run(signatory.party, bold=True), Run(f", {signatory.role}")
    yield Run("By:\t"), Run(f"/s/ {signatory.name}", italic=True)
    yield (Run(f"Name:\t{signatory.name}"),)
    yield (Run(f"Title:\t{signatory.title}"),)


def _body(word: WordDocument, text: Rich) -> Paragraph:
    paragraph = word.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    _add_runs(paragraph, text)
    return paragraph


def _add_runs(paragraph: Paragraph, text: Rich) -> None:
    for run in text:
        added = paragraph.add_run(run.text)
        added.bold, added.italic = run.bold or None, run.italic or None


def _centered(paragraph: Paragraph) -> Paragraph:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _box(paragraph: Paragraph) -> None:
    borders = OxmlElement("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        border = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "6"), ("space", "6"), ("color", "444444")):
            border.set(qn(f"w:{name}"), value)
        borders.append(border)
    # The schema wants the borders before the justification.
    paragraph._p.get_or_add_pPr().insert_element_before(borders, "w:jc")
