"""Filters of lists, searches and grids (AIP-160): text in, an SQL condition on contracts out."""

from contracts_service.filtering.conditions import compile_filter

#: Lists give their own arguments first: two of the cursor, and the page's size.
FIRST_ARGUMENT = 4

__all__ = ["FIRST_ARGUMENT", "compile_filter"]
