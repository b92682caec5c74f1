"""Puts the gateway together: opens what it needs, and closes it in the right order."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import grpc

from ai_gateway import metrics
from ai_gateway.batches.handlers import SERVICE as BATCH_SERVICE
from ai_gateway.batches.handlers import BatchServicer
from ai_gateway.batches.runner import Runner
from ai_gateway.batches.service import Batches
from ai_gateway.batches.times import Times
from ai_gateway.batches.tools import Tools
from ai_gateway.batches.wire import BatchWire
from ai_gateway.cache.kept import KeptAnswers
from ai_gateway.claude.breaker import Breakers
from ai_gateway.claude.connection import connected
from ai_gateway.claude.models import find_model
from ai_gateway.claude.retries import Retries
from ai_gateway.egress.ledger import Ledger
from ai_gateway.egress.sweep import sweep
from ai_gateway.flights.board import Alone
from ai_gateway.flights.flights import Flights
from ai_gateway.flights.valkey import ValkeyBoard
from ai_gateway.generation.asking import Asking
from ai_gateway.generation.attempt import Means
from ai_gateway.generation.handlers import GenerationHandlers
from ai_gateway.generation.prompt import Defaults
from ai_gateway.generation.service import Generation
from ai_gateway.limits.board import NoBoard, SharedBoard
from ai_gateway.limits.buckets import Allowance, LocalBuckets
from ai_gateway.limits.gate import Gate
from ai_gateway.limits.lanes import Lanes
from ai_gateway.limits.orgs import OrgLimits
from ai_gateway.limits.pace import Pace
from ai_gateway.limits.shared_buckets import SharedBuckets
from ai_gateway.money.free_answers import FreeAnswers
from ai_gateway.money.prices import published
from ai_gateway.money.service import UsageReport
from ai_gateway.servicer import SERVICE, AiServicer
from ai_gateway.settings import AiGatewaySettings
from ai_gateway.valkey import Valkey
from bloom.ai.v1 import ai_service_pb2_grpc, batch_service_pb2_grpc
from service_runtime import tasks
from service_runtime.identity import KeySource, TokenVerifier
from service_runtime.postgres import Postgres
from service_runtime.relay import relay
from service_runtime.revocation import following
from service_runtime.server import Parts

_log = logging.getLogger("bloom.ai")
_SETTLE_SECONDS = 10.0
_RELAY_SECONDS = 1.0
# Above AI_REQUEST_TIMEOUT, so that Claude's lateness is told as such and not as the server's.
_MARGIN_SECONDS = 5.0
# Claude takes many megabytes before it answers; within the lease of who sends them.
_LEAST_BATCH_SECONDS = 60.0


@asynccontextmanager
async def opened(
    settings: AiGatewaySettings, keys: KeySource, times: Times | None = None
) -> AsyncIterator[Parts]:
    """The service, ready to be served. What was paid is written before the database is let go."""
    place = settings.place
    async with AsyncExitStack() as stack:
        postgres = await Postgres.connect(
            settings.database_url.unicode_string(), size=settings.database_pool_size
        )
        stack.push_async_callback(postgres.close)
        free_answers = FreeAnswers(postgres)
        stack.push_async_callback(free_answers.close)
        ledger = Ledger(postgres)
        stack.push_async_callback(ledger.drain, _SETTLE_SECONDS)
        valkey = Valkey(settings.redis_url) if settings.use_redis else None
        if valkey is not None:
            stack.push_async_callback(valkey.close)
            await valkey.warm()
        board = ValkeyBoard(valkey, settings.redis_url, settings.cache_ttl) if valkey is not None else Alone()
        stack.push_async_callback(board.close)
        upstream = await stack.enter_async_context(connected(settings))
        flights = Flights(board, settings.request_seconds, share=settings.single_flight)
        stack.push_async_callback(flights.close)
        gate = _gate(settings, valkey)
        stack.push_async_callback(gate.close)
        means = Means(upstream, place, ledger, published(), gate)
        breakers = Breakers()
        stack.enter_context(metrics.watched(gate, breakers))
        asking = Asking(means, Retries(), breakers, settings.request_seconds)
        generation = Generation(asking, flights, free_answers, means.prices, place.url, upstream.api_version)
        wire = BatchWire(upstream, place, max(settings.request_seconds, _LEAST_BATCH_SECONDS))
        tools = Tools(postgres, wire, board, means.prices, place.url, upstream.api_version, times or Times())
        for work in (
            sweep(postgres, timedelta(seconds=settings.request_seconds)),
            relay(postgres, every_seconds=_RELAY_SECONDS),
            # Also where no batch can be created: what was created before is ended.
            Runner(tools).run(),
        ):
            stack.push_async_callback(tasks.end, asyncio.create_task(work))
        defaults = _defaults(settings, upstream.api_version)
        servicer = AiServicer(
            GenerationHandlers(generation, defaults), UsageReport(postgres, free_answers), postgres, board,
            KeptAnswers(valkey, settings.cache_ttl),
        )  # fmt: skip
        batches = Batches(postgres, wire, means.prices, gate.orgs)
        batch_servicer = BatchServicer(batches, defaults, postgres)

        def register(server: grpc.aio.Server) -> None:
            ai_service_pb2_grpc.add_AiServiceServicer_to_server(servicer, server)
            batch_service_pb2_grpc.add_BatchServiceServicer_to_server(batch_servicer, server)

        revocations = await stack.enter_async_context(following(settings.redis_url))
        yield Parts(
            services=[SERVICE, BATCH_SERVICE],
            register=register,
            verifier=TokenVerifier(keys, revocations),
            max_call_seconds=max(settings.max_call_seconds, settings.request_seconds + _MARGIN_SECONDS),
        )


def _gate(settings: AiGatewaySettings, valkey: Valkey | None) -> Gate:
    allowance = Allowance(settings.org_requests_per_minute, settings.org_tokens_per_minute)
    lanes = Lanes(settings.upstream_capacity)
    if valkey is None:
        return Gate(OrgLimits(LocalBuckets(), allowance), Pace(NoBoard()), lanes)
    return Gate(
        OrgLimits(SharedBuckets(valkey), allowance), Pace(SharedBoard(valkey, settings.place.url)), lanes
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
    return Defaults(
        settings.aliases,
        settings.anthropic_max_tokens,
        settings.anthropic_temperature,
        version,
        bedrock=settings.claude_transport == "bedrock",
    )
