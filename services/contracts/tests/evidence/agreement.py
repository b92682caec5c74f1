"""The real Bloom agreement and its gold facts, as claims about fields of the catalogue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from contracts_service.evidence import Claim, DocumentText
from contracts_service.fields import AnswerState, FieldAnswer, Finding

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "contracts" / "energy"


@dataclass(frozen=True)
class Truth:
    """What a gold fact says, as a claim would: `figure` is the part of its quote that bears the value."""

    field: str
    value: str
    unit: str
    figure: str
    longer_quote: str = ""


TRUTHS: Mapping[str, Truth] = {
    "agreement_date": Truth("agreement_date", "2012-04-13", "date", "April 13, 2012"),
    "portfolio_nameplate_capacity_max": Truth("capacity", "30", "MW", "30 MW"),
    "min_efficiency_level": Truth("efficiency", "50", "% LHV", "50%"),
    "btu_per_kwh": Truth("btu_per_kwh", "3412", "BTU/kWh", "3,412"),
    "output_warranty_one_month": Truth("output_month", "85", "% NAMEPLATE", "85%"),
    "output_warranty_one_year": Truth("output_year", "95", "% NAMEPLATE", "95%"),
    "warranty_end": Truth("warranty_end", "21", "years after commencement of operations", "21st"),
    "invoice_due": Truth("invoice_due", "30", "days after invoice", "30"),
    "late_interest": Truth("late_interest", "1.5", "%/month", "1.5%"),
    "owner_max_liability": Truth("liability_cap_owner", "1000000", "USD", "1,000,000"),
    "warranty_determination_deadline": Truth(
        "warranty_determination_due", "5", "business days after end of month", "5"
    ),
    "gas_shortfall_reimbursement_due": Truth(
        "gas_reimbursement_due", "10", "days after notice by owner", "10"
    ),
    "annual_report_due": Truth("annual_report_due", "45", "business days after end of calendar year", "45"),
    "site_service_report_due": Truth(
        "service_report_due", "10", "business days after dispatch of technician", "10"
    ),
    # The gold span ends within the words that name the event; a claim has to quote them.
    "repair_determination_deadline": Truth(
        "repair_determination_due",
        "90",
        "days after receipt of notice of claim",
        "90",
        longer_quote="within 90 days of Operator's receipt of notice of the claim",
    ),
    "governing_law": Truth("governing_law", "New York", "jurisdiction", "NEW YORK"),
}


@dataclass(frozen=True)
class Agreement:
    """The document, its gold facts by name, and where each gold quote stands."""

    document: DocumentText
    claims: Mapping[str, Claim]
    spans: Mapping[str, tuple[int, int]]

    def answers(self) -> dict[str, FieldAnswer]:
        """The truthful answer to every field that the gold file knows."""
        return {claim.field: answer(claim) for claim in self.claims.values()}


def answer(*claims: Claim) -> FieldAnswer:
    """The claims about one field as the reader's answer."""
    return FieldAnswer(claims[0].state, tuple(Finding(one.value, one.unit, one.quote) for one in claims))


def load_agreement() -> Agreement:
    """Reads the agreement; skips the test where the folder is not beside the checkout."""
    path = FOLDER / "bloom-moma-2012.txt"
    if not path.is_file():
        pytest.skip("the real agreement (shared/data/contracts/energy) is not beside this checkout")
    text = path.read_bytes().decode("utf-8")
    facts = json.loads((FOLDER / "bloom-moma-2012.gold.json").read_text("utf-8"))["facts"]
    document = DocumentText(text, ((0, len(text)),), "bloom-moma-2012", sha256(text.encode()).hexdigest())
    spans = {fact["field"]: (int(fact["span"][0]), int(fact["span"][1])) for fact in facts}
    claims = {fact["field"]: _claim(TRUTHS[fact["field"]], fact["quote"]) for fact in facts}
    return Agreement(document, claims, spans)


def _claim(truth: Truth, quote: str) -> Claim:
    return Claim(truth.field, AnswerState.FOUND, truth.value, truth.unit, truth.longer_quote or quote)
