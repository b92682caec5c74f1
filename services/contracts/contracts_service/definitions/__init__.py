"""Defined terms: where a document gives a term its meaning, and where it sends its reader instead. Pure."""

from contracts_service.definitions.finder import Definition, find, key

__all__ = ["Definition", "find", "key"]
