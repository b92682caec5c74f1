"""OWASP ASVS 5.0.0 at levels 1 and 2, requirement by requirement, and the document that is made of it.

`make asvs` writes docs/security/asvs.md. A requirement is summed up in our own words and has one of three
ends: `tests` that show it; `reason` why there is nothing it could apply to; `gap`, what is not done yet.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parents[2] / "docs" / "security" / "asvs.md"
# Of those that apply, so many are shown by a test.
LEAST_SHARE = 0.85


@dataclass(frozen=True)
class Requirement:
    """`id` as in the standard, without its V."""

    id: str
    level: int
    summary: str
    tests: tuple[str, ...] = ()
    reason: str = ""
    gap: str = ""
    note: str = ""

    @property
    def applies(self) -> bool:
        return not self.reason

    @property
    def ends(self) -> int:
        """How many of the three it has; one is right."""
        return sum(map(bool, (self.tests, self.reason, self.gap)))

    @property
    def shown(self) -> str:
        """The cell of the table."""
        if self.tests:
            said = "<br>".join(f"`{test}`" for test in self.tests)
        else:
            said = f"not yet: {self.gap}" if self.gap else f"does not apply: {self.reason}"
        return f"{said}<br>{self.note}" if self.note else said


@dataclass(frozen=True)
class Chapter:
    """One file of this folder."""

    number: int
    name: str
    requirements: tuple[Requirement, ...]


def chapters() -> list[Chapter]:
    """In the standard's order."""
    return [_read(path) for path in sorted(FOLDER.glob("v*.toml"))]


def _read(path: Path) -> Chapter:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    requirements = (
        Requirement(**{**given, "tests": tuple(given.get("tests", ()))}) for given in told["requirement"]
    )
    return Chapter(told["chapter"], told["name"], tuple(requirements))


def share(requirements: Iterable[Requirement]) -> float:
    """Of those that apply, how many a test shows."""
    applying = [each for each in requirements if each.applies]
    return sum(bool(each.tests) for each in applying) / len(applying) if applying else 1.0


def document(read: list[Chapter]) -> str:
    """The whole of docs/security/asvs.md."""
    parts = [_HEAD, _totals(read), *map(_chapter, read)]
    return "\n".join(parts)


_HEAD = """# OWASP ASVS 5.0.0, levels 1 and 2

Made by `make asvs` from `tests/security/asvs/*.toml`; `tests/security/test_asvs.py` checks that every
requirement is here once, that every test exists, and that this file is up to date. Requirements are summed
up in our own words; the standard's are at <https://github.com/OWASP/ASVS>. What is told as "not yet"
counts as not shown.
"""


def _totals(read: list[Chapter]) -> str:
    lines = [
        "| chapter | requirements | apply | by test | not yet | share |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [_total(f"V{chapter.number} {chapter.name}", chapter.requirements) for chapter in read]
    lines.append(_total("**all**", [each for chapter in read for each in chapter.requirements]))
    return "\n".join([*lines, ""])


def _total(name: str, requirements: Iterable[Requirement]) -> str:
    of = list(requirements)
    counts = Counter(
        {
            "apply": sum(each.applies for each in of),
            "tests": sum(bool(each.tests) for each in of),
            "gap": sum(bool(each.gap) for each in of),
        }
    )
    told = f"{share(of):.0%}" if counts["apply"] else "–"
    cells = [name, len(of), counts["apply"], counts["tests"], counts["gap"], told]
    return "| " + " | ".join(map(str, cells)) + " |"


def _chapter(chapter: Chapter) -> str:
    lines = [
        f"## V{chapter.number} {chapter.name}",
        "",
        "| | level | requirement | shown by |",
        "|---|--:|---|---|",
        *(f"| {each.id} | {each.level} | {each.summary} | {each.shown} |" for each in chapter.requirements),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document(chapters()), encoding="utf-8")
