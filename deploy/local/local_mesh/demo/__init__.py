"""The demonstration: one contract through the whole mesh, shown and judged."""
