"""Settings of the auth service."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, Json, SecretStr, model_validator

from auth_service.keys.rotation import Schedule
from service_runtime.settings import ServiceSettings

WorkloadSecret = Annotated[SecretStr, Field(min_length=16)]


class AuthSettings(ServiceSettings):
    """What this service needs beyond the common settings."""

    # Wraps the private signing keys; with another secret the service does not start.
    jwt_secret: SecretStr = Field(min_length=32)
    # JSON: {"contracts": "its secret", …}. These services of the mesh may ask for tokens.
    workload_secrets: Json[dict[str, WorkloadSecret]] = Field(default_factory=dict, validate_default=False)
    # A token cannot be called back before it ends, so ten minutes is the most.
    access_token_seconds: int = Field(default=600, ge=30, le=600)
    # After so many days a person signs in again, however busy the session.
    refresh_token_days: int = Field(default=30, ge=1, le=90)
    # For so long the same client may repeat a refresh whose answer was lost.
    refresh_retry_seconds: int = Field(default=10, ge=0, le=30)
    # What new keys are for; the ones that are there keep what they are for.
    signing_algorithm: Literal["ES256", "EdDSA"] = "ES256"
    # A key signs for so many days; then a new one does.
    signing_key_days: int = Field(default=30, ge=1, le=365)
    # It is published for so long before it signs: verifiers look every minute, the edge twice as often.
    signing_key_published_seconds: int = Field(default=900, ge=120)
    # How long the end of a session may wait before other services are told.
    revocation_seconds: float = Field(default=0.2, gt=0, le=60)
    # Wrong passwords for one e-mail before strangers to it are locked out; each lock is longer than the last.
    sign_in_tries: int = Field(default=10, ge=3, le=100)
    # In a quarter of an hour, from one address (or /64) for all e-mails.
    sign_in_address_tries: int = Field(default=100, ge=3)
    # In a minute, in the whole installation.
    sign_in_all_tries: int = Field(default=3000, ge=3)
    # Wrong codes for one account before its codes are locked; a passkey still opens it.
    second_factor_tries: int = Field(default=10, ge=3, le=100)
    # The domain that passkeys belong to; with another one none of them works any more.
    webauthn_rp_id: str = Field(default="localhost", min_length=1)
    # JSON: ["https://app.example.com", …]. The pages that may ask for a passkey, of that domain or below it.
    webauthn_origins: tuple[str, ...] = ("http://localhost",)
    # Connections to PostgreSQL that sign-ins have for themselves.
    sign_in_pool_size: int = Field(default=4, ge=1, le=50)
    # One hash a core; with one process a core, set 1.
    hashing_threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=64)
    # Hashes that may wait for a thread; one takes about 20 ms.
    hashing_queue: int = Field(default=64, ge=1, le=1000)
    # Where an audit chain grew, its head is signed after at most so long.
    audit_head_seconds: float = Field(default=300, gt=0, le=86_400)

    # Where a browser finds the hosted pages: links in mails lead there.
    public_url: str = Field(default="http://localhost:8080", pattern=r"^https?://[^/\s]+$")
    # Mail becomes files here instead of leaving, for local work; without it, it leaves through SES.
    mail_folder: Path | None = None
    # Where SES sends from.
    aws_region: str = "us-east-1"
    # Whom mail is from: an address that SES has verified.
    mail_sender: str = "no-reply@localhost"
    # How long mail may wait before a look at the queue.
    mail_seconds: float = Field(default=1, gt=0, le=60)
    # JSON: ["http://127.0.0.1:8766", …]. Issuers that may be http and on this machine, for local work.
    sso_insecure_issuers: tuple[str, ...] = ()
    # JSON: ["127.0.0.1:8766", …]. Who is asked for TXT records in place of the machine's resolvers, likewise.
    sso_dns_servers: tuple[Annotated[str, Field(pattern=r"^[0-9.]+:[0-9]+$")], ...] = ()

    @model_validator(mode="after")
    def _mail_leaves(self) -> Self:
        if self.environment != "local" and self.mail_folder is not None:
            raise ValueError("MAIL_FOLDER keeps mail from leaving: only a local environment has one")
        return self

    @model_validator(mode="after")
    def _sso_is_real(self) -> Self:
        if self.environment != "local" and (self.sso_insecure_issuers or self.sso_dns_servers):
            raise ValueError("SSO_INSECURE_ISSUERS and SSO_DNS_SERVERS are for a local environment only")
        return self

    @property
    def key_schedule(self) -> Schedule:
        """When signing keys follow each other."""
        return Schedule(
            self.signing_algorithm,
            signs=timedelta(days=self.signing_key_days),
            published=timedelta(seconds=self.signing_key_published_seconds),
            tokens_live=timedelta(seconds=self.access_token_seconds),
        )
