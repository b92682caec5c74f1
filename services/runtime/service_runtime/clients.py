"""Calls to other services: deadline, trace and identity travel with each; one retry layer, with a budget."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from grpc_status import rpc_status
from joserfc.jwk import KeySet
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from bloom.options.v1 import policy_pb2
from service_runtime import deadlines
from service_runtime.errors import DomainError, deadline_exceeded, from_status, unavailable
from service_runtime.identity import current_identity
from service_runtime.policy import methods_of

_tracer = trace.get_tracer("service_runtime")
_RETRIED = (policy_pb2.IDEMPOTENCY_READ, policy_pb2.IDEMPOTENCY_NATURAL)
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024


def connect(
    address: str, *services: str, max_seconds: float = 60.0, workload: "WorkloadTokens | None" = None
) -> grpc.aio.Channel:
    """A channel to `address` for these services (`bloom.auth.v1.AuthService`)."""
    options = [
        ("grpc.service_config", json.dumps(_service_config(services))),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        # A peer that restarts is found again within a second, not after gRPC's two minutes.
        ("grpc.max_reconnect_backoff_ms", 1000),
    ]
    outgoing = _Outgoing(max_seconds, workload)
    return grpc.aio.insecure_channel(
        address, options, interceptors=[_UnaryCalls(outgoing), _StreamCalls(outgoing)]
    )


@contextlib.contextmanager
def answers_of(dependency: str) -> Iterator[None]:
    """Turns what another service answered into DomainError: its own refusal, or its being away."""
    try:
        yield
    except grpc.aio.AioRpcError as failed:
        raise domain_error(failed, dependency) from failed


def domain_error(failed: grpc.aio.AioRpcError, dependency: str) -> DomainError:
    """The refusal that the other service made; one without details means that it could not be reached."""
    status = rpc_status.from_call(failed)  # type: ignore[arg-type]  # has all that a Call needs here
    if status is not None:
        return from_status(status)
    if failed.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return deadline_exceeded()
    return unavailable(dependency)


class RemoteKeys:
    """The auth service's public keys, over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = auth_service_pb2_grpc.AuthServiceStub(channel)

    async def fetch(self) -> KeySet:
        """Raises DomainError DEPENDENCY_UNAVAILABLE when auth does not answer."""
        try:
            body = await self._stub.GetJwks(auth_service_pb2.GetJwksRequest(), timeout=5, wait_for_ready=True)
        except grpc.aio.AioRpcError as failed:
            raise unavailable("auth") from failed
        return KeySet.import_key_set(json.loads(body.data))


class WorkloadTokens:
    """This service's own token, renewed before it ends; and tokens of subjects for work done later."""

    def __init__(self, channel: grpc.aio.Channel, client_id: str, client_secret: Callable[[], str]) -> None:
        self._stub = auth_service_pb2_grpc.TokenServiceStub(channel)
        self._client_id = client_id
        self._client_secret = client_secret
        self._token, self._renew_at = "", 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """Raises DomainError when auth refuses or does not answer."""
        async with self._lock:
            if time.monotonic() >= self._renew_at:
                request = auth_service_pb2.IssueTokenRequest(
                    client_id=self._client_id, client_secret=self._client_secret()
                )
                with answers_of("auth"):
                    answer = await self._stub.IssueToken(request, timeout=10, wait_for_ready=True)
                self._token = answer.tokens.access_token
                # Renewed at four fifths of its life, so that no call leaves with a token about to end.
                self._renew_at = time.monotonic() + answer.tokens.expires_in * 0.8
            return self._token

    async def for_subject(self, subject: str, organization: str) -> str:
        """An access token of `users/…` in `organizations/…`, with its permissions as they are now."""
        request = auth_service_pb2.ExchangeTokenRequest(subject=subject, organization=organization)
        metadata = (("x-bloom-workload", await self.token()),)
        with answers_of("auth"):
            answer = await self._stub.ExchangeToken(
                request, timeout=10, wait_for_ready=True, metadata=metadata
            )
        return str(answer.tokens.access_token)


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """What every outgoing call carries."""

    max_seconds: float
    workload: WorkloadTokens | None

    async def details(self, details: grpc.aio.ClientCallDetails) -> grpc.aio.ClientCallDetails:
        carrier: dict[str, str] = {}
        propagate.inject(carrier)
        given = tuple(details.metadata or ())
        token = current_identity.get().token
        if token:
            carrier["authorization"] = f"Bearer {token}"
        if self.workload is not None:
            carrier["x-bloom-workload"] = await self.workload.token()
        taken = {key for key, _ in given}
        metadata = grpc.aio.Metadata(
            *given, *((key.lower(), value) for key, value in carrier.items() if key.lower() not in taken)
        )
        timeout = deadlines.for_next_hop(self.max_seconds)
        if details.timeout is not None:
            timeout = min(timeout, details.timeout)
        return grpc.aio.ClientCallDetails(
            details.method, timeout, metadata, details.credentials, details.wait_for_ready
        )


class _UnaryCalls(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, outgoing: _Outgoing) -> None:
        self._outgoing = outgoing

    async def intercept_unary_unary(
        self, continuation: Any, details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        with _client_span(details.method):
            call = await continuation(await self._outgoing.details(details), request)
            try:
                await call.code()
            except asyncio.CancelledError:
                # Who stops waiting for the status has not told the server so: it would work on for nobody.
                call.cancel()
                raise
            return call


class _StreamCalls(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, outgoing: _Outgoing) -> None:
        self._outgoing = outgoing

    async def intercept_unary_stream(
        self, continuation: Any, details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        # The span tells when the stream was asked for; what it carried is the server's span.
        with _client_span(details.method):
            return await continuation(await self._outgoing.details(details), request)


@contextlib.contextmanager
def _client_span(path: str | bytes) -> Iterator[None]:
    name = path.decode() if isinstance(path, bytes) else path
    service, _, method = name.strip("/").rpartition("/")
    attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
    with _tracer.start_as_current_span(f"{service}/{method}", kind=SpanKind.CLIENT, attributes=attributes):
        yield


def _service_config(services: tuple[str, ...]) -> dict[str, object]:
    """gRPC's own retries: UNAVAILABLE alone, of methods that may be repeated, and at most a tenth on top."""
    names = [
        {"service": method.service, "method": method.name}
        for service in services
        for method in methods_of(service)
        if method.idempotency in _RETRIED and not method.client_streaming
    ]
    policy = {
        "maxAttempts": 3, "initialBackoff": "0.05s", "maxBackoff": "1s", "backoffMultiplier": 3,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }  # fmt: skip
    methods = [{"name": names, "retryPolicy": policy}] if names else []
    return {"methodConfig": methods, "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}}
