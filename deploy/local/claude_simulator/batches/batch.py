"""One batch: its items, where it stands, and how the API shows it."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

EXPIRES_AFTER = timedelta(hours=24)
ARCHIVED_AFTER = timedelta(days=29)


class ItemOutcome(StrEnum):
    """What became of an item."""

    SUCCEEDED = "succeeded"
    ERRORED = "errored"
    CANCELED = "canceled"
    EXPIRED = "expired"


@dataclass
class Item:
    """One request of a batch, and its result once there is one."""

    custom_id: str
    params: Mapping[str, object]
    outcome: ItemOutcome | None = None
    result: Mapping[str, object] = field(default_factory=dict)
    rule: int | None = None
    usage: Mapping[str, int] = field(default_factory=dict)

    def settle(self, outcome: ItemOutcome, **told: object) -> None:
        """It has its result."""
        self.outcome, self.result = outcome, {"type": outcome.value, **told}

    @property
    def line(self) -> bytes:
        """Its line in the results."""
        told = {"custom_id": self.custom_id, "result": self.result}
        return json.dumps(told, ensure_ascii=False).encode() + b"\n"


@dataclass
class Batch:
    """A batch of one account; `version` is the API version that its items are written for."""

    id: str
    account: str
    version: str
    created_at: datetime
    items: tuple[Item, ...]
    cancel_initiated_at: datetime | None = None
    ended_at: datetime | None = None
    deleted: bool = False
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def expires_at(self) -> datetime:
        """When what is not answered expires."""
        return self.created_at + EXPIRES_AFTER

    @property
    def status(self) -> str:
        """`processing_status`."""
        if self.ended_at is not None:
            return "ended"
        return "canceling" if self.cancel_initiated_at is not None else "in_progress"

    def is_archived(self, now: datetime) -> bool:
        """Whether its results are gone by now."""
        return self.ended_at is not None and now >= self.created_at + ARCHIVED_AFTER

    def unsettled(self) -> Iterator[Item]:
        """Items without a result, in the order they are worked on."""
        return (item for item in self.by_turn() if item.outcome is None)

    def by_turn(self) -> Iterator[Item]:
        """The items in the order of the results, which on purpose is not that of the requests."""
        return reversed(self.items)

    def end(self, now: datetime, otherwise: ItemOutcome) -> None:
        """Processing ends; what has no result gets this one."""
        for item in self.unsettled():
            item.settle(otherwise)
        self.ended_at = now

    def to_json(self, base_url: str, now: datetime) -> dict[str, object]:
        """The batch as the API shows it. Items count as processing until all has ended."""
        archived = self.is_archived(now)
        results_url = f"{base_url}/v1/messages/batches/{self.id}/results"
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status,
            "request_counts": self._counts(),
            "created_at": rfc3339(self.created_at),
            "expires_at": rfc3339(self.expires_at),
            "ended_at": rfc3339(self.ended_at),
            "cancel_initiated_at": rfc3339(self.cancel_initiated_at),
            "archived_at": rfc3339(self.created_at + ARCHIVED_AFTER) if archived else None,
            "results_url": results_url if self.ended_at and not archived else None,
        }

    def _counts(self) -> dict[str, int]:
        if self.ended_at is None:
            return {"processing": len(self.items), **dict.fromkeys(ItemOutcome, 0)}
        counted = Counter(item.outcome for item in self.items)
        return {"processing": 0, **{outcome.value: counted[outcome] for outcome in ItemOutcome}}


def rfc3339(when: datetime | None) -> str | None:
    """A time as the API writes it, in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None
