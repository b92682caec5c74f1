"""Service accounts: programs of an organization, with a secret of their own."""
