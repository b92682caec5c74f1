"""Asks who must do what, when, and what follows when it is not done."""

from contracts_service.entries.spec import KindSpec, ListSpec, choice, day, due, money, period, text

VERSION = "obligations/1"
SPEC = ListSpec(
    name="list_obligations",
    lead="An entry is one duty of one party that somebody must act on: not a definition, a right or a condition.",
    kinds=(
        KindSpec("PAYMENT", "to pay or invoice"),
        KindSpec("DELIVERY", "to deliver, install or hand over"),
        KindSpec("PERFORMANCE", "to perform services or keep a standard"),
        KindSpec("MAINTENANCE", "to maintain, inspect or repair"),
        KindSpec("REPORTING", "to report, account or keep records"),
        KindSpec("NOTICE", "to give notice"),
        KindSpec("ACCESS", "to give access, land, fuel or utilities"),
        KindSpec("INSURANCE", "to insure"),
        KindSpec("SECURITY", "to provide credit support or a guarantee"),
        KindSpec("COMPLIANCE", "to keep laws and permits"),
        KindSpec("CONFIDENTIALITY", "to keep secret"),
        KindSpec("INDEMNITY", "to indemnify"),
        KindSpec("AFTER_END", "to do when the agreement has ended"),
        KindSpec("OTHER", "any other duty"),
    ),
    text="who must do what",
    attributes=(
        text("who", "Who owes it, as the passage names him."),
        text("to_whom", "Whom it is owed to."),
        text("trigger", "The event that it arises from."),
        due("due", "When it is due, counted from an event."),
        day("due_date", "When it is due, by the calendar."),
        choice(
            "recurrence", "How it recurs, as an RRULE.",
            **{
                "FREQ=DAILY": r"\b(?:daily|each\s+day|every\s+day)\b",
                "FREQ=WEEKLY": r"\b(?:weekly|(?:each|every|per)\s+week)\b",
                "FREQ=MONTHLY": r"\b(?:monthly|(?:each|every|per|any|a)\s+(?:calendar\s+)?month)\b",
                "FREQ=MONTHLY;INTERVAL=3": r"\b(?:quarterly|(?:each|every|per)\s+(?:calendar\s+)?quarter)\b",
                "FREQ=MONTHLY;INTERVAL=6": r"\b(?:semi-?annual(?:ly)?|(?:each|every)\s+six\s+(?:\(6\)\s+)?months)\b",
                "FREQ=YEARLY": r"\b(?:annual(?:ly)?|yearly|(?:each|every|per|any)\s+(?:calendar\s+|contract\s+)?year)\b",
            },
        ),
        period("notice", "How long before, a notice is due."),
        money("amount", "The amount that is owed."),
        text("consequence", "What follows when it is not done."),
    ),
)  # fmt: skip
