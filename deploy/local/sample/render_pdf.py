"""Renders a document to PDF: the same source gives the same bytes, and no paragraph crosses a page."""

from collections.abc import Iterable
from functools import partial
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import LETTER
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid
from reportlab.platypus.tableofcontents import TableOfContents

from sample import pdf_styles as styles
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

_WIDTH, _HEIGHT = LETTER
_TEXT_WIDTH = _WIDTH - 2 * styles.MARGIN


class WholeParagraph(Paragraph):
    """A paragraph that moves to the next page rather than be split: a quote stands on one page."""

    def split(self, availWidth: float, availHeight: float) -> list[Flowable]:  # noqa: N803 - the base names them
        return []


class HeadingParagraph(WholeParagraph):
    """A heading that the table of contents lists."""

    def __init__(self, heading: Heading) -> None:
        markup = f"{escape(heading.number)}<br/>{escape(heading.title)}"
        super().__init__(markup, styles.HEADING)
        self.entry = f"{heading.number} \N{EN DASH} {heading.title}"


class _Pages(BaseDocTemplate):
    """Page frames, and the notice of each heading that the table of contents lives on."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's hook
        if isinstance(flowable, HeadingParagraph):
            self.notify("TOCEntry", (0, escape(flowable.entry), self.page))


def render_pdf(document: Document, *, password: str | None = None) -> bytes:
    """The document as PDF. With a password the file is encrypted and opens only with it."""
    buffer = BytesIO()
    pages = _template(document, buffer, password)
    pages.multiBuild(_story(document.blocks))
    return buffer.getvalue()


def _story(blocks: tuple[Block, ...]) -> list[Flowable]:
    """The flowables in order; what leads up to a table stays on the table's page."""
    story: list[Flowable] = []
    for group in _groups(blocks):
        flowables = [flowable for block in group for flowable in _flowables(block)]
        story += [KeepTogether(flowables)] if isinstance(group[-1], Table) else flowables
    return story


def _groups(blocks: tuple[Block, ...]) -> Iterable[list[Block]]:
    """Blocks one by one, but a table together with the paragraph and the subheading before it."""
    pending: list[Block] = []
    for block in blocks:
        if isinstance(block, Table):
            yield [*pending, block]
            pending = []
            continue
        follows = bool(pending) and isinstance(pending[-1], Subheading) and isinstance(block, Prose)
        if not follows:
            yield from ([kept] for kept in pending)
            pending = []
        pending.append(block)
    yield from ([kept] for kept in pending)


def _template(document: Document, buffer: BytesIO, password: str | None) -> _Pages:
    encryption = StandardEncryption(password, strength=128) if password else None
    pages = _Pages(
        buffer,
        pagesize=LETTER,
        title=document.title.title(),
        author="Sample of the contract management system",
        subject=document.reference,
        invariant=1,
        # Compressed streams differ between builds of zlib; the committed bytes must not.
        pageCompression=0,
        encrypt=encryption,
    )
    frame = Frame(styles.MARGIN, inch, _TEXT_WIDTH, _HEIGHT - 2 * inch, 0, 0, 0, 0)
    text = PageTemplate("text", [frame], onPage=partial(_furnish, document))
    cover = PageTemplate("cover", [frame], onPage=_frame_cover)
    pages.addPageTemplates([cover, text] if isinstance(document.blocks[0], Cover) else [text])
    return pages


def _furnish(document: Document, canvas: Canvas, _pages: BaseDocTemplate) -> None:
    """Running head, stamp, reference and page number."""
    canvas.saveState()
    canvas.setFont("Times-Italic", 9)
    head, foot = _HEIGHT - 0.68 * inch, 0.6 * inch
    canvas.drawString(styles.MARGIN, head, document.running_head)
    canvas.drawRightString(_WIDTH - styles.MARGIN, head, document.stamp)
    canvas.drawString(styles.MARGIN, foot, document.reference)
    canvas.drawRightString(_WIDTH - styles.MARGIN, foot, "Confidential")
    canvas.setFont("Times-Roman", 10)
    canvas.drawCentredString(_WIDTH / 2, foot, str(canvas.getPageNumber()))
    canvas.setLineWidth(0.4)
    canvas.line(styles.MARGIN, head - 5, _WIDTH - styles.MARGIN, head - 5)
    canvas.restoreState()


