"""Challenges: what an account is asked before it is let in, or on."""
