"""Tokens by how they are paid for, and what a call spent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every kind with a price of its own. The input kinds exclude one another; their sum is the prompt."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0

    @property
    def prompt(self) -> int:
        """The whole prompt, however it is billed."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write_5m + other.cache_write_5m,
            self.cache_write_1h + other.cache_write_1h,
        )


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens and what they cost in millionths of a US dollar; the list cost is without any cache."""

    tokens: Tokens = Tokens()
    cost: int = 0
    list_cost: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.tokens + other.tokens, self.cost + other.cost, self.list_cost + other.list_cost)


NOTHING = Spent()
