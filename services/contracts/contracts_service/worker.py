"""The job worker: takes jobs from the queue, and answers health checks like every service."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import asyncpg
import grpc
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job as QueuedJob

from bloom.ai.v1 import ai_service_pb2_grpc, batch_service_pb2_grpc
from contracts_service.analysis.patient import PatientReader
from contracts_service.analysis.reader import Reader
from contracts_service.analysis.service import Analyst, TryAgainError
from contracts_service.contracts.intake import Intake
from contracts_service.documents.objects import Objects
from contracts_service.exports.exporter import Exporter
from contracts_service.exports.leftovers import Leftovers
from contracts_service.history.signing import RemoteSigner
from contracts_service.imports.model import Turn
from contracts_service.imports.porter import Porter, Subjects
from contracts_service.keeping.sweeping import Sweeper
from contracts_service.queue import EXPORT, IMPORT, Job, follow
from contracts_service.settings import ContractsSettings
from service_runtime import settings as runtime_settings
from service_runtime import tasks
from service_runtime.auditing.heads import SignedHeads
from service_runtime.clients import RemoteKeys, WorkloadTokens, connect
from service_runtime.errors import DomainError, unavailable
from service_runtime.identity import Identity, TokenVerifier, identify
from service_runtime.postgres import Postgres
from service_runtime.relay import relay
from service_runtime.server import Parts, serve

_log = logging.getLogger("bloom.worker")
# How long a job waits when the database itself was away while it ran.
_AFTER_OUTAGE = timedelta(seconds=1)


@asynccontextmanager
async def working(settings: ContractsSettings, *, ended: asyncio.Event) -> AsyncIterator[None]:
    """Works on jobs inside the block; `ended` is set when the queue cannot be followed.

    Leaving the block lets running jobs finish for `drain_seconds`; what is not done by then goes back into
    the queue. A worker that is killed leaves its jobs to the others, once its heartbeat is stale.
    """
    async with AsyncExitStack() as stack:
        analyst = await stack.enter_async_context(analysing(settings))
        # A plain pool: the queue's own statements expect asyncpg's own types.
        pool = await stack.enter_async_context(
            asyncpg.create_pool(str(settings.database_url), min_size=3, max_size=7)
        )
        stopping = asyncio.Event()
        heartbeat = timedelta(seconds=settings.job_heartbeat_seconds)
        analyses = follow(
            pool,
            partial(_work, lambda payload: analyst.attempt(Job.from_bytes(payload))),
            heartbeat=heartbeat,
            parallel=settings.worker_jobs,
            stopping=stopping,
        )
        subjects = await stack.enter_async_context(known_subjects(settings))
        objects = Objects.open(settings.object_store_url)
        intake = Intake(analyst.postgres, objects, settings.max_upload_bytes)
        porter = Porter(
            analyst.postgres,
            objects,
            intake,
            subjects,
            settings.import_attempts,
            settings.analysis_standard_uses,
        )
        imports = follow(
            pool,
            partial(_work, lambda payload: porter.take(Turn.from_bytes(payload))),
            heartbeat=heartbeat,
            parallel=settings.import_jobs,
            stopping=stopping,
            entrypoint=IMPORT,
        )
        exporter = Exporter(analyst.postgres, objects, subjects, settings.export_attempts)
        exports = follow(
            pool,
            partial(_work, lambda payload: exporter.attempt(Job.from_bytes(payload))),
            heartbeat=heartbeat,
            parallel=2,
            stopping=stopping,
            entrypoint=EXPORT,
        )
        following = set(map(asyncio.create_task, (analyses, imports, exports)))
        for queue in following:
            queue.add_done_callback(lambda _task: ended.set())
        relaying = asyncio.create_task(relay(analyst.postgres, every_seconds=settings.relay_seconds))
        heads = SignedHeads(
            analyst.postgres, RemoteSigner(await stack.enter_async_context(_signing(settings)))
        )
        signing = asyncio.create_task(heads.keep(settings.audit_head_seconds))
        sweeper = Sweeper(analyst.postgres, objects)
        sweeping = asyncio.create_task(sweeper.keep(settings.keeping_seconds))
        leftovers = asyncio.create_task(Leftovers(analyst.postgres, objects).keep(settings.keeping_seconds))
        try:
            yield
        finally:
            await asyncio.gather(*map(tasks.end, (relaying, signing, sweeping, leftovers)))
            stopping.set()
            await asyncio.wait(following, timeout=settings.drain_seconds)
            for queue in following:
                queue.cancel()
            await asyncio.gather(*following, return_exceptions=True)


@asynccontextmanager
async def _signing(settings: ContractsSettings) -> AsyncIterator[grpc.aio.Channel]:
    """To auth, in this workload's name."""
    secret = settings.workload_client_secret
    async with connect(settings.auth_address, "bloom.auth.v1.TokenService") as auth:
        workload = WorkloadTokens(auth, settings.workload_client_id, secret.get_secret_value)
        async with connect(settings.auth_address, "bloom.auth.v1.AuditService", workload=workload) as channel:
            yield channel


