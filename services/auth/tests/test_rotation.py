"""Signing keys follow each other, and nobody's token is refused for it."""

import asyncio
import hmac
import json
import os
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from auth_service.keys import rotation
from auth_service.keys.keyring import Keyring
from auth_service.keys.rotation import Schedule
from auth_service.keys.wrapping import KeyWrap
from auth_service.organizations.model import INSTALLATION
from auth_service.tokens.access import AccessTokens
from local_mesh.migrations import Migrations
from service_runtime.errors import DomainError, unavailable
from service_runtime.identity import ACCESS_TYPE, TokenVerifier
from service_runtime.postgres import Postgres

SECRET = "s" * 32
WRAP = KeyWrap(SecretStr(SECRET))
# As in production, but in fractions of a second: published for longer than anybody keeps a copy.
FAST = Schedule(signs=timedelta(0), published=timedelta(seconds=0.6), tokens_live=timedelta(seconds=30))
LOOKS_SECONDS, READS_SECONDS = 0.1, 0.05


@pytest.fixture
async def url(databases):
    """An auth database of its own, without any key."""
    cluster, credentials = databases.cluster, databases.credentials
    connection = await asyncpg.connect(cluster.dsn("postgres", credentials.postgres, "postgres"))
    await connection.execute("DROP DATABASE IF EXISTS auth_rotation WITH (FORCE)")
    await connection.execute("CREATE DATABASE auth_rotation OWNER bloom_owner STRATEGY FILE_COPY")
    await connection.close()
    owner = cluster.dsn("bloom_owner", credentials.owner, "auth_rotation")
    await Migrations.of("auth").apply(owner)
    connection = await asyncpg.connect(owner)
    await connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO auth_app")
    await connection.close()
    return cluster.dsn("auth_app", credentials.apps["auth"], "auth_rotation")


@pytest.fixture
async def postgres(url):
    opened = await Postgres.connect(url, size=4)
    yield opened
    await opened.close()


class Copies:
    """A verifier's way to the keys, which can be cut; counts the times."""

    def __init__(self, ring: Keyring) -> None:
        self.ring = ring
        self.reads = 0
        self.away = False

    async def fetch(self):
        self.reads += 1
        if self.away:
            raise unavailable("auth")
        return await self.ring.fetch()


def token_of(ring: Keyring) -> str:
    return AccessTokens(ring, 300).for_subject(f"users/{uuid4()}", uuid4(), ())


def kid_of(token: str) -> str:
    return str(json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))["kid"])


@asynccontextmanager
async def process(postgres: Postgres, schedule: Schedule = FAST):
    """An auth process: its keyring, kept fresh."""
    ring = await Keyring.open(postgres, WRAP, schedule)
    ring.fresh_seconds = 0.0
    keeping = asyncio.create_task(ring.keep(schedule, LOOKS_SECONDS))
    try:
        yield ring
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_while_keys_follow_each_other_no_token_is_refused(postgres):
    """Two processes rotate as often as they can; verifiers keep copies as old as they may."""
    signed_by: set[str] = set()
    async with process(postgres) as one, process(postgres) as other, asyncio.timeout(60):
        verifiers = [
            TokenVerifier(Copies(ring), keys_seconds=READS_SECONDS, refetch_seconds=3600)
            for ring in (one, other, one)
        ]
        old: list[str] = []
        while len(signed_by) < 5:
            for ring in (one, other):
                token = token_of(ring)
                signed_by.add(kid_of(token))
                for verifier in verifiers:
                    await verifier.claims(token, ACCESS_TYPE)
                old = [*old[-20:], token]
            for token in old:
                await verifiers[0].claims(token, ACCESS_TYPE)
            await asyncio.sleep(0.01)


async def test_a_key_signs_only_when_it_was_published_long_enough(postgres):
    slow = Schedule(published=timedelta(hours=1))
    async with process(postgres, slow) as ring:
        first = ring.signing.kid
        assert await rotation.rotate(postgres, WRAP, slow)
        await ring.read()
        assert ring.signing.kid == first
        assert len(json.loads(await ring.published())["keys"]) == 2
        # Another one is not made on top of it.
        assert not await rotation.rotate(postgres, WRAP, slow)
        later = Keyring(postgres, WRAP, clock=lambda: datetime.now(UTC) + timedelta(hours=1, seconds=1))
        await later.read()
        assert later.signing.kid != first


async def test_processes_that_find_it_due_at_once_make_one_key(postgres):
    await Keyring.open(postgres, WRAP)
    made = await asyncio.gather(*(rotation.rotate_when_due(postgres, WRAP, FAST) for _ in range(8)))
    assert sum(made) == 1
    assert len(await keys_of(postgres)) == 2


async def test_it_is_not_due_before_its_time(postgres):
    await Keyring.open(postgres, WRAP)
    assert not await rotation.rotate_when_due(postgres, WRAP, Schedule(signs=timedelta(days=1)))


