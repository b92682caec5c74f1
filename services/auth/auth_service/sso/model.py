"""A connection to a provider, its domains, a sign-in under way, and who came back from it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from auth_service.factors.model import Asked
from auth_service.opaque import OpaqueToken
from auth_service.roles import Roles
from auth_service.sessions.model import SignedIn

FLOW_LIFETIME = timedelta(minutes=10)
MOST_CONNECTIONS, MOST_DOMAINS = 10, 50


@dataclass(frozen=True, slots=True)
class Domain:
    """`txt_value` is what its TXT record must say."""

    domain: str
    txt_value: str
    verified: bool

    @property
    def txt_name(self) -> str:
        """Where the record is looked for."""
        return f"_bloom-verification.{self.domain}"


@dataclass(frozen=True, slots=True)
class SsoConnection:
    """`version` counts changes; `wrapped` is the client secret, for this issuer alone."""

    id: UUID
    display_name: str
    issuer: str
    client_id: str
    wrapped: bytes = field(repr=False)
    roles: Roles
    required: bool
    version: int
    created_at: datetime
    updated_at: datetime
    domains: tuple[Domain, ...] = ()

    @property
    def etag(self) -> str:
        """Changes with every change of the connection."""
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class StateToken(OpaqueToken):
    """The `state` of a sign-in under way."""

    PREFIX: ClassVar[str] = "bss_"


@dataclass(frozen=True, slots=True)
class Flow:
    """`verifier` shows that who asked for the code also redeems it (RFC 7636)."""

    connection_id: UUID
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    return_path: str


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the browser, and what it has to bring back."""

    authorization_url: str = field(repr=False)
    browser_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is at the provider, as a true ID token says. `email` is confirmed, in lower case."""

    issuer: str
    subject: str
    email: str
    display_name: str
    # RFC 8176.
    methods: tuple[str, ...]
    authenticated_at: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """As Login answers, and where the caller wanted to be."""

    answer: SignedIn | Asked
    return_path: str


class NotLetInError(Exception):
    """Why the provider's answer leads in nobody; only the audit chain learns it."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def domain_of(email: str) -> str:
    """The domain of an e-mail, as domains are kept; empty for what is none."""
    return email.strip().rpartition("@")[2].lower().rstrip(".") if "@" in email else ""
