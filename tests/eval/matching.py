"""CUAD's own matching rule (evaluate.py of TheAtticusProject/cuad), and precision and recall by it.

A prediction matches a label when the Jaccard similarity of their sets of words is at least 0.5; of parties
also when the label stands in the prediction. A label that some prediction matches is a true positive, one
that none matches a false negative; a prediction that matches no label of its contract and category is a false
positive. Where it stands in the contract does not count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

THRESHOLD = 0.5
PARTIES = "parties"
# As CUAD has it: confidences above 0.99, 0.98, … 0.01, 0.001, 0.
CONFIDENCES = (*(round(0.99 - step / 100, 2) for step in range(99)), 0.001, 0.0)
_DROPPED = str.maketrans({**dict.fromkeys(".,;:"), "/": " "})

# (contract, category in lower case)
Key = tuple[str, str]


@dataclass(frozen=True)
class Prediction:
    """A passage that was said to be of a category, with a confidence of 0..1."""

    text: str
    confidence: float = 1.0


@dataclass(frozen=True)
class Counts:
    """Labels found and missed, predictions that are wrong."""

    found: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.found + other.found, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        """None where nothing was predicted."""
        return self.found / (self.found + self.wrong) if self.found + self.wrong else None

    @property
    def recall(self) -> float | None:
        """None where there is no label."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None

    @property
    def f1(self) -> float | None:
        """None where either is not known; 0 where both are 0."""
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def similarity(label: str, prediction: str) -> float:
    """The Jaccard similarity of the words of both."""
    one, other = _words(label), _words(prediction)
    return len(one & other) / len(one | other) if one | other else 0.0


def matches(label: str, prediction: str, category: str) -> bool:
    """By CUAD's rule."""
    within = category == PARTIES and label in prediction
    return within or similarity(label, prediction) >= THRESHOLD


def count(labels: Sequence[str], predictions: Sequence[str], category: str) -> Counts:
    """Of one category of one contract."""
    found = sum(any(matches(label, said, category) for said in predictions) for label in labels)
    wrong = sum(not any(matches(label, said, category) for label in labels) for said in predictions)
    return Counts(found, wrong, len(labels) - found)


def counted(
    labels: Mapping[Key, Sequence[str]],
    predictions: Mapping[Key, Sequence[Prediction]],
    above: float = -1.0,
    category: str | None = None,
) -> Counts:
    """Of all contracts, or of one category of them; predictions with a confidence above `above`.

    `labels` has a key for every contract and category, empty where there is no label. Equal texts count once.
    """
    total = Counts()
    for key, texts in labels.items():
        if category in (None, key[1]):
            said = dict.fromkeys(one.text for one in predictions.get(key, ()) if one.confidence > above)
            total += count(texts, [text for text in said if text], key[1])
    return total


def curve(
    labels: Mapping[Key, Sequence[str]], predictions: Mapping[Key, Sequence[Prediction]]
) -> list[tuple[float, float]]:
    """(recall, precision), highest confidence first; the precision is the best at that recall or more.

    Where nothing is predicted, the precision is 1 (CUAD's script has no number there).
    """
    points = [(0.0, 1.0)]
    for above in CONFIDENCES:
        counts = counted(labels, predictions, above)
        points.append((counts.recall or 0.0, 1.0 if counts.precision is None else counts.precision))
    best = 0.0
    raised: list[tuple[float, float]] = []
    for recall, precision in reversed(points):
        best = max(best, precision)
        raised.append((recall, best))
    return raised[::-1]


def area(points: Iterable[tuple[float, float]]) -> float:
    """Under the curve, by trapezoids (AUPR)."""
    listed = list(points)
    return sum((right - left) * (one + other) / 2 for (left, one), (right, other) in pairwise(listed))


def precision_at(points: Iterable[tuple[float, float]], recall: float) -> float:
    """The precision at the first point with that recall; 0 where the recall is never reached."""
    return next((precision for reached, precision in points if reached >= recall), 0.0)


def _words(text: str) -> set[str]:
    return set(text.translate(_DROPPED).lower().split())
