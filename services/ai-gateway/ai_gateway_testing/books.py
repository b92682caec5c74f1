"""What Claude served, what clients were given, and what was booked: whether the three agree."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from ai_gateway.money.prices import published
from ai_gateway.money.tokens import Tokens
from bloom.ai.v1 import ai_service_pb2
from claude_simulator.recorder import Exchange, Outcome


@dataclass(frozen=True, slots=True)
class Record:
    """An egress record: `request` names the bytes that left."""

    request: str
    request_id: UUID
    outcome: str
    upstream_request_id: str
    cost: int


@dataclass(frozen=True, slots=True)
class Books:
    """Of one organization, when nothing is under way any more. Costs in micro-USD."""

    served: Sequence[Exchange]
    given: Sequence[tuple[UUID, ai_service_pb2.Completion]]
    records: Sequence[Record]
    # By request; the ledger.
    usage: Mapping[UUID, tuple[Tokens, int]]

    def problems(self) -> list[str]:
        """Everything that does not agree: nothing, where no money was lost and none counted twice."""
        return [*self._open(), *self._doubled(), *self._lost(), *self._given_away(), *self._sums()]

    @property
    def lost(self) -> int:
        """Calls whose end nobody could tell."""
        return sum(record.outcome == "LOST" for record in self.records)

    def _open(self) -> Iterable[str]:
        yield from (f"{one.request_id} has no end" for one in self.records if not one.outcome)

    def _doubled(self) -> Iterable[str]:
        booked = Counter(one.upstream_request_id for one in self.records if one.upstream_request_id)
        yield from (f"{name} was booked {times} times" for name, times in booked.items() if times > 1)

    def _lost(self) -> Iterable[str]:
        """An answer that Claude gave is booked at its price, or one LOST record stands for it."""
        booked = {one.upstream_request_id: one for one in self.records if one.outcome == "ANSWERED"}
        unknown = Counter(one.request for one in self.records if one.outcome == "LOST")
        for exchange in self.served:
            if exchange.outcome is not Outcome.ANSWERED or not exchange.usage:
                continue
            record, request = booked.get(exchange.id), _bytes_of(exchange)
            if record is None:
                unknown[request] -= 1
                if unknown[request] < 0:
                    yield f"{exchange.id} was answered, and is neither booked nor LOST"
            elif record.cost != _price(exchange):
                yield f"{exchange.id} costs {_price(exchange)}, booked are {record.cost}"

    def _given_away(self) -> Iterable[str]:
        """Whoever has an answer has one that is booked, and was told what was booked for the request."""
        booked = {one.upstream_request_id for one in self.records if one.outcome == "ANSWERED"}
        for request_id, completion in self.given:
            if completion.upstream_request_id not in booked:
                yield f"{request_id} was given {completion.upstream_request_id}, which is not booked"
            cost = self.usage.get(request_id, (Tokens(), 0))[1]
            if completion.cost_micro_usd > cost:
                yield f"{request_id} was told {completion.cost_micro_usd}, booked are {cost}"

    def _sums(self) -> Iterable[str]:
        """The ledger is the sum of the records, request by request and in tokens."""
        by_request: dict[UUID, int] = defaultdict(int)
        for one in self.records:
            by_request[one.request_id] += one.cost
        for request_id in by_request.keys() | self.usage.keys():
            cost = self.usage.get(request_id, (Tokens(), 0))[1]
            if cost != by_request[request_id]:
                yield f"{request_id}: the ledger has {cost}, its records {by_request[request_id]}"
        booked = {one.upstream_request_id for one in self.records}
        served = sum((_tokens(one) for one in self.served if one.id in booked), Tokens())
        metered = sum((tokens for tokens, _ in self.usage.values()), Tokens())
        if served != metered:
            yield f"served were {served}, metered are {metered}"


async def read(
    database: str,
    org: UUID,
    served: Iterable[Exchange],
    given: Iterable[tuple[UUID, ai_service_pb2.Completion]],
) -> Books:
    """The books of an organization; `database` is the superuser's."""
    connection = await asyncpg.connect(database)
    try:
        records = await connection.fetch("SELECT * FROM egress_records WHERE org_id = $1", org)
        usage = await connection.fetch("SELECT * FROM usage_events WHERE org_id = $1", org)
    finally:
        await connection.close()
    return Books(
        [*served],
        [*given],
        [
            Record(
                row["request_sha256"].hex(), row["request_id"], row["outcome"] or "",
                row["upstream_request_id"] or "", row["cost_micro_usd"],
            )
            for row in records
        ],
        {row["request_id"]: (_used(row), row["cost_micro_usd"]) for row in usage},
    )  # fmt: skip


def _used(row: asyncpg.Record) -> Tokens:
    kinds = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    return Tokens(*(row[f"{kind}_tokens"] for kind in kinds))


def _tokens(exchange: Exchange) -> Tokens:
    use = exchange.usage
    return Tokens(
        use["input_tokens"], use["output_tokens"], use["cache_read_input_tokens"],
        use["cache_creation_input_tokens"],
    )  # fmt: skip


def _price(exchange: Exchange) -> int:
    model = str(exchange.body["model"]) if isinstance(exchange.body, dict) else ""
    return published().spent(_tokens(exchange), model, datetime.now(UTC).date()).cost


def _bytes_of(exchange: Exchange) -> str:
    """The hash of what arrived."""
    content = json.dumps(exchange.body, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(content).hexdigest()
