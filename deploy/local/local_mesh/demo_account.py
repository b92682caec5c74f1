"""The organization and the owner that a person can sign in with at once."""

from __future__ import annotations

import asyncio
import re

import httpx

from local_mesh.credentials import DEMO_EMAIL

ORGANIZATION = "Bloom Demonstration"
_EDGE_SECONDS = 15.0
_EDGE_EVERY = 0.05
_MAIL_SECONDS = 15.0
_LINK = re.compile(r"/account/verify\?token=(\S+)")


class SignUpError(Exception):
    """The demo account can be neither entered nor made, or its token does not open the API."""


async def sign_up(rest: str, password: str, mail: str) -> str:
    """Makes the demo organization unless its owner can sign in already, uses its token, confirms its e-mail.

    Raises SignUpError. The first use shows that the gateway has the keys that verify tokens.
    """
    async with httpx.AsyncClient(base_url=rest, trust_env=False, timeout=20) as client:
        answer = await client.post("/v1/auth:login", json={"email": DEMO_EMAIL, "password": password})
        made = answer.status_code != httpx.codes.OK
        if made:
            answer = await _register(client, password)
        client.headers["authorization"] = f"Bearer {answer.json()['tokens']['access_token']}"
        try:
            async with asyncio.timeout(_EDGE_SECONDS):
                await _until_accepted(client)
        except TimeoutError as late:
            raise SignUpError("the gateway does not accept the demo owner's token") from late
        await _confirm(client, mail)
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


async def _until_accepted(client: httpx.AsyncClient) -> None:
    # Envoy tells nobody when it has fetched the keys: it is asked.
    while (await client.get("/v1/me")).status_code != httpx.codes.OK:  # noqa: ASYNC110
        await asyncio.sleep(_EDGE_EVERY)


async def _confirm(client: httpx.AsyncClient, mail: str) -> None:
    """Follows the link in the mail, as a person does: who has confirmed no e-mail invites nobody."""
    if (await client.get("/v1/me")).raise_for_status().json().get("email_verified"):
        return
    await client.post("/v1/accounts:requestEmailVerification", json={})
    try:
        async with asyncio.timeout(_MAIL_SECONDS):
            token = await _verification_token(mail)
    except TimeoutError as late:
        raise SignUpError("no mail with a link came for the demo owner") from late
    answer = await client.post("/v1/accounts:verifyEmail", json={"token": token})
    if answer.status_code != httpx.codes.OK:
        raise SignUpError(f"confirming {DEMO_EMAIL} answered {answer.status_code}: {answer.text[:500]}")


async def _verification_token(mail: str) -> str:
    """From the newest link."""
    async with httpx.AsyncClient(base_url=mail, params={"to": DEMO_EMAIL}, trust_env=False) as client:
        while True:
            letters = (await client.get("/mails.json")).raise_for_status().json()
            links = (_LINK.search(letter["text"]) for letter in letters)
            if found := next((link[1] for link in links if link), None):
                return found
            await asyncio.sleep(_EDGE_EVERY)
