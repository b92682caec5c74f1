"""Asks who may end the contract, why, and at what price."""

from contracts_service.entries.spec import KindSpec, ListSpec, due, money, period, share, text

VERSION = "termination/1"
SPEC = ListSpec(
    name="list_termination",
    lead="An entry is one right of a party to end the agreement, or an event that ends it by itself.",
    kinds=(
        KindSpec("BREACH", "for the other's breach or default"),
        KindSpec("NON_PAYMENT", "because it was not paid"),
        KindSpec("PERFORMANCE", "because a guarantee was missed"),
        KindSpec("INSOLVENCY", "for insolvency or bankruptcy"),
        KindSpec("CONVENIENCE", "without a cause"),
        KindSpec("FORCE_MAJEURE", "because force majeure goes on"),
        KindSpec("CHANGE_OF_CONTROL", "because a party changes hands"),
        KindSpec("CHANGE_IN_LAW", "because law, tax or tariff changes"),
        KindSpec("BUYOUT", "by buying the systems"),
        KindSpec("MUTUAL", "by agreement"),
        KindSpec("OTHER", "for any other reason"),
    ),
    text="who may end the agreement, and why",
    attributes=(
        text("who", "Who may end it."),
        period("cure", "How long the other has to cure."),
        period("notice", "How long before, notice is due."),
        due("effect", "When it ends, counted from an event."),
        money("fee", "What is paid for it."),
        share("fee_percentage", "What is paid for it, as a share."),
        text("fee_basis", "By what words or schedule the payment is computed."),
    ),
)
