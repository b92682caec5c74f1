"""Access tokens, and the grants that programs use."""
