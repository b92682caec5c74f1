"""EstimateCost: what calls would cost by today's price sheet."""

from collections.abc import Mapping
from datetime import UTC, datetime

from ai_gateway.claude.models import ModelUnavailableError, find_model
from ai_gateway.generation.errors import model_unavailable
from ai_gateway.money.prices import PriceSheet
from ai_gateway.money.tokens import Tokens
from bloom.ai.v1 import ai_pb2, ai_service_pb2


def estimate_cost(
    prices: PriceSheet,
    aliases: Mapping[str, str],
    request: ai_service_pb2.EstimateCostRequest,
    *,
    bedrock: bool,
) -> ai_service_pb2.EstimateCostResponse:
    """Raises DomainError AI_MODEL_UNAVAILABLE."""
    name, today = request.model or "standard", datetime.now(UTC).date()
    try:
        model = find_model(aliases.get(name, name), bedrock=bedrock)
    except ModelUnavailableError as unavailable:
        raise model_unavailable(unavailable) from None

    def cost(*, batch: bool) -> int:
        return sum(
            calls.count * prices.spent(_tokens(calls.usage), model.name, today, batch=batch).cost
            for calls in request.calls
        )

    return ai_service_pb2.EstimateCostResponse(
        cost_micro_usd=cost(batch=False), batch_cost_micro_usd=cost(batch=True), model=model.name
    )


def _tokens(usage: ai_pb2.Usage) -> Tokens:
    return Tokens(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_tokens,
        cache_write_5m=usage.cache_write_5m_tokens,
        cache_write_1h=usage.cache_write_1h_tokens,
    )
