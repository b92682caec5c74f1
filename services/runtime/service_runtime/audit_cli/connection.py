"""The way to the service that keeps a chain: where it is, and in whose name it is called."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_status import rpc_status
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from service_runtime.chain_file import Entry, Head
from service_runtime.errors import from_status
from service_runtime.signed_head import Seal

_SECONDS, _EXPORT_SECONDS = 15.0, 600.0
_TARGET = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<address>(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5})"
)
_HERE = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
_ELSEWHERE = "For another service set BLOOM_AUDIT_TARGET and BLOOM_AUDIT_TOKEN."
_NOT_RUNNING = f"No mesh runs here: `make up` starts one. {_ELSEWHERE}"


class CommandError(Exception):
    """A command cannot go on. Its text is one line, for the person who called it; it holds no secret."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Whose chain it is: the command's name, the service's name in the mesh, and its export."""

    prog: str
    service: str
    # (channel, metadata, seconds) → lines of the schema
    export: Callable[[grpc.Channel, tuple[tuple[str, str], ...], float], Iterator[Any]]

    @property
    def claim(self) -> str:
        """What a signature of its head says; auth signs its own without a name."""
        return "" if self.service == "auth" else self.service


class Way(BaseSettings):
    """From the environment; the command line goes first. The token does not print."""

    model_config = SettingsConfigDict(env_prefix="BLOOM_AUDIT_", extra="ignore")

    # `host:port` of the service's gRPC; the mesh of `make up` where it is empty.
    target: str = ""
    # `host:port` of auth, for its published keys; that of `target` where auth is the service.
    auth: str = ""
    token: SecretStr = SecretStr("")
    # Where `make up` keeps its state; the nearest `.local` else.
    state: Path | None = Field(default=None, validation_alias="LOCAL_STATE")


@dataclass(frozen=True, slots=True)
class Service:
    """An open way to it."""

    channel: grpc.Channel
    token: SecretStr
    exported: Chain

    def chain(self) -> Iterator[Entry | Head]:
        """The events, oldest first; last the signed head. Raises grpc.RpcError."""
        metadata = (("authorization", f"Bearer {self.token.get_secret_value()}"),)
        for line in self.exported.export(self.channel, metadata, _EXPORT_SECONDS):
            if line.HasField("entry"):
                yield Entry(line.entry.seq, line.entry.entry, line.entry.hash)
            else:
                yield Head(line.head.seq, line.head.hash, Seal(line.head.signature, dict(line.head.key)))

    def keys(self) -> bytes:
        """The published keys, where this is a way to auth. Raises grpc.RpcError."""
        return bytes(_auth(self.channel).GetJwks(auth_service_pb2.GetJwksRequest(), timeout=_SECONDS).data)


@contextmanager
def connected(way: Way, chain: Chain) -> Iterator[Service]:
    """To the service that keeps the chain. What fails in the block is told as CommandError."""
    mesh = {} if way.target else _mesh(way.state)
    with _open(way.target or str(mesh["addresses"][chain.service]), chain.service) as channel:
        token = way.token if way.target or way.token else _signed_in(mesh)
        yield Service(channel, _sound(token), chain)


@contextmanager
def connected_to_keys(way: Way, chain: Chain) -> Iterator[Service]:
    """To auth, which publishes the keys, as nobody. What fails in the block is told as CommandError."""
    known = way.auth or (way.target if chain.service == "auth" else "")
    if way.target and not known:
        raise CommandError("Set BLOOM_AUDIT_AUTH to the address of auth, which publishes the keys.")
    with _open(known or str(_mesh(way.state)["addresses"]["auth"]), "auth") as channel:
        yield Service(channel, SecretStr(""), chain)


@contextmanager
def _open(target: str, service: str) -> Iterator[grpc.Channel]:
    try:
        with _channel(target) as channel:
            yield channel
    except grpc.RpcError as failed:
        raise _explained(failed, target, service) from None


def _signed_in(mesh: dict[str, Any]) -> SecretStr:
    """As the demo organization's owner."""
    login = mesh["login"]
    request = auth_service_pb2.LoginRequest(email=login["email"], password=login["password"])
    with _open(str(mesh["addresses"]["auth"]), "auth") as channel:
        return SecretStr(_auth(channel).Login(request, timeout=_SECONDS).tokens.access_token)


def _auth(channel: grpc.Channel) -> auth_service_pb2_grpc.AuthServiceStub:
    return auth_service_pb2_grpc.AuthServiceStub(channel)


def _sound(token: SecretStr) -> SecretStr:
    # gRPC would show a header that it does not take, and with it the token.
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise CommandError("Give an access token in BLOOM_AUDIT_TOKEN: what is there is none.")
    return token


def _mesh(state: Path | None) -> dict[str, Any]:
    """What the mesh of this state directory, else of the nearest `.local`, tells of itself."""
    here = Path.cwd()
    near = (folder / ".local" for folder in (here, *here.parents))
    root = state or next((found for found in near if (found / "mesh.json").is_file()), here / ".local")
    try:
        told = json.loads((root / "mesh.json").read_text(encoding="utf-8"))
        if told["state"] == "ready":
            return {name: told[name] for name in ("addresses", "login")}
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError):
        raise CommandError(f"{root}/mesh.json cannot be read: `make down`, then `make up`.") from None
    raise CommandError(_NOT_RUNNING)


def _channel(target: str) -> grpc.Channel:
    """In the clear to this machine, or where `http://` says so; by TLS else. Raises CommandError."""
    read = _TARGET.fullmatch(target)
    if read is None:
        raise CommandError(f"{target!r} is no address: write host:port, or http://host:port without TLS.")
    here = read["host"].lower() in _HERE
    options = [("grpc.enable_http_proxy", int(not here))]
    if read["scheme"] == "http" or (not read["scheme"] and here):
        return grpc.insecure_channel(read["address"], options)
    return grpc.secure_channel(read["address"], grpc.ssl_channel_credentials(), options)


def _explained(failed: grpc.RpcError, target: str, service: str) -> CommandError:
    status = rpc_status.from_call(failed) if isinstance(failed, grpc.Call) else None
    if status is not None:
        error = from_status(status)
        return CommandError(f"{error.reason_name}: {' '.join(error.message.split())}")
    if isinstance(failed, grpc.Call) and failed.code() is grpc.StatusCode.UNAVAILABLE:
        return CommandError(f"Nobody answers at {target}. Is it up? {_ELSEWHERE}")
    return CommandError(f"What answers at {target} is not the {service} service, or it is an older one.")
