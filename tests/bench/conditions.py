"""What a condition costs: one decision by Cedar, and the question of a caller who has none.

`python -m tests.bench.conditions`
"""

import timeit
from decimal import Decimal
from uuid import uuid4

from service_runtime.conditions.asking import decision
from service_runtime.conditions.cedar import Attributes
from service_runtime.conditions.model import Conditional, Conditions, Grant
from service_runtime.identity import Identity
from service_runtime.money import Money

_READ, _ME = "contracts.read", f"users/{uuid4()}"
_ROUNDS, _CALLS = 7, 2000


def main() -> None:
    """The best of several rounds, in microseconds."""
    every = Conditions(own_only=True, own_department=True, value_limit=Money("USD", Decimal(1000)))
    held = Conditional((Grant(frozenset({_READ}), every),), frozenset({"Legal", "Sales"}))
    contract = Attributes(_ME, "Legal", Money("USD", Decimal("999.9999")))
    under = Identity(subject=_ME, org_id=uuid4(), conditional=held)
    free = Identity(subject=_ME, org_id=uuid4(), permissions=frozenset({_READ}))
    if not (decision(under, _READ, contract).allowed and decision(free, _READ, contract).allowed):
        raise SystemExit("what is measured must be allowed")
    for name, identity in (("with three conditions", under), ("without conditions", free)):
        rounds = timeit.repeat(lambda: decision(identity, _READ, contract), number=_CALLS, repeat=_ROUNDS)  # noqa: B023
        print(f"{name:24}{min(rounds) / _CALLS * 1e6:8.1f} µs a decision")


if __name__ == "__main__":
    main()
