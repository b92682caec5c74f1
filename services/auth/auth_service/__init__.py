"""Identity: organizations, users, service accounts, sign-in, and the tokens that every service verifies."""
