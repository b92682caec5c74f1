"""The auth service as the pages call it: in the name of a browser, and of who is signed in there."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import grpc
from starlette.requests import Request

from bloom.auth.v1 import (
    account_service_pb2_grpc,
    auth_service_pb2_grpc,
    factor_service_pb2_grpc,
    invitation_service_pb2_grpc,
    membership_service_pb2_grpc,
    session_service_pb2_grpc,
    sso_service_pb2_grpc,
)
from service_runtime.clients import answers_of

SERVICES = tuple(
    f"bloom.auth.v1.{name}Service"
    for name in ("Auth", "Account", "Factor", "Invitation", "Membership", "Session", "Sso")
)
_LONGEST_AGENT = 300
RequestT = TypeVar("RequestT", contravariant=True)
AnswerT = TypeVar("AnswerT", covariant=True)


class Method(Protocol[RequestT, AnswerT]):
    """A method of a stub."""

    def __call__(
        self, request: RequestT, /, *, metadata: tuple[tuple[str, str], ...]
    ) -> Awaitable[AnswerT]: ...


@dataclass(frozen=True, slots=True)
class Browser:
    """As the edge tells it: its address, which no caller can choose, and what it calls itself."""

    address: str
    user_agent: str

    @classmethod
    def of(cls, request: Request) -> "Browser":
        """Who asks."""
        agent = request.headers.get("user-agent", "")[:_LONGEST_AGENT]
        printable = "".join(character for character in agent if " " <= character <= "~")
        return cls(request.headers.get("x-envoy-external-address", ""), printable)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """For auth, which counts tries by it and shows it in the list of sessions."""
        told = (("x-envoy-external-address", self.address), ("x-bloom-user-agent", self.user_agent))
        return tuple(pair for pair in told if pair[1])


class Auth:
    """Its services, by their names."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        self.accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        self.factors = factor_service_pb2_grpc.FactorServiceStub(channel)
        self.invitations = invitation_service_pb2_grpc.InvitationServiceStub(channel)
        self.memberships = membership_service_pb2_grpc.MembershipServiceStub(channel)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self.sso = sso_service_pb2_grpc.SsoServiceStub(channel)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls in the name of one browser; with a token, of who is signed in there."""

    browser: Browser
    token: str = field(default="", repr=False)

    async def __call__(self, method: Method[RequestT, AnswerT], request: RequestT) -> AnswerT:
        """Raises DomainError."""
        bearer = (("authorization", f"Bearer {self.token}"),) if self.token else ()
        with answers_of("auth"):
            return await method(request, metadata=(*self.browser.metadata, *bearer))
