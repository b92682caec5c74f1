"""References to sections, articles and attachments that the document does not have."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.structure import ATTACHMENTS, Clause, contiguous

_SECTIONS = re.compile(
    r"\bSections?\s+(?P<list>\d{1,2}\.\d{1,2}(?:(?:\([a-z0-9]{1,4}\))*(?:,|\s|and|or|through|to)+\d{1,2}\.\d{1,2})*)"
)
_NUMBER = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})(?![\d%]|[.-]\d)")
_ANY_NUMBER = re.compile(r"(?<![\d.$])(\d{1,2})\.(\d{1,2})(?!\d)")
_ARTICLES = re.compile(r"\bArticles?\s+(?P<number>\d{1,2})\b(?!\.\d)")
_PLAIN = re.compile(r"\b(?:Section|Paragraph)\s+(?P<number>\d{1,2})\b(?![.:]\d|[-/]|\s*\([A-Z]\))")
_ATTACHED_HERETO = re.compile(
    r"[\s,\"]*(?:is\s+|are\s+)?(?:attached|annexed)\b|[\s,\"]*(?:hereto|to\s+this\s+Agreement)\b"
)
_KINDS = "|".join([*map(str.capitalize, ATTACHMENTS), *map(str.upper, ATTACHMENTS)])
_AS_ATTACHED = re.compile(r"\b(?:attached|annexed)\s+(?:(?:hereto\s+)?as\s+)?\"?$")
_ATTACHED = re.compile(
    rf"\b(?P<kind>{_KINDS})"
    r"\s+\"?(?P<label>[A-Z]|\d{1,2})\"?(?![\w-]|[./]\w)"
)
# What follows or precedes a reference into another document, a statute or a standard.
_ELSEWHERE_AFTER = re.compile(
    r"(?:\([A-Za-z0-9]{1,5}\))*(?:\s*(?:,|and|or|through)\s*[\d.]+(?:\([a-z0-9]{1,4}\))*)*\s*,?\s*"
    r"(?:\([^)]{0,40}\)\s*)?(?:thereof|thereto|therein|"
    r"(?:of|to|in|under|from|attached\s+to)\s+(?!this\b|these\b|hereof)(?!the\s+Agreement\b)[A-Za-z\"]|"
    r"[A-Z]\w+\s+(?:Act|Code|Regulations?|Agreement)\b)"
)
_ELSEWHERE_BEFORE = re.compile(
    r"(?:Code|Reg(?:ulation)?s?|C\.?F\.?R|U\.?S\.?C|Act|Statutes?|Stat|Rules?|Laws?|Ordinances?|UCC|U\.C\.C|IEEE|"
    r"NFPA|ASTM|ISO|Standards?|Plan|Lease|Bylaws|Charter|Treasury|former|Original|Master|Prime|Existing|Amended)\.?'?s?,?\s*$"
    r"|(?:\w+\s+Agreement|Contract)(?:'s)?,?\s*$"
)
_OWN = re.compile(r"this\s+(?:\w+\s+)?Agreement,?\s*$", re.IGNORECASE)
_QUOTED = re.compile(r"(?:^|(?<=[\s(]))\"[^\"\n]{0,60}$")
_LEAST_SECTIONS, _LEAST_TOPS, _LEAST_ATTACHED = 2, 5, 2


def find(reading: Reading) -> Iterator[Contradiction]:
    """Only where the document's own numbering is plain; an amendment refers to what it amends."""
    if reading.structure.amends:
        return
    yield from _sections(reading)
    yield from _articles(reading)
    yield from _tops(reading)
    yield from _attachments(reading)
    yield from _missing(reading)


def _sections(reading: Reading) -> Iterator[Contradiction]:
    last = last_sections(reading.structure.clauses)
    written = _written_numbers(reading)
    for article, number, start, end in _referred(reading):
        clause = last.get(article)
        # A number that stands anywhere else may be a heading that the extraction has torn.
        if clause and number > clause.number and (article, number) not in written:
            yield _contradiction(
                reading,
                (start, end),
                f"Section {article}.{number}",
                f"Article {article} ends with Section {article}.{clause.number}",
                reading.heading(clause.start, f"Section {article}.{clause.number}"),
            )


def last_sections(clauses: Sequence[Clause]) -> dict[int, Clause]:
    """By number of the article, its last section, where sections run from 1 without a gap."""
    by_article: dict[int, dict[int, Clause]] = defaultdict(dict)
    for clause in clauses:
        by_article[clause.article].setdefault(clause.number, clause)
    plain = {}
    for article, numbered in by_article.items():
        last = contiguous(numbered)
        if last == max(numbered) and last >= _LEAST_SECTIONS:
            plain[article] = numbered[last]
    return plain


def _written_numbers(reading: Reading) -> set[tuple[int, int]]:
    """Every "9.4" of the text that is no reference."""
    referred = {(start, end) for _, _, start, end in _references(reading)}
    return {
        (int(match[1]), int(match[2]))
        for match in _ANY_NUMBER.finditer(reading.text)
        if match.span() not in referred
    }


def _references(reading: Reading) -> Iterator[tuple[int, int, int, int]]:
    """Each number of each reference with its place."""
    for match in _SECTIONS.finditer(reading.text):
        for one in _NUMBER.finditer(reading.text, *match.span("list")):
            yield int(one[1]), int(one[2]), *one.span()


def _referred(reading: Reading) -> Iterator[tuple[int, int, int, int]]:
    """The references of the body to the document itself."""
    for match in reading.matches(_SECTIONS):
        if _is_own(reading, match.start(), match.end()):
            for one in _NUMBER.finditer(reading.text, *match.span("list")):
                yield int(one[1]), int(one[2]), *one.span()


