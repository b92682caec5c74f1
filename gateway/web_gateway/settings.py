"""Settings of the process of the hosted pages, built once from the environment."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """Where it listens, what stands behind it, and how long a browser stays signed in."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    environment: Literal["local", "dev", "stage", "prod"] = "local"
    # host:port, HTTP/1.1 in the clear; nobody but the gateway calls it.
    web_address: str = Field(pattern=r"^.+:\d{1,5}$")
    # host:port of the auth service.
    auth_address: str = Field(pattern=r"^.+:\d{1,5}$")
    # redis://… of Valkey, which keeps sealed sessions.
    redis_url: SecretStr
    # The one origin of the pages: https://contracts.example.com.
    public_url: str = Field(pattern=r"^https?://[^/\s]+$")
    # A browser is signed out after so long without a request, and after so long in any case: the limits of
    # NIST SP 800-63B-4, AAL2.
    web_idle_seconds: int = Field(default=3600, ge=60, le=86_400)
    web_session_seconds: int = Field(default=86_400, ge=300, le=2_592_000)
    # Seconds that a request may take, auth's answers included.
    web_request_seconds: float = Field(default=25.0, gt=0)
    otel_exporter_otlp_endpoint: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    # Seconds that running requests get after SIGTERM.
    drain_seconds: float = Field(default=5.0, ge=0)

    @field_validator("public_url")
    @classmethod
    def _as_browsers_write_it(cls, url: str) -> str:
        parts = urlsplit(url.lower())
        usual = {"https": 443, "http": 80}[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")
