"""Contracts: documents in, values proven by their own words out."""
