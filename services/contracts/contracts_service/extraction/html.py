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
from contracts_service.extraction.pages import PageCollector

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
_AROUND_LINE_END = re.compile(r" *\n *")
_AROUND_CELL_END = re.compile(rf"[ \n]*{_CELL_END}[ \n]*")
_AROUND_ROW_END = re.compile(rf"[\t \n]*{_ROW_END}[ \n]*")
_SPACES = re.compile(r" {2,}")


def read_html(data: bytes, limits: Limits) -> ExtractedText:
    """Read a page; raises `DocumentRejected` when it shows nothing or is beyond a limit."""
    tree = LexborHTMLParser(decode_html(data))
    if tree.root is None:
        raise errors.corrupt("HTML")
    collector = PageCollector(MediaType.HTML, limits, source_bytes=len(data))
    for page in "".join(_fragments(tree.root)).split("\f"):
        shown = _tidy(page)
        if shown.strip():
            collector.add(shown)
    return collector.result(engine="lexbor")


def _tidy(page: str) -> str:
    """One line a table row, tabs between its cells, and no spaces that only the markup put there."""
    rows = _AROUND_ROW_END.sub("\n", _AROUND_CELL_END.sub("\t", page))
    return _SPACES.sub(" ", _AROUND_LINE_END.sub("\n", rows))


def _fragments(root: LexborNode) -> Iterator[str]:
    """Text in document order; form feeds mark page breaks. Walks without recursion, however deep."""
    open_elements: list[LexborNode] = []
    preformatted = 0
    node: LexborNode | None = root
    while node is not None or open_elements:
        if node is None:
            node = open_elements.pop()
            preformatted -= node.tag == "pre"
            yield _closing(node)
            node = node.next if open_elements else None
            continue
        if node.is_text_node:
            yield _text_of(node, preformatted=preformatted > 0)
        elif node.is_element_node and not _is_hidden(node):
            yield _opening(node)
            preformatted += node.tag == "pre"
            open_elements.append(node)
            node = node.child
            continue
        node = node.next


def _text_of(node: LexborNode, *, preformatted: bool) -> str:
    text = (node.text_content or "").replace(_CELL_END, "").replace(_ROW_END, "")
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
