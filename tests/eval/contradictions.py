"""`make eval-contradictions`: what is found in our sample and in cuad-dev, for a check by hand."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts_service.contradictions import Contradiction, find_in_force
from contracts_service.evidence import DocumentText
from contracts_service.extraction.isolate import extract
from tests.bench.figures import Figure, print_result, told
from tests.eval import labels

_SAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "local" / "sample" / "documents"
_OURS = (
    ("agreement.pdf",),
    ("system-order-2-draft.pdf",),
    ("amendment-2-draft.pdf", "agreement.pdf"),
)
_QUOTED = 400


@dataclass(frozen=True)
class Searched:
    """What was found in one contract, and how long that took."""

    name: str
    found: Sequence[Contradiction]
    seconds: float


def main() -> None:
    """Prints findings with their passages, and the RESULT line; skips cuad-dev where it is absent."""
    ours = [_searched([_SAMPLE / name for name in names]) for names in _OURS]
    try:
        cuad = [_searched([path]) for path in labels.contracts()]
    except FileNotFoundError as absent:
        print(f"skipped: there are no labelled contracts in {absent}", file=sys.stderr)
        cuad = []
    for one in (*ours, *cuad):
        print("\n".join(_told(one)))
    print(_total("sample", ours))
    print(_total("cuad-dev", cuad))
    print_result(_figures(ours, cuad))


def _searched(paths: Sequence[Path]) -> Searched:
    texts = [_text(path) for path in paths]
    begun = time.monotonic()
    found = find_in_force(texts)
    return Searched(" against ".join(path.name for path in paths), found, time.monotonic() - begun)


def _text(path: Path) -> DocumentText:
    read = asyncio.run(extract(path, filename=path.name, declared_type=""))
    return DocumentText(read.text, read.pages, path.name, "0" * 64)


def _told(one: Searched) -> Iterator[str]:
    yield f"\n{one.name}: {len(one.found)} found"
    for number, found in enumerate(one.found, start=1):
        yield f"  {number}. {found.kind} {found.severity}: {found.sentence}"
        if found.computation:
            yield f"     {found.computation}"
        for passage in found.passages:
            where = passage.evidence
            quote = " ".join(where.quote.split())[:_QUOTED]
            yield f"     page {where.page}, {where.char_start}-{where.char_end} [{passage.value}] {quote}"


def _total(name: str, searched: Sequence[Searched]) -> str:
    kinds = Counter(one.kind for each in searched for one in each.found)
    by_kind = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    return f"\n{name}: {kinds.total()} found in {len(searched)} contracts ({by_kind or 'none'})"


def _figures(ours: Sequence[Searched], cuad: Sequence[Searched]) -> list[Figure]:
    found = sum(len(one.found) for one in cuad)
    figures = [told("contradictions found in the sample", sum(len(one.found) for one in ours), "findings")]
    if cuad:
        figures += [
            told("contradictions found in cuad-dev", found, "findings"),
            told("findings of a contract, mean", found / len(cuad), "findings"),
            told("findings of a contract, most", max(len(one.found) for one in cuad), "findings"),
            told("seconds of a contract, most", max(one.seconds for one in cuad), "s"),
        ]
    return figures


if __name__ == "__main__":
    main()
