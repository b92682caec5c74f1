"""People who belong to several organizations."""
