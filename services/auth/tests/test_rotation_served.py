"""Keys follow each other in a server that gives tokens, while others verify them: none is refused."""

import asyncio
import json
from base64 import urlsafe_b64decode
from contextlib import AsyncExitStack
from datetime import timedelta

import grpc
import pytest

from auth_service import application
from auth_service.keys import keyring
from auth_service.keys.rotation import Schedule
from auth_service.settings import AuthSettings
from service_runtime.clients import RemoteKeys
from service_runtime.identity import ACCESS_TYPE, TokenVerifier

# As in production, but in fractions of a second: published for longer than anybody keeps a copy.
FAST = Schedule(signs=timedelta(0), published=timedelta(seconds=0.8), tokens_live=timedelta(seconds=60))
LOOKS_SECONDS, ANSWERS_SECONDS, READS_SECONDS = 0.1, 0.05, 0.1
KEYS, CLIENTS, SERVICES = 5, 4, 3


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(AuthSettings, "key_schedule", property(lambda _: FAST))
    monkeypatch.setattr(application, "_KEYS_EVERY_SECONDS", LOOKS_SECONDS)
    monkeypatch.setattr(keyring, "_FRESH_SECONDS", ANSWERS_SECONDS)


def kid_of(token: str) -> str:
    return str(json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))["kid"])


async def test_while_a_server_changes_keys_every_service_takes_every_token(hurried, start):
    """Other services read the keys as they do in production, and remember nothing of a token's signature."""
    signed_by: set[str] = set()
    verified = 0
    async with AsyncExitStack() as stack:
        mesh = await stack.enter_async_context(start())
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(mesh.address)) for _ in range(SERVICES)
        ]
        services = [
            TokenVerifier(RemoteKeys(channel), keys_seconds=READS_SECONDS, refetch_seconds=3600)
            for channel in channels
        ]
        owners = [await mesh.register() for _ in range(CLIENTS)]

        async def live(refresh_token: str) -> None:
            nonlocal verified
            old: list[str] = []
            while len(signed_by) < KEYS:
                pair = await mesh.refresh(refresh_token)
                refresh_token = pair.refresh_token
                signed_by.add(kid_of(pair.access_token))
                old = [*old[-10:], pair.access_token]
                for service in services:
                    for token in (old[0], pair.access_token):
                        service._seen.clear()
                        await service.claims(token, ACCESS_TYPE)
                        verified += 1

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for owner in owners:
                group.create_task(live(owner.refresh_token))
    assert verified > KEYS * CLIENTS * SERVICES
