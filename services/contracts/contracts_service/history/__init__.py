"""The audit chain over every change of a contract and every analysis."""
