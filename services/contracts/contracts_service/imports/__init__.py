"""Imports: many files at once, each taken in like a single upload, each with its result."""
