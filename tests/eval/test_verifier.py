"""The verifier of evidence believes no lie about the sample, and nearly all that is true of it."""

import pytest

from tests.eval.verifier.facts import sample
from tests.eval.verifier.plain import plain_statements
from tests.eval.verifier.questioning import ask, chosen_lies, chosen_truths
from tests.eval.verifier.writing import spelled

_LIES = 300


def test_no_lie_is_believed_and_the_truth_is():
    contract = sample()
    lies = ask(chosen_lies([contract], _LIES, seed=1))
    assert len(lies) == _LIES
    assert len({one.told.kind for one in lies}) >= 30
    assert [one.told for one in lies if one.believed] == []
    # Lies whose quote is nowhere would prove little.
    assert sum(one.stands for one in lies) > 0.7 * _LIES
    truths = ask(chosen_truths([contract], seed=1))
    assert sum(one.believed for one in truths) >= 0.98 * len(truths)


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("within thirty (30) days", "PERIOD", "30", "days"),
        ("pay $1,250.50 now", "MONEY", "1250.50", "USD"),
        ("ninety-six percent (96%)", "PERCENT", "96", "%"),
        ("of 1,950 kW", "POWER", "1950", "kW"),
        ("on March 3, 2025", "DATE", "2025-03-03", "date"),
    ],
)
def test_a_plain_statement_is_read(text: str, kind: str, value: str, unit: str):
    (one,) = plain_statements(text)
    assert (one.kind, one.value, one.unit) == (kind, value, unit)


@pytest.mark.parametrize(
    "text", ["5 to 10 days", "3 × 325 kW", "$5 per kWh", "$5 million", "25 kW-month", "Section 3.5", "1.5.2"]
)
def test_what_is_not_plain_is_left_alone(text: str):
    assert plain_statements(text) == []


def test_numbers_are_spelled():
    assert [spelled(n) for n in (7, 15, 42, 105, 1_250_000)] == [
        "seven", "fifteen", "forty-two", "one hundred five", "one million two hundred fifty thousand"
    ]  # fmt: skip
