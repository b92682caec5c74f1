"""Cedar's decision about one resource, by the policies beside this file; some 0.1 ms, and no network call.

The policies are read once, at the start. Roles, departments and amounts travel as values of a request, so
what people wrote is never part of a policy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import cedarpy

from service_runtime.conditions.model import Conditional, Grant
from service_runtime.money import Money


def _text(ending: str) -> str:
    return resources.files(__package__).joinpath(f"conditions.{ending}").read_text(encoding="utf-8")


_policies = cedarpy.PolicySet.from_str(_text("cedar"))
_schema = cedarpy.Schema.from_str(_text("cedarschema"))
_USE, _RESOURCE = {"type": "Action", "id": "use"}, {"type": "Resource", "id": "asked"}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What conditions ask of a resource. What is not known is None, and holds for no condition."""

    creator: str | None = None
    department: str | None = None
    value: Money | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`failing` names what stands in the way: own, department, value."""

    allowed: bool
    failing: frozenset[str] = frozenset()


def decide(subject: str, held: Conditional, permission: str, resource: Attributes) -> Decision:
    """Of several grants one is enough; where none holds, the one that misses least tells what it misses."""
    decisions = [
        _decide(subject, held.departments, grant, permission, resource) for grant in held.of(permission)
    ]
    first = min(decisions, key=lambda decision: (not decision.allowed, len(decision.failing)), default=None)
    return first or Decision(allowed=False)


def _decide(
    subject: str, departments: frozenset[str], grant: Grant, permission: str, resource: Attributes
) -> Decision:
    principal = {"type": "Subject", "id": subject}
    request = {
        "principal": principal,
        "action": _USE,
        "resource": _RESOURCE,
        "context": _context(grant, permission),
    }
    entities = json.dumps(
        [
            {"uid": principal, "attrs": {"departments": sorted(departments)}, "parents": []},
            {"uid": _RESOURCE, "attrs": _attributes(resource), "parents": []},
        ]
    )
    known = cedarpy.Entities.from_json_str(entities, _schema)
    answer = cedarpy.is_authorized(request, _policies, known, _schema)
    # Cedar passes over a policy that it cannot evaluate: an error could let pass what a forbid should stop.
    allowed = bool(answer.allowed) and not answer.diagnostics.errors
    named = frozenset(answer.diagnostics.id_annotations_by_reason.values())
    return Decision(allowed, frozenset() if allowed else named - {"granted"})


def _context(grant: Grant, permission: str) -> dict[str, object]:
    conditions = grant.conditions
    context: dict[str, object] = {
        "permission": permission,
        "granted": sorted(grant.permissions),
        "own_only": conditions.own_only,
        "own_department": conditions.own_department,
    }
    if conditions.value_limit is not None:
        context["limit"] = _money(conditions.value_limit)
    return context


def _attributes(resource: Attributes) -> Mapping[str, object]:
    attributes: dict[str, object] = {}
    if resource.creator is not None:
        attributes["creator"] = {"__entity": {"type": "Subject", "id": resource.creator}}
    if resource.department is not None:
        attributes["department"] = resource.department
    if resource.value is not None:
        attributes["value"] = _money(resource.value)
    return attributes


def _money(money: Money) -> dict[str, object]:
    return {"currency": money.currency, "amount": {"__extn": {"fn": "decimal", "arg": money.text}}}
