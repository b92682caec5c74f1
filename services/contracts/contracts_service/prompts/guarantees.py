"""Asks what performance is guaranteed, how it is measured, and what follows when it is missed."""

from contracts_service.entries.spec import KindSpec, ListSpec, choice, measure, money, text

VERSION = "guarantees/1"
SPEC = ListSpec(
    name="list_guarantees",
    lead="An entry is one guaranteed figure with its period; a monthly and a yearly guarantee are two entries.",
    kinds=(
        KindSpec("OUTPUT", "energy or power put out"),
        KindSpec("EFFICIENCY", "electrical or total efficiency"),
        KindSpec("AVAILABILITY", "availability or uptime"),
        KindSpec("CRITICAL_OUTPUT", "power for critical load when the grid fails"),
        KindSpec("HEAT_RATE", "fuel for a unit of energy"),
        KindSpec("RTE", "round-trip efficiency of storage"),
        KindSpec("COD", "commercial operation by a date"),
        KindSpec("CAPACITY", "capacity, and how it may degrade"),
        KindSpec("RESPONSE_TIME", "how soon faults are attended to"),
        KindSpec("OTHER", "any other guarantee of performance"),
    ),
    text="what is guaranteed",
    attributes=(
        measure(
            "threshold", "The guaranteed figure.",
            "%", "% NAMEPLATE", "% LHV", "% HHV", "kW", "MW", "kWh", "MWh", "BTU/kWh", "hours", "days",
        ),
        choice(
            "basis", "What it is a share of.",
            NAMEPLATE=r"\bnameplate\b", LHV=r"\blhv\b|\blower\s+heating\s+value\b",
            HHV=r"\bhhv\b|\bhigher\s+heating\s+value\b", AC=r"\bac\b|\balternating\s+current\b",
        ),
        choice(
            "period", "Over which it is measured.",
            MONTH=r"\bmonth(?:ly)?\b", QUARTER=r"\bquarter(?:ly)?\b", YEAR=r"\b(?:year(?:ly)?|annual(?:ly)?|annum)\b",
            TERM=r"\bterm\b",
        ),
        choice("scope", "Of what.", PORTFOLIO=r"\b(?:portfolio|all\s+systems|aggregate)\b", SITE=r"\bsites?\b", SYSTEM=r"\b(?:system|server|unit)s?\b"),
        text("formula", "The formula or words by which it is computed."),
        text("exclusions", "What is left out when it is measured."),
        choice(
            "remedy", "What follows when it is missed.",
            LD=r"\bliquidated\s+damages\b", REFUND=r"\b(?:refund|repurchase|purchase\s+price)\b",
            REPAIR=r"\b(?:repair|replace)\w*\b", CREDIT=r"\bcredits?\b", PAYMENT=r"\bpay(?:s|ment)?\b",
        ),
        money("cap", "The most that is paid."),
    ),
)  # fmt: skip
