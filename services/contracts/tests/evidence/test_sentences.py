"""Sentences of an answer: verified only where their quotes stand and state their figures."""

import pytest

from contracts_service.evidence import locate_sentence_evidence, verify_sentence

from .documents import document

CONTRACT = document(
    "Invoices are payable within thirty (30) days of receipt. Interest accrues at 1.5% per month. "
    "This Agreement is dated April 13, 2012 and is governed by the laws of the State of New York. "
    "The total capacity is 30 MW and the cap is One Million Dollars ($1,000,000).",
    "The energy price is $0.1195 per kWh in the first year.",
)
PAY = "payable within thirty (30) days of receipt"
INTEREST = "Interest accrues at 1.5% per month"
DATED = "dated April 13, 2012 and is governed by the laws of the State of New York"
SIZE = "total capacity is 30 MW and the cap is One Million Dollars ($1,000,000)"
PRICE = "energy price is $0.1195 per kWh in the first year"

BORNE_OUT = [
    ("Invoices must be paid within 30 days.", [PAY]),
    ("You have thirty days, then pay 1.5% a month.", [PAY, INTEREST]),
    ("It was signed on 2012-04-13 under the laws of New York.", [DATED]),
    ("It dates from 2012.", [DATED]),
    ("The capacity is 30,000 kW and the cap $1 million.", [SIZE]),
    ("Energy costs 11.95 cents per kWh, one of the prices.", [PRICE]),
    ("Payment terms are stated.", [PAY]),
]
NOT_BORNE_OUT = [
    ("Invoices must be paid within 31 days.", [PAY]),
    ("Invoices are due in 30 business days.", [PAY]),
    ("Interest is 1.5% per year.", [INTEREST]),
    ("Interest is 15%.", [INTEREST]),
    ("It was signed on April 14, 2012.", [DATED]),
    ("It was signed on 4/5/2012.", [DATED]),
    ("It is governed by the laws of Delaware.", [DATED]),
    ("The capacity is 30 kW.", [SIZE]),
    ("The cap is €1,000,000.", [SIZE]),
    ("The price is $0.1195 per kW-month.", [PRICE]),
    ("Invoices must be paid within ３0 days.", [PAY]),
    ("Invoices are due in 30 days.", []),
    ("Invoices are due in 30 days.", ["payable within (30) days of delivery"]),
    ("Invoices are due in 30 days, with 2 reminders.", [PAY]),
]


@pytest.mark.parametrize(("sentence", "quotes"), BORNE_OUT)
def test_a_sentence_its_quotes_bear_out(sentence: str, quotes: list[str]) -> None:
    verdict = verify_sentence(CONTRACT, sentence, quotes)
    assert verdict.verified, verdict.doubt
    assert all(one.stands_in(CONTRACT) for one in verdict.evidence)


@pytest.mark.parametrize(("sentence", "quotes"), NOT_BORNE_OUT)
def test_a_sentence_its_quotes_do_not_bear_out(sentence: str, quotes: list[str]) -> None:
    assert not verify_sentence(CONTRACT, sentence, quotes).verified


def test_each_quote_is_located_or_refused_with_its_reason() -> None:
    across = "($1,000,000). The energy price is $0.1195"
    found = locate_sentence_evidence(CONTRACT, [PAY, "an invented quote", across])
    assert [one.doubt.code.value if one.doubt else "" for one in found] == [
        "",
        "QUOTE_NOT_FOUND",
        "CROSSES_PAGE",
    ]
    assert [len(one.evidence) for one in found] == [1, 0, 1]
