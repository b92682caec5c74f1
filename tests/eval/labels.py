"""The contracts of cuad-dev and their labels, where the data is."""

import json
from collections.abc import Mapping
from pathlib import Path

from local_mesh.state import REPOSITORY
from tests.eval.matching import Key

FOLDER = REPOSITORY.parent / "shared/data/contracts/cuad-dev"
_LABELS = "gold_spans.jsonl"


def contracts(folder: Path = FOLDER) -> list[Path]:
    """The texts, by name. Raises FileNotFoundError where the data is absent."""
    if not (folder / _LABELS).is_file():
        raise FileNotFoundError(folder)
    return sorted(folder.glob("*.txt"))


def labels(categories: tuple[str, ...], folder: Path = FOLDER) -> Mapping[Key, list[str]]:
    """The labelled texts of every contract and category; none is an empty list."""
    found: dict[Key, list[str]] = {
        (path.name, category.casefold()): [] for path in contracts(folder) for category in categories
    }
    for line in (folder / _LABELS).read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        # A category that nobody asks for is a mistake of ours: KeyError.
        found[(label["file"], label["category"].casefold())].append(label["text"])
    return found
