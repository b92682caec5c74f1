"""The real Bloom agreement: every gold fact is proven, and no lie about it is."""

import time
from dataclasses import replace

import pytest

from contracts_service.evidence import DocumentText, Status, verify, verify_claim
from contracts_service.fields import AnswerState

from .agreement import TRUTHS, Agreement, answer, load_agreement
from .lies import Lie, TrueClaim, by_kind, lies


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return load_agreement()


@pytest.fixture(scope="module")
def all_lies(agreement: Agreement) -> list[Lie]:
    truths = [
        TrueClaim(claim, agreement.spans[name][0], TRUTHS[name].figure)
        for name, claim in agreement.claims.items()
    ]
    return list(lies(agreement.document.text, truths))


@pytest.mark.parametrize("name", TRUTHS)
def test_gold_fact_is_verified_at_its_span(agreement: Agreement, name: str) -> None:
    claim = agreement.claims[name]
    (entry,) = verify(agreement.document, {claim.field: answer(claim)})
    assert entry.status is Status.VERIFIED, entry.reason_sentence
    start, end = agreement.spans[name]
    assert any(one.char_start <= start and end <= one.char_end for one in entry.evidence)
    assert all(one.stands_in(agreement.document) for one in entry.evidence)


def test_all_sixteen_gold_facts_are_mapped(agreement: Agreement) -> None:
    assert len(agreement.claims) == 16
    statuses = {entry.field: entry.status for entry in verify(agreement.document, agreement.answers())}
    assert set(statuses.values()) == {Status.VERIFIED}


def test_no_lie_is_verified(agreement: Agreement, all_lies: list[Lie]) -> None:
    kinds = by_kind(all_lies)
    assert len(all_lies) >= 200
    assert len(kinds) >= 8
    believed = [
        (lie.kind, lie.claim)
        for lie in all_lies
        if verify_claim(agreement.document, lie.claim).status is not Status.UNVERIFIED
    ]
    assert believed == []


def test_lies_are_made_of_passages_that_mostly_exist(agreement: Agreement, all_lies: list[Lie]) -> None:
    """Lies that fail only because their quote is nowhere would prove little."""
    located = [lie for lie in all_lies if verify_claim(agreement.document, lie.claim).evidence]
    assert len(located) > len(all_lies) / 2


