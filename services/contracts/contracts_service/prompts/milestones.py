"""Asks for the dates and milestones of a contract."""

from contracts_service.entries.spec import KindSpec, ListSpec, day, due, text

VERSION = "milestones/1"
SPEC = ListSpec(
    name="list_milestones",
    lead="An entry is an event with a date, or with a time counted from another event.",
    kinds=(
        KindSpec("SIGNING", "the agreement is dated or signed"),
        KindSpec("EFFECTIVE", "it takes effect"),
        KindSpec("ORDER", "something is ordered"),
        KindSpec("NOTICE_TO_PROCEED", "work may begin"),
        KindSpec("DELIVERY", "systems or goods are delivered"),
        KindSpec("INSTALLATION", "they are installed or mechanically complete"),
        KindSpec("COMMISSIONING", "they are tested or commissioned"),
        KindSpec("COMMERCIAL_OPERATION", "commercial operation: scheduled, guaranteed or reached"),
        KindSpec("WARRANTY", "a warranty begins or ends"),
        KindSpec("EXPIRATION", "the agreement ends or expires"),
        KindSpec("OTHER", "any other dated event"),
    ),
    text="what happens then",
    attributes=(
        day("date", "The calendar date."),
        due("due", "The time counted from another event."),
        text("consequence", "What follows when it is missed."),
    ),
)
