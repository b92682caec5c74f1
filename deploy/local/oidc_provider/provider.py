"""What the provider knows: its clients, people and keys, the codes it gave, and how it is to misbehave."""

import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from joserfc.jwk import ECKey, KeyParameters, RSAKey

from oidc_provider.people import Person

Key = ECKey | RSAKey
# Real providers give a code a minute; a person may look at a page here.
CODE_SECONDS = 60.0


class Fault(StrEnum):
    """What a broken or a hostile provider does."""

    WRONG_NONCE = "wrong_nonce"
    NO_NONCE = "no_nonce"
    WRONG_AUDIENCE = "wrong_audience"
    MORE_AUDIENCES = "more_audiences"
    OTHER_PARTY = "other_party"
    OTHER_ISSUER = "other_issuer"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"
    ALG_NONE = "alg_none"
    # An HMAC whose secret is the public key.
    ALG_HS256 = "alg_hs256"
    FOREIGN_KEY = "foreign_key"
    WRONG_ACCESS_TOKEN_HASH = "wrong_access_token_hash"  # noqa: S105 the name of a fault
    # A code is good more than once, for whatever verifier.
    CARELESS_CODES = "careless_codes"
    WITHOUT_ISSUER_PARAMETER = "without_issuer_parameter"
    OTHER_ISSUER_DISCOVERED = "other_issuer_discovered"
    REDIRECTING = "redirecting"
    ENDLESS = "endless"


@dataclass(frozen=True, slots=True)
class Client:
    """An application that people sign in to."""

    id: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    client_id: str
    redirect_uri: str
    nonce: str
    challenge: str
    person: Person
    ends_at: float


@dataclass(slots=True)
class Provider:
    """All of it in memory, and gone with the process."""

    clients: dict[str, Client] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    faults: set[Fault] = field(default_factory=set)
    grants: dict[str, Grant] = field(default_factory=dict, repr=False)
    # Access tokens of the userinfo endpoint.
    bearers: dict[str, Person] = field(default_factory=dict, repr=False)
    # The newest signs.
    keys: list[Key] = field(default_factory=lambda: [new_key()], repr=False)
    # How often each path was asked for.
    asked: dict[str, int] = field(default_factory=dict)

    def add_client(self, client: Client) -> None:
        """Or puts it in the place of what had its id."""
        self.clients[client.id] = client

    def add_people(self, *people: Person) -> None:
        """By subject."""
        self.people |= {person.subject: person for person in people}

    def rotate(self, kind: str = "ES256") -> None:
        """A new key signs; the old ones stay published."""
        self.keys.append(new_key(kind))


def new_key(kind: str = "ES256") -> Key:
    """With a random id."""
    parameters: KeyParameters = {"kid": secrets.token_hex(8), "alg": kind, "use": "sig"}
    if kind == "ES256":
        return ECKey.generate_key("P-256", parameters)
    return RSAKey.generate_key(2048, parameters)
