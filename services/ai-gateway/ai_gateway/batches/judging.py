"""From a line of Claude's results to what became of an item."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ai_gateway.batches.batch import Asked, Outcome, Result
from ai_gateway.batches.wire import UpstreamBatch
from ai_gateway.claude import faults
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Gathering, Reply
from ai_gateway.generation import content, errors
from ai_gateway.generation.schema import read_schema
from ai_gateway.money.prices import PriceSheet
from ai_gateway.privacy.seal import find_seal
from service_runtime.errors import DomainError

_KEPT_BY = frozenset({"end_turn", "stop_sequence", "tool_use"})
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_WITHOUT_ANSWER = {"canceled": Outcome.CANCELLED, "expired": Outcome.EXPIRED}


def read_line(line: bytes, mark: str) -> tuple[int, Mapping[str, object]]:
    """The item's ordinal and its result. Raises ClaudeError MALFORMED for what is no result of this part."""
    try:
        told = json.loads(line)
        custom_id, result = told["custom_id"], told["result"]
        if not custom_id.startswith(mark) or not isinstance(result, Mapping):
            raise ValueError("of another part")
        return int(custom_id.removeprefix(mark)), result
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ClaudeError(FaultKind.MALFORMED) from broken


def judged(
    item: Asked, told: Mapping[str, object], upstream: UpstreamBatch, prices: PriceSheet
) -> tuple[Result, Reply | None]:
    """The item's result, and the reply where it is good to be kept."""
    kind = told.get("type")
    if kind == "succeeded":
        return _answered(item, told.get("message"), upstream, prices)
    if kind in _WITHOUT_ANSWER:
        return item.without_answer(_WITHOUT_ANSWER[str(kind)]), None
    fault = faults.of_event(json.dumps(told.get("error")))
    return item.without_answer(Outcome.ERRORED, errors.of_fault(fault).reason_name), None


def _answered(
    item: Asked, message: object, upstream: UpstreamBatch, prices: PriceSheet
) -> tuple[Result, Reply | None]:
    gathering = Gathering(upstream.id, simulated=upstream.simulated)
    reply = None
    try:
        gathering.take_message(json.dumps(message).encode())
        reply = gathering.reply()
    except ClaudeError as fault:
        bad = errors.of_fault(fault)
        result = item.without_answer(Outcome.ERRORED, bad.reason_name)
    else:
        result = _of_reply(item, reply)
    if gathering.tokens is not None:
        # Paid for, whatever it is worth.
        day = datetime.now(UTC).date()
        result = replace(result, spent=prices.spent(gathering.tokens, item.model, day, batch=True))
    result = replace(result, upstream_id=upstream.id, simulated=upstream.simulated)
    good = result.outcome is Outcome.SUCCEEDED and result.stop_reason in _KEPT_BY
    return result, reply if good else None


def _of_reply(item: Asked, reply: Reply) -> Result:
    outcome, bad = _worth(item, reply)
    result = Result(item.ordinal, item.id, outcome, stop_reason=reply.stop_reason, model=reply.model)
    if bad is not None:
        return replace(result, reason=bad.reason_name)
    return replace(result, answer=reply.text, content=reply.content)


def _worth(item: Asked, reply: Reply) -> tuple[Outcome, DomainError | None]:
    if reply.stop_reason == "refusal":
        return Outcome.REFUSED, errors.refused()
    seal = find_seal(item.params)
    if seal and content.has(reply, seal):
        return Outcome.ERRORED, errors.prompt_leaked()
    if not item.output_schema or reply.stop_reason == "tool_use":
        return Outcome.SUCCEEDED, None
    if reply.stop_reason in _CUT_SHORT:
        return Outcome.TRUNCATED, errors.truncated()
    # As its caller will get it.
    text = item.vault.restore(reply.text, json=True)
    if read_schema(item.output_schema).problem(text) is not None:
        return Outcome.OFF_SCHEMA, errors.off_schema()
    return Outcome.SUCCEEDED, None
