"""Saved sets of columns."""
