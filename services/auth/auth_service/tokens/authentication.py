"""How somebody showed who he is, in the words of RFC 8176."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

PASSWORD = ("pwd",)
CODE = ("otp",)
# A verified passkey is two factors: the key, and what opened it. One that is synced is held by software.
DEVICE_KEY = ("hwk", "mfa")
SYNCED_KEY = ("swk", "mfa")
_MULTIPLE = "mfa"
_ORDER = ("pwd", "otp", "hwk", "swk", _MULTIPLE)


@dataclass(frozen=True, slots=True)
class Authentication:
    """By what, and when last; a token tells both as `amr` and `auth_time`."""

    methods: tuple[str, ...]
    at: datetime

    @classmethod
    def now(cls, methods: Iterable[str]) -> "Authentication":
        """This moment."""
        return cls(together(methods), datetime.now(UTC))


def together(*shown: Iterable[str]) -> tuple[str, ...]:
    """All of them, each once; two kinds make `mfa`. What was shown once is never taken back."""
    every = {method for methods in shown for method in methods}
    if len(every - {_MULTIPLE}) > 1:
        every.add(_MULTIPLE)
    return tuple(method for method in _ORDER if method in every)
