"""The record of a contract: its terms, their sources and rules, and every state that it was in."""
