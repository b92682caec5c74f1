"""Lies and truths about real contracts, and how many of each the verifier of evidence believes."""
