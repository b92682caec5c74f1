"""What is called: which endpoint, and for what; a script rule may be for one endpoint alone."""

from dataclasses import dataclass
from enum import StrEnum

from claude_simulator.request import MessagesRequest


class Endpoint(StrEnum):
    """The endpoints, and the items of batches, by the names that script rules use."""

    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"
    BATCH_ITEM = "batch_item"
    BEDROCK = "bedrock"
    BATCH_CREATE = "batches.create"
    BATCH_RETRIEVE = "batches.retrieve"
    BATCH_LIST = "batches.list"
    BATCH_CANCEL = "batches.cancel"
    BATCH_DELETE = "batches.delete"
    BATCH_RESULTS = "batches.results"

    @property
    def asks(self) -> bool:
        """Whether a question to a model comes this way; rules that name no endpoint serve only these."""
        return not self.startswith("batches.")


@dataclass(frozen=True)
class Call:
    """One call, or one item of a batch."""

    endpoint: Endpoint
    asked: MessagesRequest | None = None
    custom_id: str | None = None
