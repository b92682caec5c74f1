"""Asks what kind of document this is."""

from contracts_service.entries.spec import KindSpec, ListSpec, text

VERSION = "document_type/1"
SPEC = ListSpec(
    name="list_document_type",
    lead="It has exactly one entry: what this document itself is. The quote is its title, or the words that say it.",
    kinds=(
        KindSpec("PPA", "a power purchase agreement: energy is sold by the kilowatt-hour"),
        KindSpec("ESA", "an energy services agreement: a system's service is sold"),
        KindSpec("LEASE_SUPPLEMENT", "a lease, or a supplement to one"),
        KindSpec("SYSTEM_ORDER", "an order of systems under a master agreement"),
        KindSpec("EPC_MASTER", "a master agreement for engineering, procurement and construction"),
        KindSpec("EPC_ADDENDUM", "an addendum to such a master agreement"),
        KindSpec("OM_MASTER", "a master agreement for operation and maintenance"),
        KindSpec("OM_ADDENDUM", "an addendum to such a master agreement"),
        KindSpec("MPA", "a master purchase agreement"),
        KindSpec("FRAMEWORK_PURCHASE", "a framework for purchases"),
        KindSpec("APA", "an asset purchase agreement"),
        KindSpec("ASA", "an administrative services agreement"),
        KindSpec("DEFINITIONS", "an annex of definitions for other documents"),
        KindSpec("AMENDMENT", "an amendment of another document"),
        KindSpec("OTHER", "anything else"),
    ),
    attributes=(
        text("title", "The document's title, as it prints it."),
        text("amends", "The title of the document that it amends or belongs to."),
    ),
)
