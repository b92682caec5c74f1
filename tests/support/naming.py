"""Tests by their names, `path::name`, so that a table can name them and be wrong for one reason less."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


def missing(names: Iterable[str]) -> list[str]:
    """Those that are no test of this repository."""
    return [name for name in names if not exists(name)]


def exists(name: str) -> bool:
    """Whether there is such a test; what parametrizes it is not part of its name."""
    path, _, test = name.partition("::")
    return test in _tests(path)


@cache
def _tests(path: str) -> frozenset[str]:
    file = ROOT / path
    if not file.name.startswith("test_") or not file.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )
