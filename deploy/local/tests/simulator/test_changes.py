"""What a document changes is read as changed: the new value alone, in the document's own words."""
# ruff: noqa: E501 - one wording a line

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from claude_simulator.rules import extract, field_answer
from claude_simulator.rules.amended import amended

SAMPLE = Path(__file__).resolve().parents[2] / "sample"


def _meaning(finding: dict[str, str]) -> tuple[str, str]:
    value, unit = " ".join(finding["value"].split()), re.split(" after | before ", finding["unit"])[0]
    if not re.fullmatch(r"[\d.]+", value):
        return value, unit
    number = Decimal(value) * (1_000 if unit == "MW" else 1)
    return format(number.normalize(), "f"), unit.replace("MW", "kW")


def _sample_text() -> str:
    docx = pytest.importorskip("docx")
    opened = docx.Document(str(SAMPLE / "documents" / "amendment-1.docx"))
    tag = docx.oxml.ns.qn
    lines = []
    for block in opened.element.body:
        rows = list(block.iter(tag("w:tr")))
        cells = [[_words(cell, tag("w:t")) for cell in row.iter(tag("w:tc"))] for row in rows]
        lines += ["\t".join(row) for row in cells] if rows else [_words(block, tag("w:t"))]
    return "\n".join(lines)


def _words(element: object, tag: str) -> str:
    return "".join(node.text or "" for node in element.iter(tag))  # type: ignore[attr-defined]


@pytest.mark.skipif(not (SAMPLE / "truth.json").is_file(), reason="the sample is not built")
def test_the_sample_amendment_is_read_as_its_truth_says() -> None:
    text = _sample_text()
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["documents"]["amendment-1"][
        "fields"
    ]
    answers = extract(truth, [text])
    missed = {
        field: (answer, want["findings"])
        for field, want in truth.items()
        if isinstance(answer := answers[field], dict)
        and (
            answer["state"] != want["state"]
            or {_meaning(one) for one in answer["findings"]} != {_meaning(one) for one in want["findings"]}
            or any(one["quote"] not in text for one in answer["findings"])
        )
    }
    assert missed == {}


@pytest.mark.parametrize(
    ("field", "text", "value", "quote"),
    [
        ("take_or_pay", "The Minimum Quantity is hereby increased from 5,000 kWh to 6,000 kWh per year.", "6000", "to 6,000 kWh"),
        ("take_or_pay", "The Parties change the Minimum Quantity from 5,000 kWh to 6,000 kWh.", "6000", "to 6,000 kWh"),
        ("guaranteed_cod", "The Guaranteed COD shall be extended from June 1, 2031 to July 1, 2031.", "2031-07-01", "to July 1, 2031"),
        ("capacity", "The System Capacity is reduced from 1.3 MW to 975 kW.", "975", "to 975 kW"),
        ("capacity", "In the row “System Capacity”, “1,300 kW” is deleted in its entirety and replaced by “975 kW (net)”.", None, ""),
        ("capacity", "the row “System Capacity” is hereby replaced with “975 kW (net)”", "975", "975 kW (net)"),
        ("energy_price", "2.1 Energy Price. In Section 5.1, “$0.10 per kWh” is replaced with “$0.11 per kWh”.", "0.11", "$0.11 per kWh"),
        ("output_year", "(b) Annual Output Guarantee. In Section 9, “88%” is deleted and replaced with “91%”.", "91", "91%"),
        ("system_count", "by deleting “four (4) Energy Servers” and inserting “five (5) Energy Servers, side by side”", "5", "five (5) Energy Servers, side by side"),
        ("system_count", "In Part 1, the row “Energy Servers” is replaced with “five (5) Energy Servers, F-1 to F-5”.", "5", "five (5) Energy Servers"),
        ("system_count", 'replacing "four (4) Energy Servers" with "five (5) Energy Servers"', "5", "five (5) Energy Servers"),
        ("system_count", "The row is changed: “four Energy Servers” shall be replaced with “" + "five Energy Servers, each " + "x" * 200 + "”", "5", "five Energy Servers"),
        ("availability", "Item Existing Revised\nAvailability 95% 97%\n", "97", "97%"),
        ("scheduled_cod", "Item | From | To\nScheduled COD\nMay 1, 2030 | May 9, 2030 |\n", "2030-05-09", "May 9, 2030"),
        ("system_count", "Subject\tBefore\tAfter\nNumber of Systems\t3\t4", "4", "4"),
    ],
)  # fmt: skip
def test_only_the_new_value_is_read(field: str, text: str, value: str | None, quote: str) -> None:
    findings = field_answer(field, [text])["findings"]
    assert isinstance(findings, list)
    assert [(one["value"], one["quote"]) for one in findings] == ([(value, quote)] if value else [])
    assert all(one["quote"] in text for one in findings)


@pytest.mark.parametrize(
    "text",
    [
        "The schedule may be changed from time to time to suit the Site.",
        "Section Subject Amount Unit\n2.1 Capacity 1.95 MW 2.6 MW\n",
        "Seller shall deliver from 5 to 10 reports. Buyer replaced 90% of “these” with “those”.",
        "“Fee” means $5.",
    ],
)
def test_what_changes_nothing_is_read_as_it_stands(text: str) -> None:
    assert amended(text).text == text


def test_a_table_ends_where_sentences_begin_again() -> None:
    text = "Subject Before After\nAvailability 95% 97%\nThe table ends here.\nAvailability 90% 95%\n"
    assert amended(text).text == text.replace("95% 97%", "97%")


def test_words_around_changes_keep_their_places() -> None:
    text = "Fee: $1. The Cap is changed from 1 kW to 2 kW. Tail 9. “3 kW” is replaced with “4 kW”. The end is near."
    read = amended(text)
    for word in ("Fee: $1", "Tail 9", "The end is near"):
        start = read.text.index(word)
        assert read.quote(start, start + len(word), start) == word


def test_servers_that_are_added_are_not_the_number_of_servers() -> None:
    text = "The Parties wish to add two Energy Servers. The Facility has ten (10) Energy Servers."
    assert [one["value"] for one in _findings("system_count", text)] == ["10"]


def test_a_role_is_read_from_a_signature_where_nothing_else_says_it() -> None:
    signed = "QUILL FUEL CELLS, LLC,\nas Seller and Operator\nBy: A. Person"
    assert [one["value"] for one in _findings("operator", signed)] == ["QUILL FUEL CELLS, LLC"]
    named = f"Ash Service, Inc., a Maine corporation (“Operator”).\n{signed}"
    assert [one["value"] for one in _findings("operator", named)] == ["Ash Service, Inc."]


def _findings(field: str, text: str) -> list[dict[str, str]]:
    findings = field_answer(field, [text])["findings"]
    assert isinstance(findings, list)
    return findings
