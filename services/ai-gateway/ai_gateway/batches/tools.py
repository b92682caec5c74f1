"""What a runner works with."""

from dataclasses import dataclass

from ai_gateway.batches.times import Times
from ai_gateway.batches.wire import BatchWire
from ai_gateway.flights.board import Board
from ai_gateway.money.prices import PriceSheet
from service_runtime.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Tools:
    """`destination` and `api_version` are part of what an answer depends on."""

    postgres: Postgres
    wire: BatchWire
    board: Board
    prices: PriceSheet
    destination: str
    api_version: str
    times: Times
