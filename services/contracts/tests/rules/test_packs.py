"""The rules of the record: each holds at its bounds, and breaks beyond them."""

from __future__ import annotations

from typing import Any

import pytest

from contracts_service.record import units
from contracts_service.rules import Severity, check, load
from contracts_service.rules.pack import parse


def energy(amount: str, per: str = "KWH", kind: str = "ENERGY") -> dict[str, Any]:
    rate = {"amount": {"amount": amount, "currency": "USD"}, "per": f"RATE_PER_{per}"}
    return {"price": {"components": [{"kind": f"PRICE_KIND_{kind}", "rate": rate}]}}


def capacity(kw: str, line: str) -> dict[str, Any]:
    return {"system": {"capacity_kw": kw, "product_line": f"PRODUCT_LINE_{line}"}}


def dates(**days: str) -> dict[str, Any]:
    return {"dates": {name: {"date": day} for name, day in days.items()}}


def owned(*shares: str) -> dict[str, Any]:
    owner = {"legal_name": "A", "role": "PARTY_ROLE_OWNER"}
    return {"parties": [owner | {"ownership": {"value": share}} for share in shares]}


def guarantee(percent: str, metric: str = "OUTPUT", **more: Any) -> dict[str, Any]:
    item = {
        "metric": f"GUARANTEE_METRIC_{metric}",
        "percent": {"value": percent},
        "period": "PERIOD_YEAR",
    } | more
    return {"guarantees": [{name: value for name, value in item.items() if value}]}


def loads(base: str, average: str, peak: str) -> dict[str, Any]:
    return {"system": {"base_load_kw": base, "average_load_kw": average, "peak_load_kw": peak}}


def collar(floor: str, cap: str, per: str = "KWH") -> dict[str, Any]:
    return {
        "price": {
            "floor": {"amount": {"amount": floor, "currency": "USD"}, "per": "RATE_PER_KWH"},
            "cap": {"amount": {"amount": cap, "currency": "USD"}, "per": f"RATE_PER_{per}"},
        }
    }


def escalator(rate: str, years: str) -> dict[str, Any]:
    return {
        "price": {"escalator": {"kind": "ESCALATOR_KIND_FIXED_PCT", "rate": {"value": rate}}},
        "term": {"term_years": years},
    }


def cpi(**more: str) -> dict[str, Any]:
    return {"price": {"escalator": {"kind": "ESCALATOR_KIND_CPI", **more}}}


def demand(low: str, high: str, critical: str = "", capacity_kw: str = "1300") -> dict[str, Any]:
    told = {"min_kw": low, "max_kw": high, "critical_output_kw": critical}
    return {
        "demand": {name: value for name, value in told.items() if value},
        "system": {"capacity_kw": capacity_kw},
    }


def bess(volts: str) -> dict[str, Any]:
    return {"system": {"voltage_v": volts, "components": ["COMPONENT_AC", "COMPONENT_BESS"]}}


def sites(*kw: str, total: str) -> dict[str, Any]:
    return {"sites": [{"systems": [{"nameplate_kw": each} for each in kw]}], "system": {"capacity_kw": total}}


