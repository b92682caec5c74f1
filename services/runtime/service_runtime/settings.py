"""Settings that every service has, built once from the environment.

A subclass adds its own fields in lower case; each reads the variable of the same name in upper case.
"""

import difflib
import os
import sys
from collections.abc import Iterable
from typing import Literal, TypeVar

from pydantic import Field, PostgresDsn, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SettingsT = TypeVar("SettingsT", bound=BaseSettings)

# How alike two names must be for one to be taken for a misspelling of the other.
_MISSPELLING = 0.86


class ServiceSettings(BaseSettings):
    """What a gRPC service of the mesh needs to know about its place."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)

    environment: Literal["local", "dev", "stage", "prod"] = "local"
    listen_address: str = "127.0.0.1:50051"
    database_url: PostgresDsn
    database_pool_size: int = Field(default=10, ge=1, le=100)
    # Where JWKS and workload tokens come from; empty in the auth service itself.
    auth_address: str = ""
    # Where called back tokens are told; it holds a password. Without it tokens are good until they end.
    redis_url: SecretStr = SecretStr("")
    workload_client_id: str = ""
    workload_client_secret: SecretStr = SecretStr("")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otel_exporter_otlp_endpoint: str = ""
    # Calls served at once before the service answers OVERLOADED (design: shed early).
    max_concurrent_calls: int = Field(default=256, ge=1)
    # Seconds that a call without a deadline gets.
    max_call_seconds: float = Field(default=60.0, gt=0)
    # Seconds that running calls get after SIGTERM.
    drain_seconds: float = Field(default=20.0, ge=0)

    @field_validator("redis_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value() and not url.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("needs redis://… or rediss://…")
        return url


def load(settings_type: type[SettingsT]) -> SettingsT:
    """The settings, or the end of the process with every name that is missing, wrong or misspelled."""
    problems = [
        f"{name} is unknown; did you mean {known}?"
        for name, known in _misspelled(
            os.environ.keys(), [field.upper() for field in settings_type.model_fields]
        )
    ]
    try:
        settings = settings_type()
    except ValidationError as error:
        # A wrong value may be a secret: the message names the variable and the rule, never the input.
        problems += [
            f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}"
            for item in error.errors(include_input=False)
        ]
        settings = None
    if problems or settings is None:
        sys.exit("Settings are wrong:\n  " + "\n  ".join(problems))
    return settings


def _misspelled(names: Iterable[str], known: list[str]) -> list[tuple[str, str]]:
    """Names that are none of ours, each with the unset name of ours that it was meant for."""
    given = set(names)
    close = (
        (name, difflib.get_close_matches(name, known, n=1, cutoff=_MISSPELLING))
        for name in given - set(known)
    )
    return sorted((name, match[0]) for name, match in close if match and match[0] not in given)
