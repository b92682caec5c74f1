"""Asks how a contract departs from the playbook's positions."""

from contracts_service.entries import ListSpec
from contracts_service.prompts.positions import ABSENT_IS_GRAVEST, positions

_PLAYBOOK = positions("playbook_energy.toml")
VERSION = f"risks/1+{_PLAYBOOK.edition}"
SPEC = ListSpec(
    name="list_risks",
    lead="Each kind is a position of our playbook: what we want an energy contract to say. An entry is a passage that departs from the "
    "position, or keeps it.",
    kinds=_PLAYBOOK.kinds,
    text="how the passage departs from the position, or that it keeps it",
    grades=ABSENT_IS_GRAVEST,
    edition=_PLAYBOOK.edition,
)
