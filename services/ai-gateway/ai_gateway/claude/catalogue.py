"""ListModels: what may be asked, what it costs today, and when it ends."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from ai_gateway.claude.models import Model, ModelUnavailableError, find_model, known_models, retirement
from ai_gateway.money.prices import Price, PriceSheet
from bloom.ai.v1 import ai_service_pb2


def list_models(
    prices: PriceSheet, aliases: Mapping[str, str], *, bedrock: bool
) -> ai_service_pb2.ListModelsResponse:
    """Those that would not be refused today."""
    today = datetime.now(UTC).date()
    offered = [model for model in known_models() if _is_offered(model, today, bedrock=bedrock)]
    return ai_service_pb2.ListModelsResponse(
        models=[_model(model, prices.short_prompt(model.name, today), aliases) for model in offered]
    )


def _is_offered(model: Model, today: date, *, bedrock: bool) -> bool:
    try:
        find_model(model.name, today, bedrock=bedrock)
    except ModelUnavailableError:
        return False
    return True


def _model(model: Model, price: Price, aliases: Mapping[str, str]) -> ai_service_pb2.Model:
    end = retirement(model.name)
    return ai_service_pb2.Model(
        name=model.name,
        aliases=sorted(alias for alias, name in aliases.items() if name == model.name),
        max_output_tokens=model.max_output,
        retirement_day=end.isoformat() if end else "",
        price=ai_service_pb2.Price(
            input=str(price.input),
            output=str(price.output),
            cache_read=str(price.read),
            cache_write_5m=str(price.write_5m),
            cache_write_1h=str(price.write_1h),
        ),
    )
