"""Exports: contracts with their files, records and proof, written into one ZIP."""
