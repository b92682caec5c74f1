"""Puts the gateway together: opens what it needs, and closes it in the right order."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from anthropic import AsyncAnthropic

from ai_gateway.cache.answers import AnswerCache, NoAnswerCache
from ai_gateway.cache.valkey import ValkeyAnswerCache
from ai_gateway.claude.client import api_version, open_client
from ai_gateway.claude.destination import Destination, destination
from ai_gateway.claude.models import find_model
from ai_gateway.claude.retries import Retries
from ai_gateway.claude.upstream import Upstream
from ai_gateway.egress.ledger import Ledger
from ai_gateway.generation.asking import Asking
from ai_gateway.generation.attempt import Means
from ai_gateway.generation.handlers import GenerationHandlers
from ai_gateway.generation.prompt import Defaults
from ai_gateway.generation.service import Generation
from ai_gateway.money.free_answers import FreeAnswers
from ai_gateway.money.prices import published
from ai_gateway.money.service import UsageReport
from ai_gateway.servicer import SERVICE, AiServicer
from ai_gateway.settings import AiGatewaySettings
from bloom.ai.v1 import ai_service_pb2_grpc
from service_runtime.identity import KeySource, TokenVerifier
from service_runtime.postgres import Postgres
from service_runtime.server import Parts

_log = logging.getLogger("bloom.ai")
_SETTLE_SECONDS = 10.0
# Above AI_REQUEST_TIMEOUT, so that Claude's lateness is told as such and not as the server's.
_MARGIN_SECONDS = 5.0


@asynccontextmanager
async def opened(settings: AiGatewaySettings, keys: KeySource) -> AsyncIterator[Parts]:
    """The service, ready to be served. What was paid is written before the database is let go."""
    place = destination(settings.claude_base_url, settings.environment)
    async with AsyncExitStack() as stack:
        postgres = await Postgres.connect(
            settings.database_url.unicode_string(), size=settings.database_pool_size
        )
        stack.push_async_callback(postgres.close)
        free_answers = FreeAnswers(postgres)
        stack.push_async_callback(free_answers.close)
        ledger = Ledger(postgres)
        stack.push_async_callback(ledger.drain, _SETTLE_SECONDS)
        cache = _cache(settings)
        stack.push_async_callback(cache.close)
        client = open_client(place, settings.anthropic_api_key, settings.request_seconds)
        stack.push_async_callback(client.close)
        generation = _generation(settings, place, client, ledger, cache, free_answers)
        handlers = GenerationHandlers(generation, _defaults(settings, api_version(client)))
        servicer = AiServicer(handlers, UsageReport(postgres, free_answers))
        yield Parts(
            services=[SERVICE],
            register=lambda server: ai_service_pb2_grpc.add_AiServiceServicer_to_server(servicer, server),
            verifier=TokenVerifier(keys),
            max_call_seconds=max(settings.max_call_seconds, settings.request_seconds + _MARGIN_SECONDS),
        )


def _generation(
    settings: AiGatewaySettings,
    place: Destination,
    client: AsyncAnthropic,
    ledger: Ledger,
    cache: AnswerCache,
    free_answers: FreeAnswers,
) -> Generation:
    means = Means(Upstream(client, simulator=place.simulator), place, ledger, published())
    asking = Asking(means, Retries(), settings.request_seconds)
    return Generation(asking, cache, free_answers, means.prices, place.url, api_version(client))


def _cache(settings: AiGatewaySettings) -> AnswerCache:
    return (
        ValkeyAnswerCache(settings.redis_url, settings.cache_ttl) if settings.use_redis else NoAnswerCache()
    )


def _defaults(settings: AiGatewaySettings, version: str) -> Defaults:
    deaf = sorted(
        {name for name in settings.aliases.values() if not find_model(name).takes_temperature(version)}
    )
    if deaf:
        _log.info(
            "ANTHROPIC_TEMPERATURE is not sent: these models do not take it with this version of the API",
            extra={"models": deaf, "api_version": version},
        )
    return Defaults(settings.aliases, settings.anthropic_max_tokens, settings.anthropic_temperature, version)