async def test_a_retired_key_is_gone_when_its_last_token_has_ended(postgres):
    ring = await Keyring.open(postgres, WRAP)
    brief = Schedule(published=timedelta(0), tokens_live=timedelta(0))
    await rotation.rotate(postgres, WRAP, brief)
    await ring.read()
    assert len(json.loads(await ring.published())["keys"]) == 2
    async with postgres.unscoped() as connection:
        await connection.execute("UPDATE signing_keys SET expires_at = now() WHERE NOT active")
    await ring.read()
    assert len(json.loads(await ring.published())["keys"]) == 1


async def test_a_leaked_key_and_all_its_tokens_end(postgres):
    ring = await Keyring.open(postgres, WRAP)
    ring.fresh_seconds = 0.0
    leaked = token_of(ring)
    verifier = TokenVerifier(Copies(ring), keys_seconds=READS_SECONDS, refetch_seconds=0)
    await verifier.claims(leaked, ACCESS_TYPE)
    await rotation.replace_leaked(postgres, WRAP, FAST)
    await ring.read()
    async with asyncio.timeout(10):
        while await passes(verifier, leaked):  # noqa: ASYNC110 it reads on a task of its own
            await asyncio.sleep(0.01)
    await verifier.claims(token_of(ring), ACCESS_TYPE)


async def test_keys_that_are_known_stay_in_use_while_auth_is_away(postgres):
    ring, now = await Keyring.open(postgres, WRAP), time.time()
    copies = Copies(ring)
    verifier = TokenVerifier(copies, keys_seconds=60, refetch_seconds=5, clock=lambda: now)
    token = token_of(ring)
    await verifier.claims(token, ACCESS_TYPE)
    copies.away, now = True, now + 20
    await verifier.claims(token, ACCESS_TYPE)
    assert copies.reads == 1
    for _ in range(3):
        now += 41 if copies.reads == 1 else 1
        await verifier.claims(token, ACCESS_TYPE)
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert copies.reads == 2


async def test_ed25519_is_taken_up_at_the_next_rotation(postgres):
    ring = await Keyring.open(postgres, WRAP)
    before = token_of(ring)
    await rotation.rotate(postgres, WRAP, Schedule(algorithm="EdDSA", published=timedelta(0)))
    await ring.read()
    after = token_of(ring)
    verifier = TokenVerifier(Copies(ring))
    for token, algorithm in ((before, "ES256"), (after, "EdDSA")):
        assert json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))["alg"] == algorithm
        await verifier.claims(token, ACCESS_TYPE)


async def test_a_key_is_for_its_own_algorithm_alone(postgres):
    """A public key as the secret of an HMAC, another curve's algorithm, and none at all."""
    ring = await Keyring.open(postgres, WRAP)
    ring.fresh_seconds = 0.0
    await rotation.rotate(postgres, WRAP, Schedule(algorithm="EdDSA", published=timedelta(0)))
    await ring.read()
    published = json.loads(await ring.published())["keys"]
    head, body, signature = token_of(ring).split(".")
    for algorithm in ("HS256", "ES256", "RS256", "none"):
        for key in published:
            forged = {"alg": algorithm, "typ": ACCESS_TYPE, "kid": key["kid"]}
            text = f"{urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip('=')}.{body}"
            tag = hmac.digest(json.dumps(key).encode(), text.encode(), "sha256")
            for end in (signature, "", urlsafe_b64encode(tag).decode().rstrip("=")):
                with pytest.raises(DomainError) as refused:
                    await TokenVerifier(Copies(ring)).claims(f"{text}.{end}", ACCESS_TYPE)
                assert refused.value.reason_name == "TOKEN_INVALID"
    assert head


async def test_operators_list_and_rotate(postgres, url):
    await Keyring.open(postgres, WRAP)
    assert len((await cli(url, "list")).splitlines()) == 1
    assert len((await cli(url, "rotate")).splitlines()) == 2
    assert "on its way already" in await cli(url, "rotate")
    assert len((await cli(url, "rotate", "--now")).splitlines()) == 1
    (only,) = (await cli(url, "list")).splitlines()
    assert only.split()[0] == (await Keyring.open(postgres, WRAP)).signing.kid
    async with postgres.transaction(INSTALLATION) as connection:
        made = await connection.fetchval(
            "SELECT count(*) FROM audit_events WHERE event::jsonb ->> 'action' = 'key.made'"
        )
    assert made == len(await keys_of(postgres)) == 3


async def cli(url: str, *arguments: str) -> str:
    settings = {"DATABASE_URL": url, "JWT_SECRET": SECRET, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "auth_service.keys", *arguments,
        env=os.environ | settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, errors = await ran.communicate()
    assert ran.returncode == 0, errors.decode()
    assert SECRET not in told.decode()
    return told.decode()


async def passes(verifier: TokenVerifier, token: str) -> bool:
    try:
        await verifier.claims(token, ACCESS_TYPE)
    except DomainError:
        return False
    return True


async def keys_of(postgres: Postgres) -> list[str]:
    async with postgres.unscoped() as connection:
        rows = await connection.fetch("SELECT kid FROM signing_keys ORDER BY created_at")
    return [row["kid"] for row in rows]
