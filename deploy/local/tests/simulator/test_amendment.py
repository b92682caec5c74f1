"""An amendment states what was beside what is: what counts is what is."""

from decimal import Decimal, InvalidOperation

import pytest

from claude_simulator.rules import extract
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.worker import read_document
from sample import DOCUMENTS
from sample.truth import load_truth

CHANGES = load_truth()["amendments"][0]["changes"]
KILOWATTS = {"kW": Decimal(1), "MW": Decimal(1000)}


def amount(value: str, unit: str) -> Decimal | str:
    try:
        return Decimal(value) * KILOWATTS.get(unit, Decimal(1))
    except InvalidOperation:
        return value


@pytest.mark.parametrize("name", ["amendment-1.pdf", "amendment-1.docx"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change["field"])
def test_the_new_value_is_reported_and_never_the_old(name, change):
    document = (DOCUMENTS / name).read_bytes()
    text = read_document(document, filename=name, declared_type="", limits=Limits()).text
    findings = extract([change["field"]], [text])[change["field"]]["findings"]
    read = {amount(finding["value"], finding["unit"]) for finding in findings}
    assert read == {amount(change["to"], change["unit"])}
