"""The organization and the owner that a person can sign in with at once."""

from __future__ import annotations

import asyncio

import httpx

from local_mesh.credentials import DEMO_EMAIL

ORGANIZATION = "Bloom Demonstration"
_EDGE_SECONDS = 15.0
_EDGE_EVERY = 0.05


class SignUpError(Exception):
    """The demo account can be neither entered nor made, or its token does not open the API."""


async def sign_up(rest: str, password: str) -> str:
    """Makes the demo organization unless its owner can sign in already, and uses its token once.

    Raises SignUpError. The first use shows that the gateway has the keys that verify tokens.
    """
    async with httpx.AsyncClient(base_url=rest, trust_env=False, timeout=20) as client:
        answer = await client.post("/v1/auth:login", json={"email": DEMO_EMAIL, "password": password})
        made = answer.status_code != httpx.codes.OK
        if made:
            answer = await _register(client, password)
        token = answer.json()["tokens"]["access_token"]
        try:
            async with asyncio.timeout(_EDGE_SECONDS):
                await _until_accepted(client, token)
        except TimeoutError as late:
            raise SignUpError("the gateway does not accept the demo owner's token") from late
    return "made" if made else "kept"


async def _register(client: httpx.AsyncClient, password: str) -> httpx.Response:
    body = {
        "display_name": ORGANIZATION,
        "email": DEMO_EMAIL,
        "password": password,
        "owner_display_name": "Demo",
    }
    answer = await client.post("/v1/organizations:register", json=body)
    if answer.status_code != httpx.codes.OK:
        raise SignUpError(f"registering {DEMO_EMAIL} answered {answer.status_code}: {answer.text[:500]}")
    return answer


async def _until_accepted(client: httpx.AsyncClient, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    # Envoy tells nobody when it has fetched the keys: it is asked.
    while (await client.get("/v1/me", headers=headers)).status_code != httpx.codes.OK:  # noqa: ASYNC110
        await asyncio.sleep(_EDGE_EVERY)
