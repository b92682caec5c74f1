"""Asks where the systems stand, and what they are."""

from contracts_service.entries.spec import KindSpec, ListSpec, day, measure, text

VERSION = "sites/1"
SPEC = ListSpec(
    name="list_sites",
    lead="An entry is a place or a system that the document names. The quote names it.",
    kinds=(
        KindSpec("SITE", "a site or premises"),
        KindSpec("SYSTEM", "a system, facility or energy server"),
        KindSpec("DELIVERY_POINT", "where energy passes from one party to the other"),
        KindSpec("INTERCONNECTION", "where a system is connected to the grid"),
    ),
    attributes=(
        text("name", "What it is called."),
        text("address", "Its address."),
        text("state", "The state it is in."),
        text("utility", "The utility that serves it."),
        text("iso", "The grid operator (ISO, RTO) or balancing authority."),
        text("serial", "A serial number."),
        text("model", "A model."),
        measure("nameplate", "The nameplate capacity.", "kW", "MW"),
        day("cod", "The date of commercial operation."),
    ),
)
