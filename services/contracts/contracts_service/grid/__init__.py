"""The grid: what holds for each field of each contract, what people say of it, and its files."""