LATE = {"rate": {"value": "1.5"}}
# rule, what breaks it (the path that is named), what does not.
CASES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "dates.order",
        dates(effective="2025-01-02", order="2025-01-03"),
        "dates.effective.date",
        dates(order="2025-01-02", effective="2025-01-02", cod="2026-01-01", expiration="2040-01-01"),
    ),
    (
        "dates.order",
        dates(cod="2026-01-02", expiration="2026-01-01"),
        "dates.expiration.date",
        dates(cod="2026-01-01"),
    ),
    ("parties.ownership", owned("60", "40.01"), "parties", owned("60", "40")),
    ("term.years", {"term": {"term_years": "40.5"}}, "term.term_years", {"term": {"term_years": "40"}}),
    ("term.years", {"term": {"term_years": "0"}}, "term.term_years", {"term": {"term_years": "0.5"}}),
    ("term.usual", {"term": {"term_years": "21"}}, "term.term_years", {"term": {"term_years": "15.0"}}),
    (
        "sites.capacity",
        sites("200", "200", total="300"),
        "system.capacity_kw",
        sites("200", "100", total="300.0"),
    ),
    ("system.es5_step", capacity("1000", "ES5_PP"), "system.capacity_kw", capacity("975", "ES5_PP")),
    ("system.es5_pp", capacity("2925", "ES5_PP"), "system.capacity_kw", capacity("2600", "ES5_PP")),
    ("system.es5_mg", capacity("325", "ES5_MG"), "system.capacity_kw", capacity("650", "ES5_MG")),
    ("system.es5_amg", capacity("650", "ES5_AMG"), "system.capacity_kw", capacity("975", "ES5_AMG")),
    ("system.es5_og", capacity("2275", "ES5_OG"), "system.capacity_kw", capacity("1950", "ES5_OG")),
    ("system.loads", loads("5", "4", "6"), "system.average_load_kw", loads("5", "5", "6")),
    ("system.bess_voltage", bess("208"), "system.voltage_v", bess("4160")),
    (
        "system.voltage",
        {"system": {"voltage_v": "481"}},
        "system.voltage_v",
        {"system": {"voltage_v": "34500"}},
    ),
    (
        "system.reliability",
        {"system": {"reliability_pct": "99"}},
        "system.reliability_pct",
        {"system": {"reliability_pct": "99.990"}},
    ),
    ("price.collar", collar("0.2", "0.1"), "price.cap.amount.amount", collar("0.1", "0.1")),
    ("price.collar_unit", collar("0.1", "100", "MWH"), "price.cap.per", collar("0.1", "0.2")),
    ("price.cpi", cpi(index="CPI-U"), "price.escalator.base", cpi(index="CPI-U", base="2025-01")),
    ("price.energy_kwh", energy("0.07"), "price.components[0].rate.amount.amount", energy("0.08")),
    (
        "price.energy_mwh",
        energy("0.12", "MWH"),
        "price.components[0].rate.amount.amount",
        energy("120", "MWH"),
    ),
    (
        "price.energy_kwh",
        energy("0.2501"),
        "price.components[0].rate.amount.amount",
        energy("9", "KWH", "SERVICE_FEE"),
    ),
    ("price.escalator", escalator("1.9", "10"), "price.escalator.rate.value", escalator("2", "10")),
    # 1.05^19 is 2.527, 1.05^18 is 2.407: the first year has the first price.
    ("price.compounding", escalator("5", "20"), "price.escalator.rate.value", escalator("5", "19")),
    (
        "billing.late_interest",
        {"billing": {"late_interest": LATE}},
        "billing.late_interest.per",
        {"billing": {"late_interest": LATE | {"per": "PERIOD_MONTH"}}},
    ),
    ("guarantees.period", guarantee("90", period=""), "guarantees[0].period", guarantee("90")),
    ("guarantees.output", guarantee("79.9"), "guarantees[0].percent.value", guarantee("99")),
    (
        "guarantees.efficiency",
        {
            "guarantees": [
                {
                    "metric": "GUARANTEE_METRIC_EFFICIENCY",
                    "period": "PERIOD_YEAR",
                    "percent": {"value": "66", "basis": "PERCENT_BASIS_LHV"},
                }
            ]
        },
        "guarantees[0].percent.value",
        guarantee("66", "EFFICIENCY"),
    ),
    ("demand.order", demand("500", "500"), "demand.max_kw", demand("499", "500")),
    ("demand.capacity", demand("1", "1301"), "system.capacity_kw", demand("1", "1300")),
    ("demand.critical", demand("1", "2", "1301"), "system.capacity_kw", demand("1", "2", "1300")),
    (
        "obligations.evidence",
        {"obligations": [{"who": "A", "what": "b"}]},
        "obligations[0].quote",
        {"obligations": [{"who": "A", "what": "b", "quote": "A shall b"}]},
    ),
]


def broken(terms: dict[str, Any], **how: Any) -> set[tuple[str, str]]:
    return {(one.rule, one.path) for one in check(load(), terms, imported=False, **how)}


@pytest.mark.parametrize(("rule", "breaks", "path", "holds"), CASES)
def test_a_rule_breaks_beyond_its_bounds_and_not_at_them(rule, breaks, path, holds):
    assert (rule, path) in broken(breaks)
    assert rule not in {name for name, _ in broken(holds)}


def test_every_rule_is_tried():
    asked_later = {rule.id for rule in load().rules if rule.at}
    assert {case[0] for case in CASES} | asked_later == {rule.id for rule in load().rules}


def test_an_empty_record_breaks_nothing():
    assert broken({}) == set()


def test_every_path_of_the_pack_is_in_the_schema():
    """A rule about a field that does not exist would hold for ever."""
    for rule in load().rules:
        for path in (rule.path, rule.items, rule.years, *rule.paths, *(where.path for where in rule.where)):
            plain = path.replace("[]", "")
            assert not plain or any(
                plain == unit or f"{plain}.".startswith(f"{unit}.") for unit in units.PATHS
            ), path


def test_what_was_signed_is_only_warned_about():
    """30 MW of 200 kW systems for 21 years: the business's own old agreement."""
    terms = capacity("30000", "ES5_PP") | {"term": {"term_years": "41"}}
    assert {one.severity for one in check(load(), terms, imported=True)} == {Severity.WARNING}
    assert Severity.HARD in {one.severity for one in check(load(), terms, imported=False)}


def test_who_the_parties_are_is_asked_at_approval():
    only_buyer = {"parties": [{"legal_name": "A", "role": "PARTY_ROLE_BUYER"}]}
    assert broken(only_buyer) == set()
    assert broken(only_buyer, at="APPROVED") == {("parties.provider", "parties")}
    both = {"parties": [*only_buyer["parties"], {"legal_name": "B", "role": "PARTY_ROLE_OPERATOR"}]}
    assert broken(both, at="APPROVED") == set()


@pytest.mark.parametrize(
    "nonsense",
    [
        'version = "x"\n[[rules]]\nid = "a"\nkind = "guess"\nseverity = "HARD"\nmessage = "m"',
        'version = "x"\n[[rules]]\nid = "a"\nkind = "range"\nseverity = "SOFT"\nmessage = "m"',
        'version = "x"\n[[rules]]\nid = "a"\nkind = "range"\nseverity = "HARD"\nmessage = "m"\nat_mots = "1"',
        'version = "x"\n' + 2 * '[[rules]]\nid = "a"\nkind = "range"\nseverity = "HARD"\nmessage = "m"\n',
    ],
)
def test_a_pack_that_says_nonsense_is_refused(nonsense):
    with pytest.raises((ValueError, TypeError)):
        parse(nonsense)
