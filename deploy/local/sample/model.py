"""What a sample document is made of: typed blocks of rich text, in reading order."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style."""

    text: str
    bold: bool = False
    italic: bool = False


Rich = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """Opens the cover page; the centered lines that follow stand on it."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents, on pages of its own."""


@dataclass(frozen=True, slots=True)
class DocumentHeading:
    """The title over the first page of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """An article or an exhibit: its number ("ARTICLE 7") and its title."""

    number: str
    title: str

    @property
    def starts_page(self) -> bool:
        return self.number.startswith("EXHIBIT")


@dataclass(frozen=True, slots=True)
class Subheading:
    """An unnumbered heading, such as a part of an exhibit."""

    text: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered section with its caption."""

    number: str
    caption: str
    text: Rich


@dataclass(frozen=True, slots=True)
class Item:
    """A lettered item below a clause: "(a)"."""

    label: str
    text: Rich


@dataclass(frozen=True, slots=True)
class Definition:
    """One entry of the definitions."""

    text: Rich


@dataclass(frozen=True, slots=True)
class Prose:
    """A plain paragraph."""

    text: Rich


@dataclass(frozen=True, slots=True)
class Centered:
    """A centered line; a strong one is set large and bold."""

    text: Rich
    strong: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph set apart in a box."""

    text: Rich


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table; widths are percentages, alignments are l, c or r, one of each per column."""

    widths: tuple[int, ...]
    alignments: str
    header: tuple[Rich, ...]
    rows: tuple[tuple[Rich, ...], ...]


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs for a party, and as what."""

    party: str
    role: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """The testimonium and the signature blocks; they start a page of their own."""

    text: str
    signatories: tuple[Signatory, ...]


Block = (
    Cover
    | Contents
    | DocumentHeading
    | Heading
    | Subheading
    | Clause
    | Item
    | Definition
    | Prose
    | Centered
    | Note
    | Table
    | Signatures
)


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its facts and its blocks."""

    title: str
    reference: str
    dated: date
    running_head: str
    stamp: str
    blocks: tuple[Block, ...]
