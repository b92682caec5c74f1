"""API keys: long-lived credentials with a part of their owner's permissions."""
