"""The way to a gateway: where it is, and in whose name it is called."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import grpc
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ai_gateway.cli.local_mesh_file import LocalMesh, find_mesh
from ai_gateway.cli.problems import CommandError, explained
from bloom.ai.v1 import ai_service_pb2_grpc
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc

_MAX_MESSAGE_BYTES = 32 * 1024 * 1024
_LOGIN_SECONDS = 15.0
_TARGET = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})"
)
_HERE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_RUNNING = "Is the mesh up? `make up` starts it."
_REACHED = "Elsewhere than on this machine it is called by TLS; http:// before the address calls it without."
_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")
Metadata = tuple[tuple[str, str], ...]


class Way(BaseSettings):
    """From the environment; the command line goes first. Tokens do not print."""

    model_config = SettingsConfigDict(env_prefix="BLOOM_AI_", extra="ignore")

    # `host:port`; the mesh of `make up` where it is empty.
    target: str = ""
    token: SecretStr = SecretStr("")
    # Of the service in whose name Claude is asked; only `try` needs one.
    workload_token: SecretStr = SecretStr("")
    # Where `make up` keeps its state; the nearest `.local` else.
    state: Path | None = Field(default=None, validation_alias="LOCAL_STATE")


@dataclass(frozen=True, slots=True)
class Gateway:
    """An open way to it. `seconds` is what a call may take."""

    stub: ai_service_pb2_grpc.AiServiceStub
    metadata: Metadata
    seconds: float

    def call(self, method: "grpc.UnaryUnaryMultiCallable[_Request, _Answer]", request: _Request) -> _Answer:
        """One call. Raises grpc.RpcError."""
        return method(request, metadata=self.metadata, timeout=self.seconds)


Connect = Callable[..., AbstractContextManager[Gateway]]


@contextmanager
def connected(way: Way, seconds: float, *, asks: bool = False) -> Iterator[Gateway]:
    """What fails in the block is told as CommandError. `asks`: Claude is, which takes a workload's name."""
    mesh = None if way.target else find_mesh(way.state)
    target = way.target or (mesh.ai_gateway if mesh else "")
    unreachable = f"Nobody answers at {target}. {_RUNNING if mesh else _REACHED}"
    not_known = f"What answers at {target} is not the AI gateway. Use its gRPC address in BLOOM_AI_TARGET."
    try:
        metadata = _metadata(way, mesh, asks=asks)
        with _channel(target) as channel:
            yield Gateway(ai_service_pb2_grpc.AiServiceStub(channel), metadata, seconds)
    except grpc.RpcError as failed:
        raise explained(failed, unreachable, not_known) from None


def _metadata(way: Way, mesh: LocalMesh | None, *, asks: bool) -> Metadata:
    token = way.token.get_secret_value()
    if not token and mesh is None:
        raise CommandError(f"Who calls {way.target}? Give an access token in BLOOM_AI_TOKEN (or --token).")
    found = [("authorization", f"Bearer {_sound(token or _sign_in(mesh))}")]
    if asks and (workload := way.workload_token.get_secret_value() or _workload(mesh)):
        found.append(("x-bloom-workload", _sound(workload)))
    return tuple(found)


def _sound(token: str) -> str:
    # gRPC would show a header that it does not take, and with it the token.
    if not _TOKEN.fullmatch(token):
        raise CommandError("That is no access token: it has characters that no token has.")
    return token


def _sign_in(mesh: LocalMesh | None) -> str:
    """As the demo organization's owner."""
    if mesh is None:
        return ""
    request = auth_service_pb2.LoginRequest(email=mesh.email, password=mesh.password.get_secret_value())
    with _channel(mesh.auth) as channel:
        answer = auth_service_pb2_grpc.AuthServiceStub(channel).Login(request, timeout=_LOGIN_SECONDS)
    return answer.tokens.access_token


def _workload(mesh: LocalMesh | None) -> str:
    """Of the service itself; elsewhere than here it must be given."""
    if mesh is None:
        return ""
    secret = mesh.workload_secret().get_secret_value()
    request = auth_service_pb2.IssueTokenRequest(client_id=mesh.workload_id, client_secret=secret)
    with _channel(mesh.auth) as channel:
        answer = auth_service_pb2_grpc.TokenServiceStub(channel).IssueToken(request, timeout=_LOGIN_SECONDS)
    return answer.tokens.access_token


def _channel(target: str) -> grpc.Channel:
    """In the clear to this machine, or where `http://` says so; by TLS else. Raises CommandError."""
    read = _TARGET.fullmatch(target)
    if read is None:
        raise CommandError(
            f"{target!r} is no address: write host:port, https://host:port or http://host:port."
        )
    here = read["host"].lower() in _HERE
    address = f"{read['host']}:{read['port']}"
    options = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.enable_http_proxy", int(not here)),
    ]
    if read["scheme"] == "http" or (not read["scheme"] and here):
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(), options)
