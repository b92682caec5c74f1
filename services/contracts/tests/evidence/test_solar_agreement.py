"""The real solar O&M agreement: what its clauses state is proven, and what is said of other things is not."""

from pathlib import Path

import pytest

from contracts_service.evidence import Claim, DocumentText, Status, verify_claim
from contracts_service.fields import AnswerState

PATH = Path(__file__).resolve().parents[5] / "shared/data/contracts/energy/spi-solar-om-2011.txt"


@pytest.fixture(scope="module")
def agreement() -> DocumentText:
    if not PATH.is_file():
        pytest.skip("the real agreement (shared/data/contracts/energy) is not beside this checkout")
    text = PATH.read_bytes().decode("utf-8")
    return DocumentText(text, ((0, len(text)),), "spi-solar-om-2011", "0" * 64)


STATED = [
    ("operator", "Solar Power, Inc.", "text", 'Solar  Power, Inc. ("Service Provider")'),
    (
        "owner",
        "Solar Tax Partners 1, LLC",
        "text",
        'Solar Tax Partners 1, LLC, a California limited liability company ("Owner")',
    ),
    (
        "invoice_due",
        "30",
        "days after the invoice date",
        "Owner shall pay Service Provider within thirty (30) days after the invoice date",
    ),
    (
        "late_interest",
        "1.5",
        "%/month",
        "any past due balance will accrue interest at the monthly rate of one and one half percent (1.5%)",
    ),
    ("term_years", "10", "years", 'remain effective for ten (10) years (the "Initial Term")'),
    ("renewal_term_years", "1", "years", "automatic extension for consecutive one (1) year periods"),
    ("governing_law", "California", "jurisdiction", "governed by the laws of the State of California"),
    ("escalator", "3", "%/year", "The Services Fee will escalate at a rate of three percent (3%) per year"),
    (
        "insurance_minimum",
        "2000000",
        "USD",
        "limits not less than Two Million Dollars ($2,000,000) for bodily injury",
    ),
    (
        "confidentiality_years",
        "2",
        "years",
        "The obligations of the Parties under this Section will survive for a period of two (2) years",
    ),
    (
        "service_report_due",
        "10",
        "business days after performance of Services",
        "within ten (10) business days following performance of any Services",
    ),
    (
        "termination_notice",
        "30",
        "days before termination",
        (
            "unless terminated (i) in accordance with its terms or (ii)  upon thirty (30) days'"
            " written notice by either Party"
        ),
    ),
    (
        "title",
        "OPERATIONS AND MAINTENANCE AGREEMENT",
        "text",
        'THIS OPERATIONS AND MAINTENANCE AGREEMENT (this "Agreement")',
    ),
    ("agreement_type", "OM_MASTER", "enum", 'THIS OPERATIONS AND MAINTENANCE AGREEMENT (this "Agreement")'),
    ("site_address", "Rancho Cordova, CA", "text", "SEF Site Location: Rancho Cordova, CA"),
]

OF_SOMETHING_ELSE = [
    (
        "owner",
        "California",
        "text",
        'Solar Tax Partners 1, LLC, a California limited liability company ("Owner")',
    ),
    (
        "invoice_due",
        "30",
        "days after completion of services",
        "invoice Owner within thirty (30) days of completion of any Non-Covered Services",
    ),
    (
        "term_years",
        "2",
        "years",
        "The obligations of the Parties under this Section will survive for a period of two (2) years",
    ),
    (
        "termination_notice",
        "30",
        "days after notice of breach",
        "remained uncured for more than thirty (30) days after initial notice of such breach",
    ),
    (
        "termination_notice",
        "5",
        "days after termination",
        "Within five (5) days after the termination or expiration of this Agreement",
    ),
    (
        "liability_cap",
        "1000000",
        "USD",
        "a limit of liability of One Million Dollars ($1,000,000) for each accident",
    ),
    (
        "liability_cap",
        "2000000",
        "USD",
        "limits not less than Two Million Dollars ($2,000,000) for bodily injury",
    ),
    (
        "dispute_notice",
        "10",
        "days after notice of the dispute",
        "within ten (10) calendar days after notice of the dispute",
    ),
    ("agreement_date", "2009-05-08", "date", 'POWER PURCHASE AGREEMENT  DATED MAY 8, 2009 ("PPA")'),
    ("agreement_type", "PPA", "enum", 'POWER PURCHASE AGREEMENT  DATED MAY 8, 2009 ("PPA")'),
    (
        "invoice_due",
        "10",
        "business days after receipt of notice",
        "within ten (10) business days after receipt of Service Provider's written  notice",
    ),
    ("confidentiality_years", "10", "years", 'remain effective for ten (10) years (the "Initial Term")'),
]


@pytest.mark.parametrize(("field", "value", "unit", "quote"), STATED)
def test_what_a_clause_states_is_verified(
    agreement: DocumentText, field: str, value: str, unit: str, quote: str
) -> None:
    entry = verify_claim(agreement, Claim(field, AnswerState.FOUND, value, unit, quote))
    assert entry.status is Status.VERIFIED, entry.reason_sentence


@pytest.mark.parametrize(("field", "value", "unit", "quote"), OF_SOMETHING_ELSE)
def test_what_it_states_of_something_else_is_not(
    agreement: DocumentText, field: str, value: str, unit: str, quote: str
) -> None:
    entry = verify_claim(agreement, Claim(field, AnswerState.FOUND, value, unit, quote))
    assert entry.status is Status.UNVERIFIED
    assert entry.evidence, "the trap's quote must stand in the document"
