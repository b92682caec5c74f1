"""An amount of money in one currency, exact to four decimals."""

from dataclasses import dataclass
from decimal import Decimal

from google.type import money_pb2

_NANOS = 1_000_000_000
# What Cedar's decimals and the schema's rules hold.
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Money:
    """`currency` is three capital letters (ISO 4217)."""

    currency: str
    amount: Decimal

    @classmethod
    def of(cls, message: money_pb2.Money) -> "Money":
        """From a message whose rules were checked."""
        whole = Decimal(message.units) + Decimal(message.nanos) / _NANOS
        return cls(message.currency_code, whole.quantize(_PLACES))

    @classmethod
    def parse(cls, currency: str, amount: str) -> "Money":
        """What `currency` and `text` say. Raises ArithmeticError for what is no number."""
        return cls(currency, Decimal(amount).quantize(_PLACES))

    @property
    def text(self) -> str:
        """The amount with its four decimals: `250000.0000`."""
        return f"{self.amount.quantize(_PLACES):f}"

    def message(self) -> money_pb2.Money:
        """As the schema has it."""
        units = int(self.amount)
        nanos = int((self.amount - units) * _NANOS)
        return money_pb2.Money(currency_code=self.currency, units=units, nanos=nanos)
