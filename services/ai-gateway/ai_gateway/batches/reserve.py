"""The most that an item can cost: what budgets hold for it while it runs."""

from datetime import UTC, datetime

from ai_gateway.batches.batch import Asked, NewItem
from ai_gateway.money.prices import PriceSheet

# A token of a prompt is hardly ever shorter.
_LEAST_BYTES_OF_A_TOKEN = 2


def at_most(prices: PriceSheet, item: NewItem | Asked) -> int:
    """In micro-USD, at the price of batches."""
    prompt = len(item.params.encode()) // _LEAST_BYTES_OF_A_TOKEN
    return prices.at_most(prompt, item.max_tokens, item.model, datetime.now(UTC).date(), batch=True)
