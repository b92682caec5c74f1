"""The truth file: every quote stands in both renderings, on one page, and its sums are right."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest

from sample.truth import Finding, Truth

KW_PER_UNIT = {"MW": Decimal(1000), "kW": Decimal(1)}


def every_quote(truth: Truth) -> Iterator[tuple[str, str]]:
    """Each quote of the truth file with its document."""
    for name, document in truth["documents"].items():
        for field in document["fields"].values():
            yield from ((name, finding["quote"]) for finding in field["findings"])
    for entry in (*truth["instructions_to_reader"], *truth["worked_examples"]):
        yield entry["document"], entry["quote"]
    for question in truth["questions"]:
        yield from ((question["document"], quote) for quote in question["quotes"])
    for amendment in truth["amendments"]:
        yield from ((amendment["document"], change["quote"]) for change in amendment["changes"])


def canonical(finding: Finding) -> tuple[str, str]:
    """Value and unit with power in kW, so that 1.95 MW and 1,950 kW are one value."""
    if finding["unit"] not in KW_PER_UNIT:
        return finding["value"], finding["unit"]
    return str((Decimal(finding["value"]) * KW_PER_UNIT[finding["unit"]]).normalize()), "kW"


def test_each_quote_stands_on_one_page_of_the_pdf(truth: Truth, pdf_pages: dict[str, list[str]]) -> None:
    quotes = every_quote(truth)
    assert [quote for name, quote in quotes if not any(quote in page for page in pdf_pages[name])] == []


def test_each_quote_stands_in_the_docx(truth: Truth, docx_text: dict[str, str]) -> None:
    assert [quote for name, quote in every_quote(truth) if quote not in docx_text[name]] == []


def test_what_is_planted_stands_in_both_renderings(
    truth: Truth, pdf_pages: dict[str, list[str]], docx_text: dict[str, str]
) -> None:
    for one in truth["planted"]:
        places = [one["document"], one.get("against", one["document"])]
        in_pdf = " ".join(page for name in places for page in pdf_pages[name])
        in_docx = " ".join(docx_text[name] for name in places)
        assert [words for words in one["passages"] if words not in in_pdf or words not in in_docx] == []


def test_every_kind_of_contradiction_is_planted(truth: Truth) -> None:
    assert {one["kind"] for one in truth["planted"]} == {
        "WORDS_AND_FIGURES", "SAME_QUANTITY_TWICE", "DEFINED_TWICE", "DATE", "TABLE_AGAINST_FORMULA", "SUM",
        "UNIT", "REFERENCE",
    }  # fmt: skip


def test_states_agree_with_their_findings(truth: Truth) -> None:
    for document in truth["documents"].values():
        for name, field in document["fields"].items():
            marks = ["[***]" in finding["quote"] for finding in field["findings"]]
            values = [finding["value"] != "" for finding in field["findings"]]
            expected = {
                "ABSENT": not field["findings"],
                "REDACTED": bool(marks) and all(marks) and not any(values),
                "FOUND": bool(values) and all(values) and not any(marks),
            }
            assert expected[field["state"]], name


def test_the_agreement_covers_the_catalogue(truth: Truth) -> None:
    states = [field["state"] for field in truth["documents"]["agreement"]["fields"].values()]
    assert len(states) == 56
    assert states.count("FOUND") >= 35
    assert states.count("REDACTED") >= 2
    assert states.count("ABSENT") >= 3


@pytest.mark.parametrize("name", ["agreement", "amendment-1"])
def test_only_the_declared_contradiction_disagrees(name: str, truth: Truth) -> None:
    fields = truth["documents"][name]["fields"]
    values = {key: {canonical(one) for one in field["findings"]} for key, field in fields.items()}
    disagreeing = [key for key, found in values.items() if len(found) > 1]
    assert disagreeing == [one["field"] for one in truth["contradictions"] if one["document"] == name]


def test_there_is_one_contradiction(truth: Truth) -> None:
    (contradiction,) = truth["contradictions"]
    assert [value["value"] for value in contradiction["values"]] == ["15", "20"]


def test_nothing_true_is_quoted_from_the_instruction(truth: Truth, pdf_pages: dict[str, list[str]]) -> None:
    (instruction,) = truth["instructions_to_reader"]
    assert sum(page.count(instruction["quote"]) for page in pdf_pages["agreement"]) == 1
    for field in truth["documents"]["agreement"]["fields"].values():
        assert not any(finding["quote"] in instruction["quote"] for finding in field["findings"])


def test_worked_examples_compute(truth: Truth) -> None:
    for example in truth["worked_examples"]:
        inputs = {name: Decimal(value) for name, value in example["inputs"].items()}
        result = Decimal(eval(example["formula"], {"__builtins__": {}}, inputs))  # our own file's formulas
        expected = Decimal(example["expected"])
        assert result.quantize(expected, ROUND_HALF_UP) == expected, example["name"]


def test_worked_examples_quote_their_results(truth: Truth) -> None:
    for example in truth["worked_examples"]:
        assert f"{abs(Decimal(example['expected'])):,}" in example["quote"], example["name"]


def test_prices_escalate_except_where_redacted(truth: Truth, price_table: list[list[str]]) -> None:
    assert [row[0] for row in price_table] == [str(year) for year in range(1, 16)]
    for year, energy, service, capacity in price_table:
        growth = Decimal("1.025") ** (int(year) - 1)
        redacted = int(year) in truth["redactions"]["price_table_energy_years"]
        price = (Decimal("0.1195") * growth).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert energy == ("[***]" if redacted else str(price))
        assert service == str((Decimal("186.00") * growth).quantize(Decimal("0.01"), ROUND_HALF_UP))
        assert capacity == "[***]"


def test_shown_prices_rise_and_keep_below_the_ceiling(price_table: list[list[str]]) -> None:
    shown = [Decimal(row[1]) for row in price_table if row[1] != "[***]"]
    assert all(earlier < later for earlier, later in pairwise(shown))
    assert shown[-1] < Decimal("0.1875")


def test_key_facts_stand_in_the_quotes_of_their_question(truth: Truth) -> None:
    for question in truth["questions"]:
        quotes = " ".join(question["quotes"])
        assert all(fact in quotes for fact in question["key_facts"]), question["question"]


def test_the_amendment_changes_what_the_agreement_says(truth: Truth) -> None:
    (amendment,) = truth["amendments"]
    before = truth["documents"][amendment["amends"]]
    after = truth["documents"][amendment["document"]]
    assert before["dated"] < after["dated"]
    for change in amendment["changes"]:
        assert change["from"] == before["fields"][change["field"]]["findings"][0]["value"]
        assert change["to"] == after["fields"][change["field"]]["findings"][0]["value"]
