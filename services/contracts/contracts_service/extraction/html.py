"""HTML to text as a browser would show it: blocks, table rows, entities; nothing that is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from contracts_service.extraction import errors
from contracts_service.extraction.decoding import decode_html
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.pages import PageCollector, clean
from contracts_service.extraction.tables import END, MARKS, MAX_SPAN, Frame, Grid, begin, unmarked

_UNSHOWN = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "canvas",
        "audio",
        "video",
        "select",
        "datalist",
        "textarea",
        "title",
        "del",
        "ix:header",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "document",
        "type",
        "sequence",
        "filename",
        "description",
        "text",
    ]
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:\D|$)", re.IGNORECASE
)
_BREAK_BEFORE = re.compile(r"(?:page-)?break-before\s*:\s*(?:always|page|left|right)", re.IGNORECASE)
_BREAK_AFTER = re.compile(r"(?:page-)?break-after\s*:\s*(?:always|page|left|right)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")
# Marks of our own for the end of a cell and of a row; a text that holds them loses them.
_CELL_END, _ROW_END = "\x1f", "\x1e"
_TABLE_ENDS = {"td": _CELL_END, "th": _CELL_END, "tr": _ROW_END}
_IN_TABLES = frozenset(("table", "tr", "td", "th"))
# Marks of cells stand wherever markup did, and stay.
_AROUND_LINE_END = re.compile(rf"[ {MARKS}]*\n[ {MARKS}]*")
_AROUND_CELL_END = re.compile(rf"[ \n{MARKS}]*{_CELL_END}[ \n{MARKS}]*")
_AROUND_ROW_END = re.compile(rf"[\t \n{MARKS}]*{_ROW_END}[ \n{MARKS}]*")
_SPACES = re.compile(rf" [ {MARKS}]*[ ]")
_NO_MARKS = re.compile(f"[^{MARKS}]+")


def read_html(data: bytes, limits: Limits) -> ExtractedText:
    """Read a page; raises `DocumentRejected` when it shows nothing or is beyond a limit."""
    tree = LexborHTMLParser(decode_html(data))
    if tree.root is None:
        raise errors.corrupt("HTML")
    collector = PageCollector(MediaType.HTML, limits, source_bytes=len(data))
    walk = _Walk()
    pages = "".join(walk.fragments(tree.root)).split("\f")
    # A table around tables lays out the page.
    frames = [None if frame.table in walk.nesting else frame for frame in walk.frames]
    for page in pages:
        shown = _tidy(page)
        if clean(shown).strip():
            collector.add(shown, frames)
    return collector.result(engine="lexbor")


def _tidy(page: str) -> str:
    """One line a table row, tabs between its cells, and no spaces that only the markup put there."""
    cells = _AROUND_CELL_END.sub(lambda found: "\t" + _NO_MARKS.sub("", found[0]), page)
    rows = _AROUND_ROW_END.sub(lambda found: _NO_MARKS.sub("", found[0]) + "\n", cells)
    lines = _AROUND_LINE_END.sub(lambda found: _NO_MARKS.sub("", found[0]) + "\n", rows)
    return _SPACES.sub(lambda found: _NO_MARKS.sub("", found[0]) + " ", lines)


class _Walk:
    """Through the tree in document order, without recursion, however deep."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.nesting: set[int] = set()
        self._grids: list[Grid] = []
        self._tables = 0

    def fragments(self, root: LexborNode) -> Iterator[str]:
        """Text; form feeds mark page breaks."""
        open_elements: list[LexborNode] = []
        preformatted = 0
        node: LexborNode | None = root
        while node is not None or open_elements:
            if node is None:
                node = open_elements.pop()
                preformatted -= node.tag == "pre"
                yield self._leave(node) + _closing(node)
                node = node.next if open_elements else None
                continue
            if node.is_text_node:
                yield _text_of(node, preformatted=preformatted > 0)
            elif node.is_element_node and not _is_hidden(node):
                yield _opening(node) + self._enter(node)
                preformatted += node.tag == "pre"
                open_elements.append(node)
                node = node.child
                continue
            node = node.next

    def _enter(self, node: LexborNode) -> str:
        if node.tag not in _IN_TABLES:
            return ""
        if node.tag == "table":
            self.nesting.update(grid.table for grid in self._grids)
            self._grids.append(Grid(self._tables))
            self._tables += 1
        elif not self._grids:
            return ""
        elif node.tag == "tr":
            self._grids[-1].next_row()
        else:
            self.frames.append(self._grids[-1].place(_span(node, "rowspan"), _span(node, "colspan")))
            return begin(len(self.frames) - 1)
        return ""

    def _leave(self, node: LexborNode) -> str:
        if node.tag == "table":
            self._grids.pop()
        return END if node.tag in ("td", "th") and self._grids else ""


def _span(node: LexborNode, name: str) -> int:
    said = (node.attributes.get(name) or "1").strip()
    return min(max(int(said), 1), MAX_SPAN) if said.isascii() and said.isdigit() and len(said) < 5 else 1


def _text_of(node: LexborNode, *, preformatted: bool) -> str:
    text = unmarked((node.text_content or "").replace(_CELL_END, "").replace(_ROW_END, ""))
    # As no-break spaces the columns of preformatted text outlive the tidying; `clean` makes them plain.
    return text.replace(" ", "\u00a0") if preformatted else _SPACE.sub(" ", text)


def _is_hidden(node: LexborNode) -> bool:
    if node.tag in _UNSHOWN:
        return True
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDING.search(attributes.get("style") or ""))


def _opening(node: LexborNode) -> str:
    if node.tag == "br":
        return "\n"
    return _page_break(node, _BREAK_BEFORE) + ("\n" if node.tag in _BLOCKS else "")


def _closing(node: LexborNode) -> str:
    if node.tag in _TABLE_ENDS:
        return _TABLE_ENDS[node.tag]
    return ("\n" if node.tag in _BLOCKS else "") + _page_break(node, _BREAK_AFTER)


def _page_break(node: LexborNode, rule: re.Pattern[str]) -> str:
    return "\f" if rule.search(node.attributes.get("style") or "") else ""
