"""The request path over a real server and channel: each stage refuses what it must, in its order."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bloom.auth.v1 import (
    auth_service_pb2,
    auth_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
)
from service_runtime import clients, deadlines, telemetry
from service_runtime.errors import DomainError, not_found
from service_runtime.identity import TokenVerifier, current_identity
from service_runtime.policy import UndeclaredPolicyError, methods_of
from service_runtime.server import Parts, running
from service_runtime.settings import ServiceSettings

SERVICES = ("bloom.auth.v1.AuthService", "bloom.auth.v1.DirectoryService", "bloom.auth.v1.TokenService")


@dataclass
class Probe(
    auth_service_pb2_grpc.AuthServiceServicer,
    directory_service_pb2_grpc.DirectoryServiceServicer,
    auth_service_pb2_grpc.TokenServiceServicer,
):
    """A service whose behaviour a test sets; it sees what reaches a handler."""

    act: Callable[[], object] = lambda: None
    reached: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def GetMe(self, request, context):  # noqa: N802
        self.reached += 1
        outcome = self.act()
        if asyncio.iscoroutine(outcome):
            await outcome
        return auth_service_pb2.GetMeResponse(subject=current_identity.get().subject)

    async def GetUser(self, request, context):  # noqa: N802
        self.reached += 1
        raise not_found(request.name)

    async def UpdateUser(self, request, context):  # noqa: N802
        self.reached += 1
        raise not_found(request.user.name)

    async def ExchangeToken(self, request, context):  # noqa: N802
        self.reached += 1
        return auth_service_pb2.ExchangeTokenResponse()


@asynccontextmanager
async def serving(verifier: TokenVerifier, probe: Probe, **settings) -> AsyncIterator[str]:
    def register(server: grpc.aio.Server) -> None:
        auth_service_pb2_grpc.add_AuthServiceServicer_to_server(probe, server)
        directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server(probe, server)
        auth_service_pb2_grpc.add_TokenServiceServicer_to_server(probe, server)

    given = {
        "listen_address": "127.0.0.1:0",
        "database_url": "postgresql://x/y",
        "drain_seconds": 0,
        **settings,
    }
    async with running(ServiceSettings(**given), Parts(SERVICES, register, verifier)) as live:
        yield f"127.0.0.1:{live.port}"


@pytest.fixture
def probe() -> Probe:
    return Probe()


@asynccontextmanager
async def calling(address: str) -> AsyncIterator[Callable[..., object]]:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel)

        async def get_me(token: str = "", **options):
            metadata = [("authorization", f"Bearer {token}")] if token else []
            return await stub.GetMe(auth_service_pb2.GetMeRequest(), metadata=metadata, **options)

        yield get_me


async def refused(call) -> tuple[grpc.StatusCode, str, dict[str, str]]:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    info = error_details_pb2.ErrorInfo()
    status = rpc_status.from_call(failed.value)
    if status is not None:
        status.details[0].Unpack(info)
    return failed.value.code(), info.reason, dict(info.metadata)


async def test_a_handler_sees_the_verified_subject(signer, verifier, probe):
    async with serving(verifier, probe) as address, calling(address) as get_me:
        answer = await get_me(signer.subject(sub="users/u1"))
    assert answer.subject == "users/u1"


async def test_without_a_token_nothing_is_reached(verifier, probe):
    async with serving(verifier, probe) as address, calling(address) as get_me:
        assert (await refused(get_me()))[:2] == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
    assert probe.reached == 0


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"auth_time": 0}, "NOT_FOUND"),
        ({"auth_time": -890}, "NOT_FOUND"),
        ({"auth_time": -910}, "STEP_UP_REQUIRED"),
        ({}, "STEP_UP_REQUIRED"),
        ({"auth_time": "now"}, "STEP_UP_REQUIRED"),
        ({"act": {"sub": "workloads/contracts"}}, "STEP_UP_REQUIRED"),
        ({"key": "1"}, "NOT_FOUND"),
        ({"sub": "serviceAccounts/1"}, "NOT_FOUND"),
    ],
)
async def test_what_is_dangerous_asks_a_person_once_more(signer, verifier, probe, claims, reason):
    if isinstance(claims.get("auth_time"), int):
        claims = {"auth_time": int(time.time()) + claims["auth_time"]}
    token = signer.subject(permissions=("users.write",), **claims)
    async with serving(verifier, probe) as address, grpc.aio.insecure_channel(address) as channel:
        stub = directory_service_pb2_grpc.DirectoryServiceStub(channel)
        request = directory_service_pb2.UpdateUserRequest(user={"name": f"users/{'0' * 36}"})
        call = stub.UpdateUser(request, metadata=[("authorization", f"Bearer {token}")])
        code, told, metadata = await refused(call)
    assert (told, probe.reached) == (reason, int(reason == "NOT_FOUND"))
    if told == "STEP_UP_REQUIRED":
        assert (code, metadata) == (grpc.StatusCode.UNAUTHENTICATED, {"max_age_seconds": "900"})


async def test_permission_is_asked_for_before(signer, verifier, probe):
    async with serving(verifier, probe) as address, grpc.aio.insecure_channel(address) as channel:
        stub = directory_service_pb2_grpc.DirectoryServiceStub(channel)
        request = directory_service_pb2.UpdateUserRequest(user={"name": f"users/{'0' * 36}"})
        call = stub.UpdateUser(request, metadata=[("authorization", f"Bearer {signer.subject()}")])
        assert (await refused(call))[1] == "PERMISSION_DENIED"


async def test_the_declared_permission_is_needed(signer, verifier, probe):
    async with serving(verifier, probe) as address, grpc.aio.insecure_channel(address) as channel:
        stub = directory_service_pb2_grpc.DirectoryServiceStub(channel)
        request = directory_service_pb2.GetUserRequest(name=f"users/{'0' * 36}")

        def get_user(*permissions: str):
            return stub.GetUser(
                request, metadata=[("authorization", f"Bearer {signer.subject(permissions=permissions)}")]
            )

        assert await refused(get_user("contracts.read")) == (
            grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED", {"permission": "users.read"},
        )  # fmt: skip
        assert probe.reached == 0
        assert (await refused(get_user("users.read")))[1] == "NOT_FOUND"


async def test_permission_of_the_subject_is_not_given_by_the_workload(signer, verifier, probe):
    async with serving(verifier, probe) as address, grpc.aio.insecure_channel(address) as channel:
        stub = auth_service_pb2_grpc.TokenServiceStub(channel)
        request = auth_service_pb2.ExchangeTokenRequest(
            subject=f"users/{'0' * 36}", organization=f"organizations/{'0' * 36}"
        )
        person = [("authorization", f"Bearer {signer.subject(permissions=('users.write',))}")]
        assert (await refused(stub.ExchangeToken(request, metadata=person)))[1] == "WORKLOAD_REQUIRED"
        await stub.ExchangeToken(request, metadata=[("x-bloom-workload", signer.workload())])


async def test_validation_names_each_field(signer, verifier, probe):
    async with serving(verifier, probe) as address, grpc.aio.insecure_channel(address) as channel:
        stub = auth_service_pb2_grpc.TokenServiceStub(channel)
        call = stub.ExchangeToken(
            auth_service_pb2.ExchangeTokenRequest(), metadata=[("x-bloom-workload", signer.workload())]
        )
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call
    bad = error_details_pb2.BadRequest()
    rpc_status.from_call(failed.value).details[1].Unpack(bad)
    assert {item.field for item in bad.field_violations} == {"subject", "organization"}
    assert probe.reached == 0


async def test_an_unexpected_error_tells_nothing_of_itself(signer, verifier, probe, caplog):
    def act():
        raise RuntimeError("password=hunter2")

    probe.act = act
    async with serving(verifier, probe) as address, calling(address) as get_me:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await get_me(signer.subject())
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert "hunter2" not in str(rpc_status.from_call(failed.value))
    assert "hunter2" in caplog.text


async def test_a_call_without_deadline_gets_the_servers(signer, verifier, probe):
    probe.act = lambda: asyncio.Event().wait()
    async with serving(verifier, probe, max_call_seconds=0.1) as address, calling(address) as get_me:
        assert (await refused(get_me(signer.subject())))[1] == "DEADLINE_EXCEEDED"


async def test_the_callers_deadline_reaches_the_handler(signer, verifier, probe):
    seen = []
    probe.act = lambda: seen.append(deadlines.remaining(100.0))
    async with serving(verifier, probe) as address, calling(address) as get_me:
        await get_me(signer.subject(), timeout=5)
    assert 0 < seen[0] < 6


async def test_overload_is_answered_at_once_with_a_delay(signer, verifier, probe):
    entered = asyncio.Event()

    async def wait() -> None:
        entered.set()
        await probe.released.wait()

    probe.act = wait
    async with serving(verifier, probe, max_concurrent_calls=1) as address, calling(address) as get_me:
        first = asyncio.create_task(get_me(signer.subject()))
        await entered.wait()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await get_me(signer.subject())
        probe.released.set()
        await first
        await get_me(signer.subject())  # the place is free again
    status = rpc_status.from_call(failed.value)
    assert failed.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)


async def test_health_needs_no_token_and_turns_before_the_drain(verifier, probe):
    async with serving(verifier, probe) as address, grpc.aio.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service="bloom.auth.v1.AuthService"))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_drain_lets_a_running_call_finish(signer, verifier, probe):
    entered = asyncio.Event()

    async def wait() -> None:
        entered.set()
        await probe.released.wait()

    probe.act = wait
    server = serving(verifier, probe, drain_seconds=5)
    address = await server.__aenter__()
    async with calling(address) as get_me:
        running_call = asyncio.create_task(get_me(signer.subject(sub="users/u1")))
        await entered.wait()
        leaving = asyncio.create_task(server.__aexit__(None, None, None))
        probe.released.set()
        assert (await running_call).subject == "users/u1"
        await leaving


def test_a_method_without_policy_is_refused():
    with pytest.raises(UndeclaredPolicyError):
        methods_of("grpc.health.v1.Health")


async def test_identity_trace_and_deadline_travel_with_an_outgoing_call(signer, verifier, probe):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    seen = []
    probe.act = lambda: seen.append((deadlines.remaining(100.0), telemetry.trace_id()))
    token = signer.subject(sub="users/u1")
    async with serving(verifier, probe) as address, clients.connect(address, *SERVICES) as channel:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel)
        reset = current_identity.set(type(current_identity.get())(subject="users/u1", token=token))
        waiting = deadlines.set_remaining(3)
        answer = await stub.GetMe(auth_service_pb2.GetMeRequest())
        deadlines.reset(waiting)
        current_identity.reset(reset)
    assert answer.subject == "users/u1"
    assert seen[0][0] <= 3


async def test_another_services_refusal_keeps_its_reason(signer, verifier, probe):
    async with serving(verifier, probe) as address, clients.connect(address, *SERVICES) as channel:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel)
        with pytest.raises(DomainError) as refusal, clients.answers_of("auth"):
            await stub.GetMe(auth_service_pb2.GetMeRequest())
    assert refusal.value.reason_name == "TOKEN_MISSING"


async def test_a_service_that_is_away_is_a_dependency(verifier, probe):
    async with clients.connect("127.0.0.1:1", *SERVICES, max_seconds=2) as channel:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel)
        with pytest.raises(DomainError) as refusal, clients.answers_of("auth"):
            await stub.GetMe(auth_service_pb2.GetMeRequest())
    assert refusal.value.reason_name == "DEPENDENCY_UNAVAILABLE"


def test_log_lines_are_json_with_the_trace(capsys):
    record = logging.makeLogRecord(
        {"name": "bloom", "msg": "hello %s", "args": ("you",), "levelname": "INFO", "org": "o"}
    )
    with trace.use_span(TracerProvider().get_tracer("t").start_span("s")) as span:
        line = json.loads(telemetry.JsonFormatter("auth").format(record))
    assert line["message"] == "hello you"
    assert line["org"] == "o"
    assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"


@pytest.mark.parametrize(
    "metadata",
    [
        {"traceparent": "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"},
        {"x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"},
    ],
    ids=["W3C", "X-Ray"],
)
def test_the_callers_trace_goes_on(metadata):
    telemetry.propagate_both()
    span = trace.get_current_span(telemetry.caller_context(metadata)).get_span_context()
    assert f"{span.trace_id:032x}" == "5759e988bd862e3fe1be46a994272793"
    assert f"{span.span_id:016x}" == "53995c3f42cd8ad8"
