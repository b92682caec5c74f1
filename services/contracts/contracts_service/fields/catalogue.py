"""The whole catalogue, by group and by name."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts_service.fields.commerce import BILLING, PRICE, SYSTEM
from contracts_service.fields.identity import IDENTITY, PARTIES
from contracts_service.fields.legal import LEGAL
from contracts_service.fields.performance import ENVIRONMENTAL, GUARANTEES, REPORTING
from contracts_service.fields.schedule import DATES, TERM
from contracts_service.fields.spec import FieldSpec

#: In the order in which a reader meets them; each group is one question to Claude.
GROUPS: Mapping[str, tuple[FieldSpec, ...]] = MappingProxyType(
    {
        "identity": IDENTITY,
        "parties": PARTIES,
        "dates": DATES,
        "term": TERM,
        "system": SYSTEM,
        "price": PRICE,
        "billing": BILLING,
        "guarantees": GUARANTEES,
        "reporting": REPORTING,
        "environmental": ENVIRONMENTAL,
        "legal": LEGAL,
    }
)

FIELDS: Mapping[str, FieldSpec] = MappingProxyType(
    {spec.name: spec for group in GROUPS.values() for spec in group}
)