def _frame_cover(canvas: Canvas, _pages: BaseDocTemplate) -> None:
    canvas.saveState()
    for inset, weight in ((0.75 * inch, 1.4), (0.82 * inch, 0.5)):
        canvas.setLineWidth(weight)
        canvas.rect(inset, inset, _WIDTH - 2 * inset, _HEIGHT - 2 * inset)
    canvas.restoreState()


def _flowables(block: Block) -> Iterable[Flowable]:
    match block:
        case Cover():
            return [Spacer(0, 1.5 * inch)]
        case Contents():
            return _contents()
        case Heading():
            return [*([PageBreak()] if block.starts_page else []), HeadingParagraph(block)]
        case Table():
            return [_grid(block)]
        case Signatures():
            return _signatures(block)
        case _:
            return [_paragraph(block)]


def _paragraph(
    block: DocumentHeading | Subheading | Clause | Item | Definition | Prose | Centered | Note,
) -> Paragraph:
    match block:
        case DocumentHeading(text):
            return WholeParagraph(escape(text), styles.DOCUMENT_HEADING)
        case Subheading(text):
            return WholeParagraph(escape(text), styles.SUBHEADING)
        case Clause(number, caption, rich):
            lead = f"{number}&nbsp;&nbsp;<u>{escape(caption)}</u> "
            return WholeParagraph(lead + _markup(rich), styles.CLAUSE)
        case Item(label, rich):
            return WholeParagraph(_markup(rich), styles.ITEM, bulletText=label)
        case Centered(rich, strong):
            return WholeParagraph(_markup(rich), styles.STRONG if strong else styles.CENTERED)
        case Definition(rich) | Prose(rich) | Note(rich):
            return WholeParagraph(_markup(rich), _TEXT_STYLES[type(block)])


_TEXT_STYLES: dict[type, ParagraphStyle] = {
    Definition: styles.DEFINITION,
    Prose: styles.BODY,
    Note: styles.NOTE,
}


def _contents() -> list[Flowable]:
    entries = TableOfContents(dotsMinLevel=0)
    entries.levelStyles = [styles.CONTENTS]
    title = WholeParagraph("TABLE OF CONTENTS", styles.DOCUMENT_HEADING)
    return [NextPageTemplate("text"), PageBreak(), title, entries, PageBreak()]


def _grid(table: Table) -> Grid:
    rows = [[_cell((Run(_text(cell), bold=True),), align) for cell, align in _columns(table, table.header)]]
    rows += [[_cell(cell, align) for cell, align in _columns(table, row)] for row in table.rows]
    widths = [_TEXT_WIDTH * width / 100 for width in table.widths]
    return Grid(rows, colWidths=widths, repeatRows=1, style=styles.TABLE_STYLE, spaceAfter=10)


def _columns(table: Table, row: tuple[Rich, ...]) -> Iterable[tuple[Rich, str]]:
    return zip(row, table.alignments, strict=True)


def _cell(text: Rich, align: str) -> Paragraph:
    style = ParagraphStyle(f"cell-{align}", parent=styles.CELL, alignment=styles.ALIGNMENT[align])
    return WholeParagraph(_markup(text), style)


def _signatures(block: Signatures) -> list[Flowable]:
    blocks = [KeepTogether(_signature(signatory)) for signatory in block.signatories]
    return [PageBreak(), WholeParagraph(escape(block.text), styles.CLAUSE), Spacer(0, 10), *blocks]


def _signature(signatory: Signatory) -> list[Flowable]:
    party = f"<b>{escape(signatory.party)}</b>,<br/>{escape(signatory.role)}"
    lines = [("By:", f"<i>/s/ {signatory.name}</i>"), ("Name:", signatory.name), ("Title:", signatory.title)]
    cells = [[WholeParagraph(cell, styles.SIGNATURE) for cell in line] for line in lines]
    grid = Grid(cells, colWidths=[0.6 * inch, 3.6 * inch], hAlign="LEFT", style=styles.SIGNATURE_STYLE)
    return [WholeParagraph(party, styles.SIGNATURE), Spacer(0, 16), grid, Spacer(0, 30)]


def _markup(text: Rich) -> str:
    return "".join(_run(run) for run in text)


def _run(run: Run) -> str:
    text = escape(run.text)
    if run.bold:
        text = f"<b>{text}</b>"
    return f"<i>{text}</i>" if run.italic else text


def _text(text: Rich) -> str:
    return "".join(run.text for run in text)
