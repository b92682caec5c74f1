"""Organizations, and how one begins."""
