"""Families: which documents belong together, and what they say together on a day."""
