"""Settings of the SCIM process, built once from the environment."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class ScimSettings(BaseSettings):
    """Where it listens, where auth is, and how much it takes."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    environment: Literal["local", "dev", "stage", "prod"] = "local"
    # host:port, HTTP/1.1 in the clear; nobody but the gateway calls it.
    scim_address: str = Field(pattern=r"^.+:\d{1,5}$")
    # host:port of the auth service.
    auth_address: str = Field(pattern=r"^.+:\d{1,5}$")
    # Where clients reach the gateway: https://api.example.com. It begins every location that is told.
    public_url: str = Field(default="http://localhost:3001", pattern=r"^https?://[^/]+")
    # Bytes; ten thousand members of a group fit.
    max_scim_body_bytes: int = Field(default=MIB, ge=1024)
    # Seconds that a request may take, auth's answers included.
    scim_request_seconds: float = Field(default=25.0, gt=0)
    otel_exporter_otlp_endpoint: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    # Seconds that running requests get after SIGTERM.
    drain_seconds: float = Field(default=5.0, ge=0)

    @field_validator("public_url")
    @classmethod
    def _without_end(cls, url: str) -> str:
        return url.rstrip("/")

    @property
    def base_url(self) -> str:
        """What SCIM clients are given as the address of this service."""
        return f"{self.public_url}/scim/v2"
