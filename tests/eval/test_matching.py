"""CUAD's rule on cases that were worked out by hand."""

import pytest

from tests.eval.matching import (
    Counts,
    Prediction,
    area,
    count,
    counted,
    curve,
    matches,
    precision_at,
    similarity,
)


@pytest.mark.parametrize(
    ("label", "prediction", "expected"),
    [
        ("a b c", "a b c", 1.0),
        ("A. b, c;", "a b c", 1.0),
        ("and/or", "and or", 1.0),
        ("a b c d", "a b", 0.5),
        ("a b c d", "a b x", 0.4),
        ("a a a b", "a b", 1.0),
        ("a b", "c d", 0.0),
        ("...", ",", 0.0),
    ],
)
def test_similarity_is_of_sets_of_words(label: str, prediction: str, expected: float):
    assert similarity(label, prediction) == pytest.approx(expected)


def test_half_is_enough_and_of_parties_a_name_within_the_passage():
    assert matches("a b c d", "a b", "insurance")
    assert not matches("a b c d e", "a b", "insurance")
    passage = "this agreement is made between Acme Corp. and the other party that is named below"
    assert matches("Acme Corp.", passage, "parties")
    assert not matches("Acme Corp.", passage, "insurance")


@pytest.mark.parametrize(
    ("labels", "predictions", "expected"),
    [
        ([], [], Counts(0, 0, 0)),
        ([], ["a", "b"], Counts(0, 2, 0)),
        (["a b"], [], Counts(0, 0, 1)),
        (["a b"], ["a b", "a b c", "x"], Counts(1, 1, 0)),
        (["a b", "a b c"], ["a b"], Counts(2, 0, 0)),
        (["a b", "x y"], ["a b", "q"], Counts(1, 1, 1)),
    ],
)
def test_labels_are_found_and_predictions_wrong(labels, predictions, expected):
    assert count(labels, predictions, "insurance") == expected


LABELS = {("one", "insurance"): ["a b"], ("two", "insurance"): ["c d"], ("one", "parties"): []}
SAID = {
    ("one", "insurance"): [Prediction("a b", 0.9), Prediction("x", 0.5)],
    ("two", "insurance"): [Prediction("c d", 0.3), Prediction("c d", 0.3), Prediction("", 1.0)],
    ("one", "parties"): [Prediction("y", 0.1)],
}


def test_counts_of_all_of_a_category_and_above_a_confidence():
    assert counted(LABELS, SAID) == Counts(2, 2, 0)
    assert counted(LABELS, SAID, category="insurance") == Counts(2, 1, 0)
    assert counted(LABELS, SAID, category="parties") == Counts(0, 1, 0)
    assert counted(LABELS, SAID, above=0.4) == Counts(1, 1, 1)
    assert counted(LABELS, SAID, above=0.5) == Counts(1, 0, 1)
    figures = counted(LABELS, SAID)
    assert (figures.precision, figures.recall, figures.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert (Counts().precision, Counts().recall, Counts().f1) == (None, None, None)
    assert Counts(0, 1, 1).f1 == 0


def test_the_curve_never_falls_where_confidence_does_and_its_area_is_by_trapezoids():
    points = curve(LABELS, SAID)
    # Above 0.9 nothing; above 0.5 one of two, all right; above 0.3 one wrong; above 0.1 both, two thirds
    # right; then another wrong one. At half of the recall the best precision is 1, at the whole 2/3.
    assert points[0] == (0.0, 1.0)
    assert points[-1] == (1.0, 0.5)
    assert precision_at(points, 0.5) == 1.0
    assert precision_at(points, 0.8) == pytest.approx(2 / 3)
    assert area(points) == pytest.approx(0.5 * 1.0 + 0.5 * (2 / 3 + 2 / 3) / 2)
    assert precision_at(curve(LABELS, {}), 0.8) == 0.0
    assert area(curve(LABELS, {})) == 0.0
