"""The contract record: taken in, kept, listed, changed, hidden."""
