"""Streams WordprocessingML into pages of text: what stands on paper, with tracked changes accepted.

A stream and not a tree, so that memory does not grow with the markup; and not python-docx, whose
paragraphs leave out tracked insertions and content controls, and which loads every image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, repeat
from typing import IO
from xml.parsers import expat

from contracts_service.extraction import errors
from contracts_service.extraction.tables import END, MAX_SPAN, Frame, Grid, begin, unmarked

_NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main ",
    "http://purl.oclc.org/ooxml/wordprocessingml/main ",
    "http://schemas.openxmlformats.org/markup-compatibility/2006 ",
    "http://schemas.openxmlformats.org/officeDocument/2006/math ",
)
_CHUNK = 65_536
_PAGE = "\f"
# Deleted, moved away, or the older twin of a text box that has been read already.
_UNPRINTED = frozenset(
    ("del", "moveFrom", "Fallback", "rt", "rubyPr", "pPrChange", "rPrChange", "sectPrChange")
)
_WHITE = str.maketrans("\t\n\r", "   ")  # in text they are spaces; tabs and breaks have their own elements
_OFF = frozenset(("0", "false", "off", "none"))
_BREAKS = {"page": _PAGE, "column": "\n"}
# Ticked and empty boxes are terms of a contract; Wingdings alone knows them by these numbers.
_SYMBOLS = {
    "F0FE": "☒",
    "F0FD": "☒",
    "F0A8": "☐",
    "F06F": "☐",
    "F071": "☐",
    "F0FC": "✓",
    "F0B7": "•",
    "F0A7": "•",
}


class BodyReader:
    """One pass over a part; `text()` gives its words, with form feeds for page breaks.

    The cells that are marked in it stand in `frames`.
    """

    def __init__(self, *, max_depth: int) -> None:
        self.frames: list[Frame] = []
        self._max_depth = max_depth
        self._fragments: list[str] = []
        self._path: list[str] = []
        self._unprinted = 0
        self._collecting = False
        self._cells = 0
        self._vanished = False
        self._mark_deleted = False
        self._rows_from: list[tuple[int, bool]] = []
        self._grid: Grid | None = None
        self._reaching: dict[int, int] = {}  # column to the last frame that began there
        self._tables = 0
        # Of the row that is read: how many columns each cell takes, and whether it goes on from above.
        self._spans: list[tuple[int, bool]] = []
        self._section_ends: int | None = None
        self._section_kind = "nextPage"
        self._closes_section = False
        self._starters: Mapping[str, Callable[[dict[str, str]], None]] = {
            "t": self._start_text, "tab": self._add_tab, "br": self._add_break, "cr": self._add_line,
            "noBreakHyphen": self._add_hyphen, "sym": self._add_symbol, "pageBreakBefore": self._break_before,
            "tbl": self._start_table, "tc": self._start_cell, "tr": self._start_row,
            "gridSpan": self._set_columns, "vMerge": self._set_merged, "vanish": self._hide_run,
            "sectPr": self._start_section, "type": self._set_section,
            "footnote": self._start_note, "endnote": self._start_note,
        }  # fmt: skip
        self._enders: Mapping[str, Callable[[], None]] = {
            "t": self._end_text, "p": self._end_paragraph, "tc": self._end_cell, "tr": self._end_row,
            "r": self._end_run, "sectPr": self._end_section,
        }  # fmt: skip

    def read(self, stream: IO[bytes]) -> None:
        """Read one part; raises `DocumentRejected` for a document type declaration or endless nesting."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse_doctype
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
        parser.Parse(b"", True)  # noqa: FBT003

    def text(self) -> str:
        """Everything read so far."""
        return "".join(self._fragments)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = _local(tag)
        if len(self._path) >= self._max_depth:
            raise errors.bomb("xml_depth")
        self._path.append(name)
        if self._unprinted or self._is_unprinted(name):
            self._unprinted += 1
            return
        handler = self._starters.get(name)
        if handler:
            handler({_local(key): value for key, value in attributes.items()})

    def _end(self, _tag: str) -> None:
        name = self._path.pop()
        if self._unprinted:
            self._unprinted -= 1
            return
        handler = self._enders.get(name)
        if handler:
            handler()

    def _is_unprinted(self, name: str) -> bool:
        if name != "del":
            return name in _UNPRINTED
        parent = self._parent()
        if parent == "rPr" and self._parent(3) == "pPr":
            self._mark_deleted = True  # the paragraph's own end is deleted: it joins the next one
        if parent == "trPr" and self._rows_from:
            self._rows_from[-1] = (self._rows_from[-1][0], True)
        return True

    def _parent(self, generations: int = 2) -> str:
        return self._path[-generations] if len(self._path) >= generations else ""

    def _characters(self, data: str) -> None:
        if self._collecting and not self._unprinted and not self._vanished:
            self._fragments.append(unmarked(data.translate(_WHITE)))

    def _start_text(self, _attributes: dict[str, str]) -> None:
        self._collecting = True

    def _end_text(self) -> None:
        self._collecting = False

    def _add(self, fragment: str) -> None:
        if not self._vanished:
            self._fragments.append(fragment)

    def _add_tab(self, _attributes: dict[str, str]) -> None:
        if self._parent() == "r":  # elsewhere it defines a tab stop
            self._add(" " if self._cells else "\t")

    def _add_break(self, attributes: dict[str, str]) -> None:
        self._add(_BREAKS.get(attributes.get("type", ""), " " if self._cells else "\n"))

    def _add_line(self, _attributes: dict[str, str]) -> None:
        self._add(" " if self._cells else "\n")

    def _add_hyphen(self, _attributes: dict[str, str]) -> None:
        self._add("-")

    def _add_symbol(self, attributes: dict[str, str]) -> None:
        self._add(_SYMBOLS.get(attributes.get("char", "").upper(), ""))

    def _hide_run(self, attributes: dict[str, str]) -> None:
        if self._parent() == "rPr" and self._parent(3) == "r":
            self._vanished = attributes.get("val", "1") not in _OFF

    def _end_run(self) -> None:
        self._vanished = False

    def _break_before(self, attributes: dict[str, str]) -> None:
        if self._parent(3) == "p" and attributes.get("val", "1") not in _OFF:
            self._fragments.append(_PAGE)

    def _end_paragraph(self) -> None:
        if not self._mark_deleted:
            self._fragments.append(" " if self._cells else "\n")
        self._mark_deleted = False
        if self._closes_section:
            self._section_ends = len(self._fragments)
            self._fragments.append("")
            self._closes_section = False

    def _start_table(self, _attributes: dict[str, str]) -> None:
        if not self._cells:  # one within a cell is words of that cell
            self._grid, self._reaching = Grid(self._tables), {}
            self._tables += 1

    def _start_cell(self, _attributes: dict[str, str]) -> None:
        if not self._cells:
            self._spans.append((1, False))
        self._cells += 1

    def _set_columns(self, attributes: dict[str, str]) -> None:
        said = attributes.get("val", "")
        if self._cells == 1 and self._parent() == "tcPr" and said.isascii() and said.isdigit():
            self._spans[-1] = (min(max(int(said[:4]), 1), MAX_SPAN), self._spans[-1][1])

    def _set_merged(self, attributes: dict[str, str]) -> None:
        if self._cells == 1 and self._parent() == "tcPr":
            self._spans[-1] = (self._spans[-1][0], attributes.get("val", "continue") == "continue")

    def _end_cell(self) -> None:
        self._cells -= 1
        self._fragments.append("\t" if not self._cells else " ")

    def _start_row(self, _attributes: dict[str, str]) -> None:
        self._rows_from.append((len(self._fragments), False))
        if not self._cells:
            self._spans = []

    def _end_row(self) -> None:
        start, deleted = self._rows_from.pop()
        if deleted:
            del self._fragments[start:]
        elif not self._cells:
            self._fragments[start:] = ["\t".join(self._framed(self._cells_since(start))), "\n"]

    def _cells_since(self, start: int) -> list[str]:
        return "".join(self._fragments[start:]).removesuffix("\t").split("\t")

    def _framed(self, cells: list[str]) -> Iterator[str]:
        """Cells of a row, each between its marks; one that goes on from above lengthens that one."""
        if self._grid is None:
            self._grid = Grid(self._tables)
        self._grid.next_row()
        for cell, (columns, merged) in zip(cells, chain(self._spans, repeat((1, False))), strict=False):
            words, frame = cell.strip(), self._grid.place(1, columns)
            above = self._reaching.get(frame.column) if merged else None
            if above is not None:
                seen = self.frames[above]
                self.frames[above] = replace(seen, row_span=frame.row - seen.row + 1)
                yield words
                continue
            self._reaching[frame.column] = len(self.frames)
            self.frames.append(frame)
            yield f"{begin(len(self.frames) - 1)}{words}{END}"

    def _start_section(self, _attributes: dict[str, str]) -> None:
        self._section_kind = "nextPage"

    def _set_section(self, attributes: dict[str, str]) -> None:
        if self._parent() == "sectPr":
            self._section_kind = attributes.get("val", "nextPage")

    def _end_section(self) -> None:
        """A section says how it begins, at its end: only now is the break before it known."""
        if self._section_ends is not None and self._section_kind not in ("continuous", "nextColumn"):
            self._fragments[self._section_ends] = _PAGE
        self._section_ends = None
        self._closes_section = self._parent(1) == "pPr"

    def _start_note(self, attributes: dict[str, str]) -> None:
        """Notes come from their own part; its first entries only draw the line above them."""
        if "type" not in attributes:
            self._fragments.append("\n")


def _local(tag: str) -> str:
    for namespace in _NAMESPACES:
        if tag.startswith(namespace):
            return tag[len(namespace) :]
    return tag


def _refuse_doctype(_name: str, _system_id: str | None, _public_id: str | None, _has_subset: bool) -> None:  # noqa: FBT001
    raise errors.bomb("xml_doctype")
