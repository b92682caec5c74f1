"""The price sheet, and the cost of tokens by it. Exact: decimals, rounded once at the end."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources

from ai_gateway.money.tokens import Spent, Tokens

# Below every length, so that a row without `prompt_over` also holds for an empty prompt.
_ANY_PROMPT = -1
_WHOLE_PRICE = Decimal(1)


class UnpricedError(LookupError):
    """The sheet has no price for this model on this day."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens, which is micro-USD per token, from a day on and for prompts above a length."""

    since: date
    prompt_over: int
    input: Decimal
    output: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal

    def cost(self, tokens: Tokens, share: Decimal = _WHOLE_PRICE) -> int:
        """In micro-USD, where that share of the price is paid; half a millionth is rounded up."""
        return _whole(
            share
            * (
                tokens.input * self.input
                + tokens.output * self.output
                + tokens.cache_write_5m * self.write_5m
                + tokens.cache_write_1h * self.write_1h
                + tokens.cache_read * self.read
            )
        )

    def most(self, prompt: int, output: int, share: Decimal = _WHOLE_PRICE) -> int:
        """In micro-USD, whatever of the prompt is cached."""
        dearest = max(self.input, self.write_5m, self.write_1h)
        return _whole(share * (prompt * dearest + output * self.output))

    def list_cost(self, tokens: Tokens) -> int:
        """In micro-USD, as if nothing had been cached."""
        return _whole(tokens.prompt * self.input + tokens.output * self.output)


class PriceSheet:
    """Prices by model. In a batch the share `batch` of each is paid."""

    def __init__(self, prices: Mapping[str, Iterable[Price]], batch: Decimal = _WHOLE_PRICE) -> None:
        # The first row that holds is the one: newest first, and of one day the longest prompt first.
        self._prices = {
            model: sorted(rows, key=lambda row: (row.since, row.prompt_over), reverse=True)
            for model, rows in prices.items()
        }
        self._batch = batch

    def spent(self, tokens: Tokens, model: str, day: date, *, batch: bool = False) -> Spent:
        """What these tokens of a call, or an item of a batch, cost on that day (UTC). Raises UnpricedError.

        The list cost is that of a call of its own.
        """
        price = self._price(tokens, model, day)
        return Spent(tokens, price.cost(tokens, self._share(batch=batch)), price.list_cost(tokens))

    def short_prompt(self, model: str, day: date) -> Price:
        """The price of prompts below the length from which a model may cost more. Raises UnpricedError."""
        return self._price(Tokens(), model, day)

    def at_most(self, prompt: int, output: int, model: str, day: date, *, batch: bool = False) -> int:
        """What a call with so many tokens can cost on that day, in micro-USD. Raises UnpricedError."""
        price = self._price(Tokens(input=prompt), model, day)
        return price.most(prompt, output, self._share(batch=batch))

    def _share(self, *, batch: bool) -> Decimal:
        return self._batch if batch else _WHOLE_PRICE

    def _price(self, tokens: Tokens, model: str, day: date) -> Price:
        valid = [row for row in self._prices.get(model, []) if row.since <= day]
        for row in valid:
            if row.since == valid[0].since and tokens.prompt > row.prompt_over:
                return row
        raise UnpricedError(f"no price for {model} on {day}")


@cache
def published() -> PriceSheet:
    """The sheet that comes with this package."""
    text = resources.files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")
    sheet = tomllib.loads(text, parse_float=Decimal)
    prices: dict[str, list[Price]] = {}
    for row in sheet["price"]:
        for model in row["models"]:
            prices.setdefault(model, []).append(_price(row))
    return PriceSheet(prices, sheet["batch_share"])


def _price(row: Mapping[str, int | Decimal | date]) -> Price:
    since, over = row["from"], row.get("prompt_over", _ANY_PROMPT)
    if not isinstance(since, date) or not isinstance(over, int):
        raise TypeError("a price needs a day `from` and a whole number `prompt_over`")
    amounts = {name: row[name] for name in ("input", "output", "write_5m", "write_1h", "read")}
    return Price(since, over, **{name: Decimal(str(amount)) for name, amount in amounts.items()})


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
