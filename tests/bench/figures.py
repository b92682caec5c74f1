"""The figures of a bench, each beside its goal: as the RESULT line, and as a page of docs/bench."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from local_mesh.state import REPOSITORY

_DOCS = REPOSITORY / "docs/bench"


@dataclass(frozen=True)
class Figure:
    """One entry of the RESULT line. One without a goal is told, and counts as met."""

    name: str
    value: float
    unit: str
    goal: str = "told"
    met: bool = True


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """Good when small."""
    return Figure(name, round(value, 3), unit, f"<= {limit:g}", met=value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Figure:
    """Good when large."""
    return Figure(name, round(value, 3), unit, f">= {limit:g}", met=value >= limit)


def told(name: str, value: float, unit: str) -> Figure:
    """Of interest, without a goal."""
    return Figure(name, round(value, 3), unit)


def print_result(figures: Iterable[Figure]) -> None:
    """The line that a machine reads."""
    print("RESULT " + json.dumps({"figures": [asdict(figure) for figure in figures]}))


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; all columns but the first are numbers."""
    names = list(header)
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def write_page(name: str, title: str, body: str, figures: Iterable[Figure], drawing: str) -> None:
    """`docs/bench/NAME.md` with its drawing."""
    _DOCS.mkdir(parents=True, exist_ok=True)
    head = f"# {title}\n\nMade by `make bench-{name} DOCS=1`.\n\n![The same as bars]({name}.svg)\n\n"
    (_DOCS / f"{name}.md").write_text(f"{head}{body}\n## Figures\n\n{_table(figures)}")
    (_DOCS / f"{name}.svg").write_text(drawing)


def items(remarks: Iterable[str]) -> str:
    """A list."""
    return "".join(f"- {remark}\n" for remark in remarks)


def _table(figures: Iterable[Figure]) -> str:
    lines = ([each.name, f"{each.value:,g}", each.unit, each.goal, _yes(each)] for each in figures)
    return markdown(("figure", "value", "unit", "goal", "met"), lines)


def _yes(figure: Figure) -> str:
    if figure.goal == "told":
        return ""
    return "yes" if figure.met else "**no**"
