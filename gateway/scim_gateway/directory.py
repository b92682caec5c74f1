"""The auth service's ProvisioningService, called in the name of whoever called."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import grpc

from bloom.auth.v1 import auth_service_pb2_grpc, provisioning_service_pb2_grpc
from scim_gateway.tokens import Bearers
from service_runtime.clients import RemoteKeys, answers_of, connect
from service_runtime.errors import DomainError
from service_runtime.identity import ACCESS_TYPE, TokenVerifier

_SERVICES = ("bloom.auth.v1.ProvisioningService", "bloom.auth.v1.TokenService")
RequestT = TypeVar("RequestT", contravariant=True)
AnswerT = TypeVar("AnswerT", covariant=True)


class Method(Protocol[RequestT, AnswerT]):
    """A method of the stub."""

    def __call__(
        self, request: RequestT, /, *, metadata: tuple[tuple[str, str], ...]
    ) -> Awaitable[AnswerT]: ...


class Directory:
    """`provisioning` has the methods that `call` takes."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.provisioning = provisioning_service_pb2_grpc.ProvisioningServiceStub(channel)
        self._bearers = Bearers(auth_service_pb2_grpc.TokenServiceStub(channel))
        self._verifier = TokenVerifier(RemoteKeys(channel))

    async def admit(self, bearer: str) -> None:
        """Whether there is somebody behind it; auth says what he may do. Raises DomainError."""

        async def verified(token: str) -> None:
            await self._verifier.claims(token, ACCESS_TYPE)

        await self._with_token(bearer, verified)

    async def call(self, bearer: str, method: Method[RequestT, AnswerT], request: RequestT) -> AnswerT:
        """Raises DomainError for what auth refuses."""

        async def answered(token: str) -> AnswerT:
            with answers_of("auth"):
                return await method(request, metadata=(("authorization", f"Bearer {token}"),))

        return await self._with_token(bearer, answered)

    async def _with_token(self, bearer: str, use: Callable[[str], Awaitable[AnswerT]]) -> AnswerT:
        """A key whose remembered token is refused gets another one, once."""
        try:
            return await use(await self._bearers.access_token(bearer))
        except DomainError as refused:
            if refused.code is not grpc.StatusCode.UNAUTHENTICATED or not self._bearers.forget(bearer):
                raise
        return await use(await self._bearers.access_token(bearer))


@asynccontextmanager
async def directory(auth_address: str, max_seconds: float) -> AsyncIterator[Directory]:
    """Connected to auth until the block ends."""
    async with connect(auth_address, *_SERVICES, max_seconds=max_seconds) as channel:
        yield Directory(channel)
