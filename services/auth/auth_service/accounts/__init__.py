"""Accounts: one e-mail, one password, across all organizations."""
