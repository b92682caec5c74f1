"""Signing keys: one for all processes, wrapped at rest, opened by the right secret only."""

import asyncio
import os
import subprocess
import sys

import asyncpg
import pytest
from pydantic import SecretStr

from auth_service.keys.keyring import Keyring
from auth_service.keys.wrapping import KeyWrap, WrongSecretError
from bloom.auth.v1 import auth_service_pb2
from local_mesh.migrations import Migrations
from service_runtime.postgres import Postgres

RIGHT, WRONG = KeyWrap(SecretStr("r" * 32)), KeyWrap(SecretStr("w" * 32))


@pytest.fixture
async def scratch(databases):
    """An auth database of its own, without any key."""
    superuser = databases.cluster.dsn("postgres", databases.credentials.postgres, "postgres")
    connection = await asyncpg.connect(superuser)
    await connection.execute("DROP DATABASE IF EXISTS auth_keys WITH (FORCE)")
    await connection.execute("CREATE DATABASE auth_keys OWNER bloom_owner STRATEGY FILE_COPY")
    await connection.close()
    credentials = databases.credentials
    await Migrations.of("auth").apply(databases.cluster.dsn("bloom_owner", credentials.owner, "auth_keys"))
    connection = await asyncpg.connect(databases.cluster.dsn("bloom_owner", credentials.owner, "auth_keys"))
    await connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO auth_app")
    await connection.close()
    return databases.cluster.dsn("auth_app", credentials.apps["auth"], "auth_keys")


async def opened(url: str, wrap: KeyWrap) -> Keyring:
    postgres = await Postgres.connect(url, size=1)
    try:
        return await Keyring.open(postgres, wrap)
    finally:
        await postgres.close()


async def test_processes_that_start_at_once_agree_on_one_key(scratch):
    rings = await asyncio.gather(*(opened(scratch, RIGHT) for _ in range(6)))
    assert len({ring.signing.kid for ring in rings}) == 1
    assert (await opened(scratch, RIGHT)).signing.kid == rings[0].signing.kid
    with pytest.raises(WrongSecretError, match="JWT_SECRET does not open signing key"):
        await opened(scratch, WRONG)
    await _starting_with_another_secret_says_so(scratch)


async def _starting_with_another_secret_says_so(url: str) -> None:
    secret = "another-secret-of-more-than-32-characters"
    environment = {"DATABASE_URL": url, "JWT_SECRET": secret, "LISTEN_ADDRESS": "127.0.0.1:0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "auth_service",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert errors.decode().startswith("JWT_SECRET does not open signing key")
    assert "Traceback" not in errors.decode()
    assert secret not in errors.decode()


def test_a_key_is_bound_to_its_row():
    wrapped = RIGHT.wrap(b"private", "one")
    assert RIGHT.unwrap(wrapped, "one") == b"private"
    assert b"private" not in wrapped
    assert RIGHT.wrap(b"private", "one") != wrapped
    tampered = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for wrap, row, kid in (
        (WRONG, wrapped, "one"),
        (RIGHT, wrapped, "two"),
        (RIGHT, tampered, "one"),
        (RIGHT, b"", "one"),
    ):
        with pytest.raises(WrongSecretError):
            wrap.unwrap(row, kid)


async def test_an_expired_key_is_not_published(start, mesh):
    await mesh.rows(
        """INSERT INTO signing_keys (kid, public, wrapped, active, signs_from, expires_at)
           VALUES ('old', '{"kid": "old"}', '', false, now() - interval '1 day', now() - interval '1 s')
           ON CONFLICT DO NOTHING"""
    )
    try:
        async with start() as later:
            body = await later.auth.GetJwks(auth_service_pb2.GetJwksRequest())
        assert b'"old"' not in body.data
    finally:
        await mesh.rows("DELETE FROM signing_keys WHERE NOT active")


async def test_there_is_one_newest_key_at_most(mesh):
    with pytest.raises(asyncpg.UniqueViolationError):
        await mesh.rows(
            "INSERT INTO signing_keys (kid, public, wrapped, active) VALUES ('b', '{}', '', true)"
        )
