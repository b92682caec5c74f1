"""Asks what a contract says about the laws and rules that it must keep."""

from contracts_service.entries import ListSpec
from contracts_service.prompts.positions import positions

_RULES = positions("compliance_energy.toml")
VERSION = f"compliance/1+{_RULES.edition}"
SPEC = ListSpec(
    name="list_compliance",
    lead="Each kind is a rule that energy contracts must provide for. An entry is a passage that does so, or that goes against it.",
    kinds=_RULES.kinds,
    text="what the passage provides about the rule",
    grades=("AGAINST", "PARTLY", "PROVIDED"),
    edition=_RULES.edition,
)
