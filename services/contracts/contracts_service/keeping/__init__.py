"""How long contracts are kept: deleted and had back, retained, held, purged."""
