"""Permissions that roles grant for some resources only: whose, of which departments, up to which value."""
