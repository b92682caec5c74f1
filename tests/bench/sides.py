"""What every side of the AI bench is: where it listens, how it is asked, and which processes it has."""

import json
import time
from dataclasses import dataclass, field, replace
from enum import Enum

import psutil

from tests.bench.ai_load import Order
from tests.bench.wires import NUMBER

QUESTION = f"Tell me about the quick brown fox, in two hundred tokens please. {NUMBER.decode()}"
MAX_TOKENS = 256
HTTP = "http/1.1"


class Kind(Enum):
    """What is asked: a whole answer, a stream, or an answer that lies in the cache."""

    PLAIN = "plain"
    STREAM = "stream"
    KEPT = "kept"


@dataclass(frozen=True)
class Ask:
    """A request of one kind, with the number of the question left open."""

    path: str
    body: bytes
    last: str = ""


@dataclass(frozen=True)
class Side:
    """One that is measured. `cold_start` in seconds, from the start of its process to its first answer."""

    name: str
    port: int
    asks: dict[Kind, Ask]
    callers: list[dict[str, str]]
    wire: str = HTTP
    traced_every: int = 0
    cold_start: float | None = None
    processes: list[psutil.Process] = field(default_factory=list)

    def order(self, kind: Kind, connections: int, seconds: float) -> Order:
        """To ask such questions, each a new one unless they shall be kept ones."""
        ask = self.asks[kind]
        return Order(
            wire=self.wire,
            port=self.port,
            path=ask.path,
            body=ask.body.decode("latin-1"),
            callers=self.callers,
            connections=connections,
            seconds=seconds,
            first=time.time_ns(),
            last=ask.last,
            kept=kind is Kind.KEPT,
            traced_every=self.traced_every,
        )

    def started_in(self, seconds: float) -> "Side":
        """The same, with its cold start."""
        return replace(self, cold_start=seconds)

    @property
    def megabytes(self) -> list[float]:
        """Resident memory of each of its processes; a worker that does not serve counts to its server."""
        return [_resident(process) / 2**20 for process in self.processes]


def messages_body(model: str, *, stream: bool) -> bytes:
    """A request of the Messages API; a chat of OpenAI's has the same form."""
    body: dict[str, object] = {"model": model, "max_tokens": MAX_TOKENS}
    if stream:
        body["stream"] = True
    return json.dumps(body | {"messages": [{"role": "user", "content": QUESTION}]}).encode()


def http_asks(path: str, model: str, last: str, *kinds: Kind) -> dict[Kind, Ask]:
    """How a peer is asked; its streams end with `last`."""
    asks = {
        Kind.PLAIN: Ask(path, messages_body(model, stream=False)),
        Kind.STREAM: Ask(path, messages_body(model, stream=True), last),
        Kind.KEPT: Ask(path, messages_body(model, stream=False)),
    }
    return {kind: asks[kind] for kind in kinds}


def _resident(process: psutil.Process) -> int:
    family = [process, *process.children(recursive=True)]
    return sum(int(member.memory_info().rss) for member in family)