def _is_own(reading: Reading, start: int, end: int) -> bool:
    text = reading.text
    before = text[max(0, start - 60) : start]
    if reading.structure.part_at(reading.stored(start, end)[0]) or _QUOTED.search(before):
        return False
    if _ELSEWHERE_BEFORE.search(before) and not _OWN.search(before):
        return False
    return _ELSEWHERE_AFTER.match(text, end) is None


def _articles(reading: Reading) -> Iterator[Contradiction]:
    there = reading.structure.articles | {clause.article for clause in reading.structure.clauses}
    last = contiguous(there)
    if last < _LEAST_SECTIONS or max(there) > last:
        return
    for match in reading.matches(_ARTICLES):
        number = int(match["number"])
        if number > last and _is_own(reading, *match.span()):
            clause = max(
                (one for one in reading.structure.clauses if one.article == last),
                key=lambda one: one.number,
                default=None,
            )
            if clause is not None:
                yield _contradiction(
                    reading,
                    match.span(),
                    f"Article {number}",
                    f"the last article is Article {last}",
                    reading.heading(clause.start, f"Article {last}"),
                )


def _tops(reading: Reading) -> Iterator[Contradiction]:
    """ "Section 19", where the sections run from 1 to 14."""
    tops = reading.structure.tops
    last = contiguous(tops)
    if last < _LEAST_TOPS or max(tops) > last or reading.structure.articles:
        return
    for match in reading.matches(_PLAIN):
        number = int(match["number"])
        if number > last and _is_own(reading, *match.span()):
            yield _contradiction(
                reading,
                match.span(),
                f"Section {number}",
                f"the last section is Section {last}",
                reading.heading(tops[last], f"Section {last}"),
            )


def _missing(reading: Reading) -> Iterator[Contradiction]:
    """ "Schedule A attached hereto", and no Schedule A in the file."""
    there = {(one.kind, one.label) for one in reading.structure.attachments}
    told = set()
    for match in reading.matches(_ATTACHED):
        one = (match["kind"].lower(), match["label"].upper())
        if one in there or one in told or not _hereto(reading, match) or _named_in_capitals(reading, one):
            continue
        # In a form that is attached, its own schedules are to come when it is used.
        if reading.structure.part_at(reading.stored(*match.span())[0]) or _QUOTED.search(
            reading.text[max(0, match.start() - 60) : match.start()]
        ):
            continue
        told.add(one)
        yield _not_there(reading, match, f"{one[0].capitalize()} {one[1]}")


def _not_there(reading: Reading, match: re.Match[str], name: str) -> Contradiction:
    """A file may hold less than the contract: the last attachment, or its last line, shows where it ends."""
    sure = [one for one in reading.structure.attachments if one.sure]
    text = reading.document.text
    end = sure[-1].start if sure else text.rstrip().rfind("\n") + 1
    shown = f"{sure[-1].kind.capitalize()} {sure[-1].label}" if sure else "the end of the file"
    return Contradiction(
        Kind.REFERENCE,
        Severity.WARNING,
        f"The text calls {name} attached; the file has no {name}.",
        (reading.passage(*match.span(), name), reading.heading(end, shown)),
    )


def _hereto(reading: Reading, match: re.Match[str]) -> bool:
    before = reading.text[max(0, match.start() - 40) : match.start()]
    return bool(_ATTACHED_HERETO.match(reading.text, match.end()) or _AS_ATTACHED.search(before))


def _named_in_capitals(reading: Reading, one: tuple[str, str]) -> bool:
    """A heading that the extraction has torn into a line."""
    return re.search(rf"\b{re.escape(one[0].upper())}\s+\W?{re.escape(one[1])}\b", reading.text) is not None


def _attachments(reading: Reading) -> Iterator[Contradiction]:
    listed: dict[str, dict[int, int]] = defaultdict(dict)
    sure: dict[str, set[int]] = defaultdict(set)
    for one in reading.structure.attachments:
        listed[one.kind].setdefault(_place(one.label), one.start)
        if one.sure:
            sure[one.kind].add(_place(one.label))
    for match in reading.matches(_ATTACHED):
        kind, place = match["kind"].lower(), _place(match["label"])
        last = contiguous(sure[kind])
        if not place or place <= last or place in listed[kind] or max(listed[kind], default=0) > last:
            continue
        same = match["label"].isdigit() == _digits(reading, kind)
        if last >= _LEAST_ATTACHED and same and _is_own(reading, *match.span()):
            name = f"{kind.capitalize()} {match['label']}"
            last_name = f"{kind.capitalize()} {_label(last, digits=match['label'].isdigit())}"
            start = listed[kind][last]
            yield _contradiction(
                reading,
                match.span(),
                name,
                f"the last one in the document is {last_name}",
                reading.heading(start, last_name),
            )


def _digits(reading: Reading, kind: str) -> bool:
    return all(one.label.isdigit() for one in reading.structure.attachments if one.kind == kind)


def _place(label: str) -> int:
    """A → 1; 0 for what is neither a letter nor a number."""
    if label.isdigit():
        return int(label)
    return ord(label) - ord("A") + 1 if len(label) == 1 else 0


def _label(place: int, *, digits: bool) -> str:
    return str(place) if digits else chr(ord("A") + place - 1)


def _contradiction(
    reading: Reading, place: tuple[int, int], name: str, instead: str, last: Passage
) -> Contradiction:
    return Contradiction(
        Kind.REFERENCE,
        Severity.LOW,
        f"The text refers to {name}, which does not exist: {instead}.",
        (reading.passage(*place, name), last),
    )
