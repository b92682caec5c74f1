"""How an answer ended and what it cost, as its caller is told."""

from collections.abc import Mapping, Sequence

from ai_gateway.generation.structs import to_struct
from ai_gateway.money.handlers import usage_message
from ai_gateway.money.tokens import Spent
from bloom.ai.v1 import ai_pb2, ai_service_pb2

_STOP_REASONS = {
    "": ai_pb2.STOP_REASON_UNSPECIFIED,
    "end_turn": ai_pb2.STOP_REASON_END_TURN,
    "max_tokens": ai_pb2.STOP_REASON_MAX_TOKENS,
    "stop_sequence": ai_pb2.STOP_REASON_STOP_SEQUENCE,
    "refusal": ai_pb2.STOP_REASON_REFUSAL,
    "tool_use": ai_pb2.STOP_REASON_TOOL_USE,
}


def completion(
    stop_reason: str,
    spent: Spent,
    served_from: "ai_pb2.ServedFrom.ValueType",
    model: str,
    upstream_request_id: str,
    blocks: Sequence[Mapping[str, object]],
    *,
    simulated: bool,
) -> ai_service_pb2.Completion:
    """`stop_reason` is the API's own word, or none; `blocks` those of an answer that is more than text."""
    return ai_service_pb2.Completion(
        stop_reason=_STOP_REASONS.get(stop_reason, ai_pb2.STOP_REASON_OTHER),
        usage=usage_message(spent.tokens),
        cost_micro_usd=spent.cost,
        list_cost_micro_usd=spent.list_cost,
        served_from=served_from,
        model=model,
        upstream_request_id=upstream_request_id,
        simulated=simulated,
        content=[to_struct(block) for block in blocks],
    )
