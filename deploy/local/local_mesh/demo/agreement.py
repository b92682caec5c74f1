"""Compares what was read from the sample with its truth file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from bloom.contracts.v1.contract_pb2 import (
    VALUE_STATUS_ABSENT,
    VALUE_STATUS_REDACTED,
    ExtractedValue,
)
from sample import DOCUMENTS
from sample.truth import DocumentTruth, Field, load_truth

_KILOWATTS = {"kW": Decimal(1), "MW": Decimal(1000)}
_EXPECTED_STATUS = {"ABSENT": VALUE_STATUS_ABSENT, "REDACTED": VALUE_STATUS_REDACTED}


def truth_of(path: Path) -> DocumentTruth | None:
    """The truth about a document of the sample; None for any other document."""
    if path.resolve().parent != DOCUMENTS.resolve():
        return None
    return next((truth for truth in load_truth()["documents"].values() if path.name in truth["files"]), None)


def question_for(path: Path) -> str:
    """A question that the sample answers, or one that most agreements do."""
    for name, truth in load_truth()["documents"].items():
        if path.name in truth["files"] and truth_of(path) is not None:
            asked = [entry["question"] for entry in load_truth()["questions"] if entry["document"] == name]
            if asked:
                return asked[0]
    return "How long is the term of this agreement?"


def disagreements(values: Sequence[ExtractedValue], truth: DocumentTruth) -> list[str]:
    """One sentence for each field that was not read as the truth has it.

    A true value that could not be proven is no disagreement: UNVERIFIED says that a person must look.
    """
    read: defaultdict[str, list[ExtractedValue]] = defaultdict(list)
    for value in values:
        read[value.field].append(value)
    return [
        f"{field}: {problem}"
        for field, true in truth["fields"].items()
        if (problem := _differs(read[field], true))
    ]


def differs(read: Sequence[tuple[str, str]], true: Field) -> str:
    """How values with their units differ from the true ones; empty where they do not."""
    wanted = {_canonical(finding) for finding in true["findings"]}
    got = {_canonical({"value": value, "unit": unit}) for value, unit in read}
    return "" if got == wanted else f"read {_words(got)}, is {_words(wanted)}"


def _differs(read: list[ExtractedValue], true: Field) -> str:
    if not read:
        return "not answered"
    expected = _EXPECTED_STATUS.get(true["state"])
    if expected is not None:
        return "" if all(value.status == expected for value in read) else f"should be {true['state']}"
    return differs([(value.value, value.unit) for value in read], true)


def _canonical(finding: Mapping[str, object]) -> tuple[str, str]:
    """Equal for what is equal: 186.00 and 186, 1.95 MW and 1950 kW, «the Invoice Date» and «invoice date»."""
    value, unit = str(finding["value"]), str(finding["unit"])
    if " " in unit:
        unit = " ".join(word for word in unit.casefold().split() if word != "the")
    try:
        number = Decimal(value)
    except InvalidOperation:
        return " ".join(value.split()).casefold(), unit
    if unit in _KILOWATTS:
        number, unit = number * _KILOWATTS[unit], "kW"
    return format(number.normalize(), "f"), unit


def _words(pairs: set[tuple[str, str]]) -> str:
    return " / ".join(sorted(f"{value} {unit}".strip() for value, unit in pairs)) or "nothing"
