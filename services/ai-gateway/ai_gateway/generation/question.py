"""A question as the gateway understands it: resolved, and free of protobuf."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from uuid import UUID

from ai_gateway.claude.models import Model
from ai_gateway.claude.reply import Reply
from ai_gateway.egress.record import Purpose
from ai_gateway.flights.flight import Source
from ai_gateway.generation import content
from ai_gateway.generation.schema import AnswerSchema
from ai_gateway.limits.refused import Priority
from ai_gateway.money.tokens import Spent
from ai_gateway.privacy.vault import Restorer, Vault
from service_runtime.identity import Identity

_NOTHING_WITHHELD = Vault({})


class Caching(Enum):
    """What the answer cache may do."""

    USE = auto()
    BYPASS = auto()
    REFRESH = auto()


@dataclass(frozen=True, slots=True)
class Question:
    """`body` is the request to the Messages API, complete but for `stream`."""

    task: str
    model: Model
    caching: Caching
    body: Mapping[str, object] = field(repr=False)
    schema: AnswerSchema | None = field(default=None, repr=False)
    priority: Priority = Priority.INTERACTIVE
    # Of the prompt, in bytes.
    size: int = 0
    # What the caller wants withheld besides what is found.
    marked: tuple[str, ...] = field(default=(), repr=False)
    # What was withheld, and how often by kind.
    vault: Vault = _NOTHING_WITHHELD
    redactions: Mapping[str, int] = field(default_factory=dict)
    betas: tuple[str, ...] = ()
    # What no answer may have in it.
    seal: str = ""

    @property
    def max_tokens(self) -> int:
        """The longest answer."""
        return int(str(self.body["max_tokens"]))

    @property
    def asked(self) -> Mapping[str, object]:
        """Everything that its answer depends on."""
        return {**self.body, "betas": self.betas} if self.betas else self.body

    def purpose(self, caller: Identity, request_id: UUID) -> Purpose:
        """For the record of each call that it needs."""
        return Purpose(caller, request_id, self.task, self.model.name, self.redactions, self.priority)

    def restored(self, text: str) -> str:
        """An answer with the values that were withheld from Claude."""
        return self.vault.restore(text, json=self.schema is not None)

    def restorer(self) -> Restorer:
        """The same for an answer that comes in pieces."""
        return self.vault.stream(json=self.schema is not None, seal=self.seal)

    def blocks(self, reply: Reply) -> list[dict[str, object]]:
        """The answer's content blocks with the values that were withheld; none where they are text alone."""
        return content.restored(reply.content, self.vault, json=self.schema is not None)

    def leaked_by(self, reply: Reply) -> bool:
        """Whether the answer has the seal of the instructions."""
        return bool(self.seal) and content.has(reply, self.seal)

    def problem(self, reply: Reply) -> str | None:
        """What is wrong with an answer, as its caller would get it."""
        if self.schema is None or reply.stop_reason == "tool_use":
            return None
        return self.schema.problem(self.restored(reply.text))

    def corrected(self, answer: str, problem: str) -> "Question":
        """The same question, with what was wrong with the first answer to it."""
        told = f"Your answer cannot be used: {problem}. Answer again, with nothing but JSON of the schema."
        turns: list[object] = [{"role": "user", "content": [{"type": "text", "text": told}]}]
        if answer.strip():
            turns.insert(0, {"role": "assistant", "content": [{"type": "text", "text": answer}]})
        before = self.body["messages"]
        messages = [*before, *turns] if isinstance(before, list) else turns
        return replace(self, body={**self.body, "messages": messages})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets. `stop_reason` is the API's own word; `spent` is all that was paid for it."""

    text: str = field(repr=False)
    stop_reason: str
    spent: Spent
    model: str
    upstream_request_id: str
    simulated: bool
    source: Source
    blocks: Sequence[Mapping[str, object]] = field(default=(), repr=False)
