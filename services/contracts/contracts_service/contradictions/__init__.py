"""Contradictions of a contract with itself, found by code, each with both passages."""

from contracts_service.contradictions.find import find, find_in_force
from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.tables import Cell, Row, Table

__all__ = ["Cell", "Contradiction", "Kind", "Passage", "Row", "Severity", "Table", "find", "find_in_force"]
