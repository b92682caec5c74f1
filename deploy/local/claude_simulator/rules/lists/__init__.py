"""Lists by keywords: which sentences of a contract are entries of which kind, and what they state."""

from claude_simulator.rules.lists.answer import listed
from claude_simulator.rules.lists.asked import AskedList, asked_list

__all__ = ["AskedList", "asked_list", "listed"]
