"""Settings of the edge, built once from the environment."""

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024
FRAME_BYTES = 64 * 1024


def _host_and_port(value: str) -> str:
    host, separator, port = value.rpartition(":")
    if not (separator and host and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("must be host:port")
    return value


Address = Annotated[str, AfterValidator(_host_and_port)]


class GatewaySettings(BaseSettings):
    """Where the edge listens, what stands behind it, and how much it lets through."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    # Where clients come in, and the operators' door, which never leaves the machine.
    listen_host: str = "0.0.0.0"  # noqa: S104  containers have one network, and the load balancer is on it
    port: int = Field(default=3001, ge=1, le=65535)
    admin_port: int = Field(default=9901, ge=1, le=65535)

    # gRPC backends, host:port, HTTP/2 in the clear (Service Connect adds TLS around it).
    auth_address: Address
    contracts_address: Address
    ai_gateway_address: Address
    strict_json_address: Address
    # HTTP/1.1 in the clear; without it SCIM is not served.
    scim_address: Address | Literal[""] = ""

    # HTTP/1.1 in the clear; without it no page is served, and cookies sign nobody in.
    web_address: Address | Literal[""] = ""

    # Web origins that may call from a browser, separated by commas; nobody when empty.
    cors_origin: str = ""
    # Proxies in front that are ours and append to X-Forwarded-For: 1 behind the load balancer, 0 without.
    trusted_hops: int = Field(default=0, ge=0, le=5)

    # Bytes. An upload is a file of at most 50 MiB and a little for its frame.
    max_body_bytes: int = Field(default=50 * MIB + FRAME_BYTES, ge=1024)
    max_json_body_bytes: int = Field(default=MIB, ge=1024)
    max_response_bytes: int = Field(default=16 * MIB, ge=MIB)
    # Requests a minute of one client address; a tenth of it may come at once.
    rate_limit_per_minute: int = Field(default=1200, ge=1)

    # Seconds; AI_REQUEST_TIMEOUT alone is milliseconds, by the deployment guide.
    unary_timeout_seconds: int = Field(default=30, ge=1)
    upload_timeout_seconds: int = Field(default=300, ge=1)
    stream_timeout_seconds: int = Field(default=600, ge=1)
    ai_request_timeout: int = Field(default=30_000, ge=1000)

    # OTLP over gRPC, host:port or http://host:port; no traces when empty.
    otel_exporter_otlp_endpoint: str = ""
    # The share of new traces that is kept; a caller who sends a trace decides for itself. X-Ray keeps 5 %.
    trace_sample_percent: float = Field(default=100.0, ge=0, le=100)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    # Envoy's worker threads.
    concurrency: int = Field(default=1, ge=1, le=64)

    @field_validator("cors_origin")
    @classmethod
    def _no_wildcard(cls, value: str) -> str:
        if "*" in value:
            raise ValueError("names exact origins, never *")
        return value

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _collector(cls, value: str) -> str:
        address = value.removeprefix("http://").rstrip("/")
        return _host_and_port(address) if address else ""

    def archive_bytes(self, declared_mib: int) -> int:
        """The most that any body may be: a file of this size, and a little for its frame."""
        return max(self.max_body_bytes, declared_mib * MIB + FRAME_BYTES)

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """The origins of CORS_ORIGIN, one by one."""
        return tuple(origin.strip().rstrip("/") for origin in self.cors_origin.split(",") if origin.strip())


class StrictJsonSettings(BaseSettings):
    """Where the check of JSON bodies listens; nobody but the gateway beside it calls it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    strict_json_address: Address
    # Seconds that running checks get after SIGTERM.
    drain_seconds: float = Field(default=5.0, ge=0)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`; an IPv6 host may stand in brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def is_ip(host: str) -> bool:
    """Whether a host is an address already, so that no name needs to be looked up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
