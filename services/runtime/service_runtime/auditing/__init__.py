"""The audit chain of an organization: read, exported, and its head signed."""
