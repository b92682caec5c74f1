"""The rules of verification, each with the claim it lets pass and the one it stops."""

from decimal import Decimal

import pytest

from contracts_service.evidence import Status, verify
from contracts_service.fields import FIELDS, AnswerState, FieldAnswer, Finding

from .documents import check, document

INVOICE = "The Buyer shall pay within thirty (30) days after receipt of the invoice."
AVAILABLE = "The guaranteed availability shall be not less than 98% in each month."

TRUE = [
    (INVOICE, "invoice_due", "30", "days after receipt of invoice"),
    (AVAILABLE, "availability", "98", "%"),
    ("The Contract Price shall be 11.95 cents per kilowatt-hour.", "energy_price", "119.5", "USD/MWh"),
    ("Capacity Charge: $15.00 per kW-month.", "capacity_price", "15", "USD/kW-month"),
    ("The price shall not exceed $0.15 per kWh.", "price_cap", "0.15", "USD/kWh"),
    ("The Service Fee escalates at three percent (3%) per year.", "escalator", "3", "%/year"),
    ("The Initial Term shall be twenty (20) years from the COD.", "term_years", "20", "years"),
    (
        "Either Party may terminate upon ninety (90) days' prior written notice.",
        "termination_notice",
        "90",
        "days before termination",
    ),
    (
        "The guaranteed electrical efficiency is a minimum efficiency of 52% (LHV).",
        "efficiency",
        "52",
        "% LHV",
    ),
    ("The interconnection voltage is 480 V.", "voltage", "0.48", "kV"),
    ("a Guaranteed Commercial Operation Date of June 30, 2025", "guaranteed_cod", "2025-06-30", "date"),
    (
        "Neither party may assign this Agreement without the consent of the other.",
        "assignment_consent",
        "true",
        "bool",
    ),
    (
        "Seller may assign this Agreement to its lender without the consent of Buyer.",
        "assignment_consent",
        "false",
        "bool",
    ),
    ("All RECs produced by the systems belong to Seller.", "rec_owner", "Seller", "text"),
    ("Buyer: Acme Foods LLC", "buyer", "Acme Foods LLC", "text"),
    ('Acme Foods, Inc., a Delaware corporation ("Buyer")', "buyer", "Acme Foods, Inc.", "text"),
    ("POWER PURCHASE AGREEMENT", "agreement_type", "PPA", "enum"),
    ("FIRST AMENDMENT TO POWER PURCHASE AGREEMENT", "agreement_type", "AMENDMENT", "enum"),
    ("There are eight (8) Energy Servers at the site.", "system_count", "8", "count"),
]


@pytest.mark.parametrize(("text", "field", "value", "unit"), TRUE)
def test_what_the_text_says_is_verified(text: str, field: str, value: str, unit: str) -> None:
    entry = check(text, field, value, unit)
    assert entry.status is Status.VERIFIED, entry.reason_sentence
    assert entry.confidence > Decimal("0.9")
    assert entry.raw_text in text


