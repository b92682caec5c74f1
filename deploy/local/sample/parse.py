"""Reads a source text into blocks: paragraphs parted by blank lines, the first mark telling the kind."""

import re
from datetime import date
from pathlib import Path

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

_STYLED = re.compile(r"<(?P<tag>[bi])>(?P<inside>.*?)</(?P=tag)>")
_CLAUSE = re.compile(r"§ (?P<number>[\d.]+) (?P<caption>[^|]+) \| (?P<text>.+)", re.DOTALL)
_ITEM = re.compile(r"(?P<label>\([a-z]\)) (?P<text>.+)", re.DOTALL)


class SourceError(ValueError):
    """A source text that does not follow the notation."""


def read_document(path: Path) -> Document:
    """The document written in a source file. Raises SourceError where the notation is broken."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    return Document(
        title=facts["title"],
        reference=facts["reference"],
        dated=date.fromisoformat(facts["dated"]),
        running_head=facts["running_head"],
        stamp=facts["stamp"],
        blocks=tuple(_block(chunk.strip()) for chunk in re.split(r"\n{2,}", body.strip())),
    )


def rich(text: str) -> Rich:
    """Text with <b> and <i> marks, as runs."""
    runs: list[Run] = []
    end = 0
    for match in _STYLED.finditer(text):
        if match.start() > end:
            runs.append(Run(text[end : match.start()]))
        runs.append(Run(match["inside"], bold=match["tag"] == "b", italic=match["tag"] == "i"))
        end = match.end()
    if end < len(text):
        runs.append(Run(text[end:]))
    return tuple(runs)


def plain(text: Rich) -> str:
    """The characters of rich text, without their styles."""
    return "".join(run.text for run in text)


def _block(chunk: str) -> Block:
    if chunk.startswith("@"):
        return _directive(chunk)
    if chunk.startswith("§"):
        return _clause(chunk)
    if item := _ITEM.fullmatch(chunk):
        return Item(item["label"], rich(item["text"]))
    return _marked(chunk)


def _marked(chunk: str) -> Block:
    mark, _, rest = chunk.partition(" ")
    match mark:
        case "#":
            number, _, title = rest.partition(" | ")
            return Heading(number, title)
        case "##":
            return Subheading(rest)
        case ":":
            return Definition(rich(rest))
        case "=" | "~":
            return Centered(rich(rest), strong=mark == "=")
        case "!":
            return Note(rich(rest))
        case _:
            return Prose(rich(chunk))


def _clause(chunk: str) -> Clause:
    match = _CLAUSE.fullmatch(chunk)
    if match is None:
        raise SourceError(f"not a clause: {chunk[:60]!r}")
    return Clause(match["number"], match["caption"], rich(match["text"]))


def _directive(chunk: str) -> Block:
    first, *lines = chunk.splitlines()
    name, _, argument = first.partition(" ")
    match name:
        case "@cover":
            return Cover()
        case "@toc":
            return Contents()
        case "@heading":
            return DocumentHeading(argument)
        case "@table":
            return _table(argument, lines)
        case "@signatures":
            return Signatures(argument, tuple(Signatory(*_cells(line)) for line in lines))
        case _:
            raise SourceError(f"unknown directive {name!r}")


def _table(argument: str, lines: list[str]) -> Table:
    widths_text, _, alignments = argument.partition(" ")
    widths = tuple(int(width) for width in widths_text.split(","))
    header, *rows = (tuple(rich(cell) for cell in _cells(line)) for line in lines)
    if sum(widths) != 100 or any(len(row) != len(widths) for row in (alignments, header, *rows)):
        raise SourceError(f"table columns do not agree under {plain(header[0])!r}")
    return Table(widths, alignments, header, tuple(rows))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
