"""Typographic noise removed from a text, with every character's place in the stored text kept."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from contracts_service.evidence.number_words import NUMBER_WORDS

#: What has no width: it is left out wherever it stands.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_TYPOGRAPHY = {
    **_LIGATURES,
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
}
# A page number alone on its line, as printed above or below the text of a page.
_FURNITURE = r"[^\S\n]*(?:-\s?\d{1,4}\s?-|Page\s\d{1,4}(?:\sof\s\d{1,4})?|\d{1,4})[^\S\n]*"
# Bounded, so that a page of blank lines does not cost its square.
_PAGE_BREAK = rf"\s{{0,40}}(?:\n{_FURNITURE}\s{{0,40}})?\f\s{{0,40}}(?:{_FURNITURE}\n\s{{0,40}})?"
_NOISE = re.compile(
    rf"(?P<break>{_PAGE_BREAK})"
    rf"|(?P<hyphen>(?<=[A-Za-z])[-‐\u00ad][^\S\n]*\n\s*(?=[a-z]))"
    rf"|(?P<space>[\s{INVISIBLE}]{{2,}}|[^\S ]|[{INVISIBLE}])"
    rf"|(?P<typography>[{''.join(_TYPOGRAPHY)}])"
)
_INNER_HYPHEN = re.compile(r"(?P<hyphen>(?<=[A-Za-z])-\s?(?=[A-Za-z]))|(?P<space>\n)")
_LAST_WORD = re.compile(r"[A-Za-z]+$")
_FIRST_WORD = re.compile(r"[A-Za-z]+")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text rewritten piece by piece, and the way back from its offsets to those of the original.

    Pieces alternate between copied stretches and replacements; `starts` are the pieces' offsets in
    `text`, `origins` their [start, end) in the original, `copied` whether offsets run in parallel.
    """

    text: str
    starts: tuple[int, ...]
    origins: tuple[tuple[int, int], ...]
    copied: tuple[bool, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The original's [start, end) behind a non-empty [start, end) of `text`."""
        return self._origin_of(start)[0], self._origin_of(end - 1)[1]

    def _origin_of(self, index: int) -> tuple[int, int]:
        piece = bisect_right(self.starts, index) - 1
        start, end = self.origins[piece]
        if not self.copied[piece]:
            return start, end
        place = start + index - self.starts[piece]
        return place, place + 1


@dataclass(frozen=True)
class Normalized:
    """A normalised text, and the key in which quotes are looked up, which has no hyphens within words."""

    stored: Rewritten

    @property
    def text(self) -> str:
        """What is parsed: single spaces, a newline for a paragraph break, plain quotes and dashes."""
        return self.stored.text

    @cached_property
    def key(self) -> Rewritten:
        """The text that is searched; its origins are offsets into `text`."""
        joints = _replaced(_INNER_HYPHEN, lambda match: "" if match["hyphen"] else " ", self.text)
        return rewrite(self.text, joints)

    @cached_property
    def folded_key(self) -> str:
        """The key in lower case; ASCII only, so that offsets stay."""
        return self.key.text.translate(_ASCII_LOWER)


def normalize(text: str) -> Normalized:
    """Normalises `text`; look-alike letters and digits of other scripts are left as they are."""
    return Normalized(rewrite(text, _replaced(_NOISE, _plain, text)))


def quote_key(quote: str) -> str:
    """A quote in the form in which it is looked up in a document's key."""
    return normalize(quote).key.text.strip()


def fold(key: str) -> str:
    """A key in lower case, ASCII only."""
    return key.translate(_ASCII_LOWER)


def _plain(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "break":
            return "\n"
        case "hyphen":
            return "-" if _hyphen_belongs(match) else ""
        case "space":
            return _gap(found)
        case _:
            return _TYPOGRAPHY[found]


def _gap(found: str) -> str:
    if not any(map(str.isspace, found)):
        return ""
    return "\n" if found.count("\n") > 1 else " "


def _hyphen_belongs(match: re.Match[str]) -> bool:
    # "forty-" + "five" keeps its hyphen, "capac-" + "ity" and "seven-" + "teen" lose it.
    word = _LAST_WORD.search(match.string, max(0, match.start() - 20), match.start())
    following = _FIRST_WORD.match(match.string, match.end())
    if match[0].startswith("\u00ad"):
        return False
    return all(one is not None and one[0].lower() in NUMBER_WORDS for one in (word, following))


def rewrite(text: str, changes: Iterable[tuple[int, int, str]]) -> Rewritten:
    """The text with each (start, end, replacement) of `changes`, which are in order and do not overlap."""
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int]] = []
    copied: list[bool] = []
    length = place = 0

    def add(piece: str, start: int, end: int, *, same: bool) -> None:
        nonlocal length
        if piece:
            pieces.append(piece)
            starts.append(length)
            origins.append((start, end))
            copied.append(same)
            length += len(piece)

    for start, end, replacement in changes:
        add(text[place:start], place, start, same=True)
        add(replacement, start, end, same=False)
        place = end
    add(text[place:], place, len(text), same=True)
    return Rewritten("".join(pieces), tuple(starts), tuple(origins), tuple(copied))


def _replaced(
    pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str
) -> Iterator[tuple[int, int, str]]:
    for match in pattern.finditer(text):
        yield *match.span(), replace(match)
