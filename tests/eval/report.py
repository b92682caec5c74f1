"""The table of a category's precision and recall, and the figures of all together."""

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.figures import Figure, told
from tests.eval.matching import Counts, Key, Prediction, area, counted, curve, precision_at

_HEAD = (
    f"{'category':36} {'labels':>6} {'said':>5} {'found':>5} {'wrong':>5} {'prec':>6} {'recall':>6} {'F1':>6}"
)


def table(
    categories: Sequence[str],
    labels: Mapping[Key, Sequence[str]],
    predictions: Mapping[Key, Sequence[Prediction]],
) -> Iterator[str]:
    """A line for each category, and one for all."""
    yield _HEAD
    for category in categories:
        name = category.casefold()
        said = sum(len(found) for key, found in predictions.items() if key[1] == name)
        yield _line(category, said, counted(labels, predictions, category=name))
    yield _line("all", sum(map(len, predictions.values())), counted(labels, predictions))


def figures(
    labels: Mapping[Key, Sequence[str]], predictions: Mapping[Key, Sequence[Prediction]]
) -> list[Figure]:
    """Over all categories and contracts."""
    counts, points = counted(labels, predictions), curve(labels, predictions)
    return [
        told("CUAD precision", counts.precision or 0.0, "share"),
        told("CUAD recall", counts.recall or 0.0, "share"),
        told("CUAD F1", counts.f1 or 0.0, "share"),
        told("CUAD AUPR", area(points), "share"),
        told("CUAD precision at 80 % recall", precision_at(points, 0.8), "share"),
        told("CUAD labels", counts.found + counts.missed, "labels"),
    ]


def _line(name: str, said: int, counts: Counts) -> str:
    shares = " ".join(f"{_share(value):>6}" for value in (counts.precision, counts.recall, counts.f1))
    return f"{name:36} {counts.found + counts.missed:6} {said:5} {counts.found:5} {counts.wrong:5} {shares}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
