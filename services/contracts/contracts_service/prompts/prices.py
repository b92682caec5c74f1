"""Asks for the components of the price."""

from contracts_service.entries.spec import KindSpec, ListSpec, measure, money, share, text

VERSION = "prices/1"
_RATES = ("USD/kWh", "USD/MWh", "USD/kW-month", "USD/kW-year", "USD/cycle")
SPEC = ListSpec(
    name="list_prices",
    lead="An entry is one price, charge, credit or allowance; another season, time of use, tier or year is another entry.",
    kinds=(
        KindSpec("ENERGY", "for energy delivered"),
        KindSpec("CAPACITY", "for capacity kept ready"),
        KindSpec("SERVICE_FEE", "for operation, maintenance or administration"),
        KindSpec("ADDER_MICROGRID", "an adder for a microgrid"),
        KindSpec("THERMAL_CYCLE", "for starts or thermal cycles"),
        KindSpec("DEMAND", "for demand or minimum offtake"),
        KindSpec("FUEL_PASS_THROUGH", "fuel that is passed on"),
        KindSpec("ONE_TIME", "paid once: a purchase price, a deposit, a fee at signing"),
        KindSpec("TAX", "taxes and credits that are passed on"),
        KindSpec("LATE_CHARGE", "interest or a charge for late payment"),
        KindSpec("SECURITY", "a letter of credit, deposit or guarantee of payment"),
        KindSpec("OTHER", "any other price"),
    ),
    attributes=(
        measure("rate", "The price for a unit.", *_RATES),
        money("amount", "The price where it is one amount."),
        share("percentage", "The price where it is a share."),
        text("season", "The season it is for."),
        text("time_of_use", "The hours it is for."),
        text("tier", "The tier or quantity it is for."),
        share("escalator", "By how much it rises each year."),
        text("index", "The index that it follows."),
        measure("floor", "The least that it may become.", *_RATES, "USD", "%"),
        measure("cap", "The most that it may become.", *_RATES, "USD", "%"),
    ),
)