FALSE = [
    (INVOICE, "invoice_due", "31", "days after receipt of invoice", "VALUE_DIFFERS"),
    (INVOICE, "invoice_due", "30", "business days after receipt of invoice", "VALUE_DIFFERS"),
    (INVOICE, "invoice_due", "30", "days before receipt of invoice", "ANCHOR_DIFFERS"),
    (INVOICE, "invoice_due", "30", "days after termination", "ANCHOR_DIFFERS"),
    (INVOICE, "invoice_due", "30", "days", "UNIT_NOT_ALLOWED"),
    (INVOICE, "invoice_due", "3e1", "days after invoice", "CLAIM_UNREADABLE"),
    (INVOICE, "termination_notice", "30", "days after receipt of invoice", "NO_CUE"),
    (
        "Pay each invoice thirty (45) days after receipt.",
        "invoice_due",
        "45",
        "days after receipt",
        "WORDS_AND_FIGURES_DISAGREE",
    ),
    (
        "Pay each invoice 5 to 10 days after receipt.",
        "invoice_due",
        "10",
        "days after receipt",
        "NOT_A_SINGLE_VALUE",
    ),
    ("The availability shall not be 98% in any month.", "availability", "98", "%", "NEGATED"),
    ("The availability is 97% rather than the usual figure.", "availability", "97", "%", "NEGATED"),
    ("The availability of 98% is hereby deleted.", "availability", "98", "%", "NEGATED"),
    ("The availability was previously 98% in a month.", "availability", "98", "%", "NEGATED"),
    ("The availability is 98% or, in summer, 95%.", "availability", "98", "%", "SEVERAL_VALUES"),
    ("The availability shall be ９8% in a month.", "availability", "98", "%", "LOOKALIKE_CHARACTERS"),
    ("The availability shall be З8% in a month.", "availability", "8", "%", "LOOKALIKE_CHARACTERS"),
    ("The availability shall be [***], or 98%.", "availability", "98", "%", "REDACTED_PASSAGE"),
    ("The availability shall be ███, or 98%.", "availability", "98", "%", "REDACTED_PASSAGE"),
    ("The Effective Date is 4/5/2012.", "effective_date", "2012-04-05", "date", "DATE_AMBIGUOUS"),
    ("The minimum efficiency level is 52% (HHV).", "efficiency", "52", "% LHV", "BASIS_UNPROVEN"),
    ("The minimum efficiency level is 52%.", "efficiency", "52", "% LHV", "BASIS_UNPROVEN"),
    ("Overdue amounts bear interest at 1.5%.", "late_interest", "1.5", "%/month", "PERIOD_UNPROVEN"),
    ("Overdue amounts bear interest at 1.5% per year.", "late_interest", "1.5", "%/month", "PERIOD_UNPROVEN"),
    ("Capacity Charge: $15.00 per kW-month.", "capacity_price", "180", "USD/kW-year", "VALUE_DIFFERS"),
    ("The Contract Price is $0.12 per kW-month.", "energy_price", "0.12", "USD/kWh", "VALUE_DIFFERS"),
    (
        "The liability of each party is limited to $5 per kWh.",
        "liability_cap",
        "5",
        "USD",
        "NO_VALUE_IN_QUOTE",
    ),
    ('Acme Foods Holdings LLC ("Buyer")', "buyer", "Acme Foods", "text", "VALUE_CUT"),
    ('Acme Foods LLC ("Seller") sells.', "buyer", "Acme Foods LLC", "text", "RIVAL_CUE"),
    ("The systems belong to Seller.", "rec_owner", "Seller", "text", "NO_CUE"),
]


@pytest.mark.parametrize(("text", "field", "value", "unit", "reason"), FALSE)
def test_doubt_has_its_reason(text: str, field: str, value: str, unit: str, reason: str) -> None:
    entry = check(text, field, value, unit)
    assert (entry.status, entry.reason) == (Status.UNVERIFIED, reason)
    assert entry.reason_sentence.endswith(".")
    assert entry.value is None


CUT = [
    (
        "invoice: pay within twenty-five (25) days after receipt.", "five (25) days after receipt",
        "invoice_due", "25", "days after receipt", "VALUE_CUT",
    ),
    (
        "Pay the invoice thirty (45) days after receipt.", "(45) days after receipt",
        "invoice_due", "45", "days after receipt", "VALUE_CUT",
    ),
    (
        "liability shall not exceed $1 million in total", "liability shall not exceed $1",
        "liability_cap", "1", "USD", "VALUE_CUT",
    ),
    (
        "availability of 98%, in summer ninety-five percent (95%)", "availability of 98%, in summer ninety",
        "availability", "98", "%", "VALUE_CUT",
    ),
    (
        "the total capacity of 30 kW-month blocks", "the total capacity of 30 kW",
        "capacity", "30", "kW", "NO_VALUE_IN_QUOTE",
    ),
    (
        "interest of 1.5% per month on overdue sums", "interest of 1.5%",
        "late_interest", "1.5", "%/month", "PERIOD_UNPROVEN",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "quote", "field", "value", "unit", "reason"), CUT)
def test_a_quote_cannot_cut_a_value_to_size(
    text: str, quote: str, field: str, value: str, unit: str, reason: str
) -> None:
    entry = check(text, field, value, unit, quote)
    assert (entry.status, entry.reason) == (Status.UNVERIFIED, reason)


def test_a_quote_across_a_page_break_is_located_but_never_verified() -> None:
    where = document("The Buyer shall pay within thirty (30)\n- 1 -", "days after receipt of the invoice.")
    entry = check(where, "invoice_due", "30", "days after receipt of invoice", INVOICE)
    assert (entry.status, entry.reason) == (Status.UNVERIFIED, "CROSSES_PAGE")
    assert [one.page for one in entry.evidence] == [1, 2]
    assert [one.quote for one in entry.evidence][1] == "days after receipt of the invoice."


def test_evidence_names_its_page_and_its_stored_characters() -> None:
    where = document(
        "Nothing here.", "The Buyer shall pay within forty-\nfive (45) days after in\u00advoice."
    )
    entry = check(
        where, "invoice_due", "45", "days after invoice", "pay within forty-five (45) days after invoice"
    )
    (evidence,) = entry.evidence
    assert (entry.status, evidence.page) == (Status.VERIFIED, 2)
    assert evidence.quote == "pay within forty-\nfive (45) days after in\u00advoice"
    assert evidence.stands_in(where)


