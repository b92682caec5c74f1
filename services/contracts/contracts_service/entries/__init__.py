"""Lists of what a document holds many of: parties, obligations, clauses. An entry is proven like a field."""

from contracts_service.entries.answers import ENTRY_FORM, EntryAnswer, ListAnswer, Stated, parse_list_answer
from contracts_service.entries.proof import ProvenEntry, prove
from contracts_service.entries.spec import AttributeSpec, KindSpec, ListSpec

__all__ = [
    "ENTRY_FORM",
    "AttributeSpec",
    "EntryAnswer",
    "KindSpec",
    "ListAnswer",
    "ListSpec",
    "ProvenEntry",
    "Stated",
    "parse_list_answer",
    "prove",
]
