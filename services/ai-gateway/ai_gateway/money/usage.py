"""What a request used, as it is written down and summed up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ai_gateway.money.tokens import Spent


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One request's use, at a time in UTC; a further call of the same request adds to it."""

    at: datetime
    org_id: UUID
    request_id: UUID
    task: str
    model: str
    workload: str
    subject: str
    cached: bool
    simulated: bool
    spent: Spent


@dataclass(frozen=True, slots=True)
class UsageSum:
    """All requests of one task and model; `cached_calls` of the `calls` cost nothing."""

    task: str
    model: str
    calls: int
    cached_calls: int
    spent: Spent