def test_the_basis_may_stand_in_the_definition_of_the_term() -> None:
    text = '"Efficiency" means output over fuel on a Lower Heating Value basis.\n\n' + "Filler text. " * 60
    entry = check(
        document(text + "The Minimum Efficiency Level is 50%."),
        "efficiency",
        "50",
        "% LHV",
        "Minimum Efficiency Level is 50%",
    )
    assert [one.quote for one in entry.evidence] == ["Minimum Efficiency Level is 50%", "Lower Heating Value"]
    assert entry.status is Status.VERIFIED


class TestRedaction:
    TEXT = "The Contract Price shall be [***] per kWh in Year 1. " + INVOICE

    def test_a_mark_near_a_cue_is_an_answer(self) -> None:
        entry = check(self.TEXT, "energy_price", "", "", "Price shall be [***] per kWh", AnswerState.REDACTED)
        assert entry.status is Status.REDACTED

    @pytest.mark.parametrize("quote", ["pay within thirty (30) days", "Price shall be [***] per MWh"])
    def test_without_a_located_mark_it_is_not(self, quote: str) -> None:
        assert (
            check(self.TEXT, "energy_price", "", "", quote, AnswerState.REDACTED).status is Status.UNVERIFIED
        )

    @pytest.mark.parametrize(
        ("field", "reason"), [("governing_law", "NO_VALUE_IN_QUOTE"), ("service_fee", "NO_CUE")]
    )
    def test_a_mark_about_something_else_is_not(self, field: str, reason: str) -> None:
        entry = check(self.TEXT, field, "", "", "Price shall be [***] per kWh", AnswerState.REDACTED)
        assert (entry.status, entry.reason) == (Status.UNVERIFIED, reason)

    def test_a_standing_notice_hides_nothing(self) -> None:
        text = "The Contract Price is below.\n[***] Confidential Treatment Requested"
        quote = "[***] Confidential Treatment Requested"
        assert check(text, "energy_price", "", "", quote, AnswerState.REDACTED).status is Status.UNVERIFIED


class TestReconcile:
    TWICE = (
        "Buyer shall pay each invoice within 30 days after receipt. \n\n"
        "Invoices are paid within 45 days after receipt."
    )
    FIRST = Finding("30", "days after receipt", "pay each invoice within 30 days after receipt")
    SECOND = Finding("45", "days after receipt", "Invoices are paid within 45 days after receipt")

    def statuses(self, *findings: Finding) -> list[Status]:
        answer = FieldAnswer(AnswerState.FOUND, findings)
        return [one.status for one in verify(document(self.TWICE), {"invoice_due": answer})]

    def test_verified_values_that_differ_conflict_and_both_are_kept(self) -> None:
        assert self.statuses(self.FIRST, self.SECOND) == [Status.CONFLICT, Status.CONFLICT]

    def test_equal_values_become_one_with_all_their_evidence(self) -> None:
        again = Finding("30", "days after receipt", "within 30 days after receipt")
        answer = FieldAnswer(AnswerState.FOUND, (self.FIRST, again))
        (entry,) = verify(document(self.TWICE), {"invoice_due": answer})
        assert (entry.status, len(entry.evidence)) == (Status.VERIFIED, 2)

    def test_an_unverified_finding_stays_beside_a_verified_one(self) -> None:
        wrong = Finding("46", "days after receipt", self.SECOND.quote)
        assert self.statuses(self.FIRST, wrong) == [Status.VERIFIED, Status.UNVERIFIED]

    def test_state_and_findings_must_agree(self) -> None:
        for answer in (FieldAnswer(AnswerState.FOUND), FieldAnswer(AnswerState.ABSENT, (self.FIRST,))):
            (entry,) = verify(document(self.TWICE), {"invoice_due": answer})
            assert (entry.status, entry.reason) == (Status.UNVERIFIED, "STATE_CONTRADICTS_FINDINGS")

    def test_absent_is_an_answer(self) -> None:
        (entry,) = verify(document(self.TWICE), {"invoice_due": FieldAnswer(AnswerState.ABSENT)})
        assert (entry.status, entry.reason) == (Status.ABSENT, "")


def test_every_field_survives_any_claim() -> None:
    for name, spec in FIELDS.items():
        for value in ("", "x", "NaN", "-", "1e9", "99999999999999999999", "2012-13-45"):
            unit = f"{spec.units[0]} after invoice" if spec.kind == "RELATIVE_DATE" else spec.units[0]
            assert check(INVOICE, name, value, unit).status is Status.UNVERIFIED