def test_true_facts_across_a_page_break_are_not_verified(agreement: Agreement) -> None:
    for name, claim in agreement.claims.items():
        start, end = agreement.spans[name]
        for cut in (start + 1, (start + end) // 2, end - 1):
            paged = _with_page_break(agreement.document, cut)
            entry = verify_claim(paged, claim)
            places = [one.char_start for one in entry.evidence] if entry.status is Status.VERIFIED else []
            assert start not in places, name


def test_a_redacted_price_table_is_an_answer(agreement: Agreement) -> None:
    table = agreement.document.text.index("Rate Per kWh Year 1 [***]")
    claim = replace(
        agreement.claims["late_interest"],
        field="energy_price",
        state=AnswerState.REDACTED,
        value="",
        unit="",
        quote=agreement.document.text[table : table + 25],
    )
    assert verify_claim(agreement.document, claim).status is Status.REDACTED


# True quotes about other matters, each in the kind and unit of the field it is offered for.
TRAPS = [
    ("agreement_date", "2012-03-16", "date", "dated as of March 16, 2012"),
    ("agreement_date", "2018-03-21", "date", "Source: BLOOM ENERGY CORP, DRS/A (on S-1), 3/21/2018"),
    ("capacity", "200", "kW", "Nameplate capacity 200kW"),
    ("system_nameplate", "25500", "kW", "Minimum Power Product 25,500kW"),
    ("efficiency", "56", "%", "Actual system efficiency 56%"),
    ("output_month", "80", "%", "Actual system output 80%"),
    ("output_month", "100", "%", "deemed to be 100%"),
    ("output_month", "95", "%", "or (2) ninety-five percent (95%)"),
    ("liability_cap", "5000000", "USD", "Five Million Dollars ($5,000,000)"),
    (
        "invoice_due",
        "30",
        "days before end of calendar month",
        "(30) days prior to the end of the calendar month",
    ),
    (
        "termination_notice",
        "30",
        "days after receipt of notice",
        "thirty (30) days after receipt of written notice",
    ),
    ("invoice_due", "10", "days after notice", "ten (10) days after Owner receives written notice"),
    ("owner", "BLOOM ENERGY CORPORATION", "text", "BLOOM ENERGY CORPORATION"),
    ("operator", "DIAMOND STATE GENERATION PARTNERS, LLC", "text", "DIAMOND STATE GENERATION PARTNERS, LLC"),
    ("governing_law", "Delaware", "jurisdiction", "a Delaware limited liability company"),
    ("effective_date", "2011-12-30", "date", "Bill of Sale and Agreement, effective as of December 30, 2011"),
    (
        "invoice_due",
        "5",
        "years after commencement of operations",
        "fifth anniversary of Commencement of Operations",
    ),
    (
        "warranty_determination_due",
        "30",
        "days before end of month",
        "(30) days prior to the end of the calendar month",
    ),
    (
        "warranty_end",
        "5",
        "business days after end of month",
        "five (5) Business Days after the end of such month",
    ),
    (
        "termination_notice",
        "30",
        "days before cancellation",
        "thirty (30) days in advance of the effective date",
    ),
    ("term_years", "1", "years", "when this term is used for the One-Year Power Performance Warranty"),
    ("capacity", "0.2", "MW", "IOM-5700-00077 0.2MW"),
    ("agreement_type", "MPA", "enum", "MASTER OPERATION AND MAINTENANCE AGREEMENT"),
]


@pytest.mark.parametrize(("field", "value", "unit", "quote"), TRAPS)
def test_true_words_about_something_else(
    agreement: Agreement, field: str, value: str, unit: str, quote: str
) -> None:
    claim = replace(agreement.claims["invoice_due"], field=field, value=value, unit=unit, quote=quote)
    entry = verify_claim(agreement.document, claim)
    assert entry.status is Status.UNVERIFIED
    assert entry.evidence or entry.reason == "QUOTE_CUT", "the trap's quote must stand in the document"


# Beyond the gold file: what else the agreement says.
OTHERS = [
    ("owner", "DIAMOND STATE GENERATION PARTNERS, LLC", "text", "DIAMOND STATE GENERATION PARTNERS, LLC"),
    ("operator", "BLOOM ENERGY CORPORATION", "text", "BLOOM ENERGY CORPORATION, a Delaware corporation"),
    ("agreement_type", "OM_MASTER", "enum", "MASTER OPERATION AND MAINTENANCE AGREEMENT"),
    (
        "title",
        "Master Operation and Maintenance Agreement",
        "text",
        "MASTER OPERATION AND MAINTENANCE AGREEMENT",
    ),
    ("system_nameplate", "0.2", "MW", "Nameplate capacity 200kW"),
    ("system_count", "150", "count", "Number of active Systems 150"),
    ("insurance_minimum", "5000000", "USD", "Five Million Dollars ($5,000,000)"),
]


@pytest.mark.parametrize(("field", "value", "unit", "quote"), OTHERS)
def test_other_facts_are_verified(
    agreement: Agreement, field: str, value: str, unit: str, quote: str
) -> None:
    claim = replace(agreement.claims["invoice_due"], field=field, value=value, unit=unit, quote=quote)
    entry = verify_claim(agreement.document, claim)
    assert entry.status is Status.VERIFIED, entry.reason_sentence


def test_sixty_claims_take_less_than_a_moment(agreement: Agreement) -> None:
    """The goal is 150 ms on an idle core; the bound leaves room for a busy one."""
    document = replace(agreement.document)
    claims = (list(agreement.claims.values()) * 4)[:60]
    start = time.process_time()
    for claim in claims:
        verify_claim(document, claim)
    assert time.process_time() - start < 0.6


def _with_page_break(document: DocumentText, cut: int) -> DocumentText:
    return replace(document, pages=((0, cut), (cut, len(document.text))))
