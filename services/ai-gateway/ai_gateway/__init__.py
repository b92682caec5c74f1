"""The only door to Claude: it knows nothing of contracts, and nothing else may reach Claude."""
