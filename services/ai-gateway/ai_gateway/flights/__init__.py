"""Equal questions that are under way at the same time share one call to Claude, over all processes."""