@asynccontextmanager
async def analysing(settings: ContractsSettings) -> AsyncIterator[Analyst]:
    """An analyst with its connections: to PostgreSQL, to auth for the subjects' tokens, to the AI gateway."""
    async with AsyncExitStack() as stack:
        auth = await stack.enter_async_context(connect(settings.auth_address, "bloom.auth.v1.TokenService"))
        secret = settings.workload_client_secret
        workload = WorkloadTokens(auth, settings.workload_client_id, secret.get_secret_value)
        channel = connect(
            settings.ai_gateway_address,
            "bloom.ai.v1.AiService",
            "bloom.ai.v1.BatchService",
            max_seconds=180,
            workload=workload,
        )
        ai = await stack.enter_async_context(channel)
        postgres = await Postgres.connect(str(settings.database_url), size=settings.database_pool_size)
        stack.push_async_callback(postgres.close)
        reader = Reader(ai_service_pb2_grpc.AiServiceStub(ai), settings.analysis_parallel_groups)
        yield Analyst(
            postgres,
            reader,
            PatientReader(batch_service_pb2_grpc.BatchServiceStub(ai)),
            workload.for_subject,
            settings.analysis_attempts,
            settings.analysis_request_tokens,
            settings.analysis_cancel_seconds,
            settings.analysis_poll_seconds,
        )


@asynccontextmanager
async def known_subjects(settings: ContractsSettings) -> AsyncIterator[Subjects]:
    """Subjects with the permissions that they have now, by the tokens that auth gives for them."""
    secret = settings.workload_client_secret
    async with connect(
        settings.auth_address, "bloom.auth.v1.AuthService", "bloom.auth.v1.TokenService"
    ) as auth:
        workload = WorkloadTokens(auth, settings.workload_client_id, secret.get_secret_value)
        verifier = TokenVerifier(RemoteKeys(auth))

        async def subject(name: str, org_id: UUID) -> Identity:
            token = await workload.for_subject(name, f"organizations/{org_id}")
            try:
                return await identify(verifier, token, "")
            except DomainError as unread:
                # Auth has just given it: our copy of its keys is older than the token.
                raise unavailable("auth") from unread

        yield subject


async def _work(attempt: Callable[[bytes], Awaitable[None]], queued: QueuedJob) -> None:
    try:
        await attempt(queued.payload or b"")
    except TryAgainError as later:
        raise RetryRequested(later.delay, str(later)) from later
    except DomainError as outage:
        raise RetryRequested(_AFTER_OUTAGE, outage.message) from outage
    except asyncio.CancelledError as stopping:
        raise RetryRequested(timedelta(0), "the worker stops") from stopping


def main() -> None:
    """`python -m contracts_service.worker`"""
    settings = runtime_settings.load(ContractsSettings)

    @asynccontextmanager
    async def build() -> AsyncIterator[Parts]:
        async with connect(settings.auth_address, "bloom.auth.v1.AuthService") as auth:
            ended = asyncio.Event()
            async with working(settings, ended=ended):
                verifier = TokenVerifier(RemoteKeys(auth))
                yield Parts(services=(), register=lambda _server: None, verifier=verifier, ended=ended)

    serve("contracts-worker", settings, build)


if __name__ == "__main__":
    main()
