"""Full-text search over the pages of all contracts."""
