"""Invitations into an organization, by mail."""
