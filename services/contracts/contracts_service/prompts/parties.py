"""Asks who is party to a contract, in which role."""

from contracts_service.entries.spec import KindSpec, ListSpec, share, text

VERSION = "parties/1"
SPEC = ListSpec(
    name="list_parties",
    lead="An entry is a person or company in one role; one with two roles has two entries. The quote names it and shows its role.",
    kinds=(
        KindSpec("BUYER", "buys energy, systems or services"),
        KindSpec("SELLER", "sells or provides them"),
        KindSpec("OWNER", "owns the systems"),
        KindSpec("FINANCIAL_OWNER", "holds them for their return, such as a tax equity investor"),
        KindSpec("BENEFICIAL_OWNER", "stands behind the owner of record"),
        KindSpec("ULTIMATE_PARENT", "the parent company at the top"),
        KindSpec("OPERATOR", "operates or maintains the systems"),
        KindSpec("GUARANTOR", "guarantees what another owes"),
        KindSpec("LENDER", "lends for them"),
        KindSpec("DEVELOPER", "develops or builds the project"),
        KindSpec("ADVISOR", "advises or inspects, such as an independent engineer"),
        KindSpec("SITE_HOST", "has the site where the systems stand"),
    ),
    attributes=(
        text("legal_name", "The full name."),
        text("entity_type", "What it is, such as a limited liability company."),
        text("jurisdiction", "Where it is organized."),
        text("address", "Its address."),
        text("tax_id", "Its tax number."),
        share("ownership", "Its share."),
        text("credit_rating", "Its rating."),
        text("notice_contact", "Whom notices go to."),
    ),
)
