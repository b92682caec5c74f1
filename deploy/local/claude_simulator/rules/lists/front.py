"""What the opening of a contract says about itself: its name, who its parties are, what dates it bears."""

import re

from claude_simulator.rules.values import KINDS

_OPENING = 6_000  # characters; later ones speak of other agreements as often as of this one
_TITLE = re.compile(
    r"^[^\S\n]*((?:[A-Z0-9&,.'’/()-]+[^\S\n]+){0,10}?(?:AGREEMENT|CONTRACT|AMENDMENT|ADDENDUM|LEASE)"
    r"(?:[^\S\n]+(?:NO\.?[^\S\n]*)?\w{1,4})?)[^\S\n]*$",
    re.MULTILINE,
)
_TITLED = re.compile(
    r"\b[Tt]his\s+((?:[A-Z][\w&-]*\s+(?:(?:and|of|for)\s+)?){1,7}?(?:Agreement|Contract|Amendment))\b"
)
_NAME = re.compile(KINDS["name"].pattern)
_SHORT = re.compile(r"\((?:[^()\"“]{0,60}?)[\"“]([^\"”]{2,40})[\"”][^()]{0,40}\)")
_DATE = re.compile(KINDS["date"].pattern, re.IGNORECASE)
_DATED = re.compile(r"\b(?:dated|made|entered\s+into|as\s+of|day\s+of)\b", re.IGNORECASE)
_EFFECTIVE = re.compile(r"\beffective\b", re.IGNORECASE)
_NEAR = 120


def opening(kind: str, document: str) -> list[str]:
    """The passages of that kind, verbatim; none for a kind that is not of the opening."""
    front = document[:_OPENING]
    match kind:
        case "Document Name":
            found = _TITLE.search(front) or _TITLED.search(front)
            return [found[1].strip()] if found else []
        case "Parties":
            return _parties(front)
        case "Agreement Date":
            return _dates(front, _DATED)[:1]
        case "Effective Date":
            return _dates(front, _EFFECTIVE)[:1]
        case _:
            return []


def _parties(front: str) -> list[str]:
    """The names before the recitals, and the short names that follow them."""
    preamble = re.split(r"\b(?:WITNESSETH|RECITALS|WHEREAS)\b", front)[0]
    names = [match["text"] for match in _NAME.finditer(preamble)]
    short = [match[1] for match in _SHORT.finditer(preamble)]
    few = [*dict.fromkeys(names)][:4] + [name for name in dict.fromkeys(short) if "greement" not in name][:4]
    return [name for name in few if len(name) > 3]


def _dates(front: str, near: re.Pattern[str]) -> list[str]:
    return [
        match[0]
        for match in _DATE.finditer(front)
        if near.search(front, max(0, match.start() - _NEAR), match.end() + _NEAR)
    ]
