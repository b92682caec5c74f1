"""Connects the demo organization to the local OpenID Connect provider, for its people to sign in with."""

from __future__ import annotations

from typing import Any

import httpx

from local_mesh.credentials import DEMO_EMAIL
from local_mesh.demo_account import SignUpError

CLIENT_ID = "bloom"
DOMAIN = DEMO_EMAIL.partition("@")[2]
_CONNECTION = {"display_name": "Local people", "client_id": CLIENT_ID, "roles": ["ROLE_CONTRACT_MANAGER"]}


async def connect(rest: str, password: str, issuer: str, client_secret: str) -> str:
    """Makes the connection, or tells the one that is there where the provider is now. Raises SignUpError.

    The domain is verified as everybody's is, by a TXT record; the provider's own DNS publishes it.
    """
    async with httpx.AsyncClient(base_url=rest, trust_env=False, timeout=20) as client:
        answer = await client.post("/v1/auth:login", json={"email": DEMO_EMAIL, "password": password})
        client.headers["authorization"] = f"Bearer {_ok(answer)['tokens']['access_token']}"
        wanted = _CONNECTION | {"issuer": issuer, "client_secret": client_secret}
        there = _ok(await client.get("/v1/ssoConnections")).get("connections", [])
        if there:
            name = there[0]["name"]
            connection = _ok(await client.patch(f"/v1/{name}", json=wanted))
        else:
            connection = _ok(await client.post("/v1/ssoConnections", json={"connection": wanted}))
            name = connection["name"]
        if not any(item.get("verified") for item in connection.get("domains", [])):
            await _verify(client, name, issuer)
    return "kept" if there else "made"


async def _verify(client: httpx.AsyncClient, name: str, provider: str) -> None:
    added = _ok(await client.post(f"/v1/{name}:addDomain", json={"domain": DOMAIN}))
    item = next(item for item in added["domains"] if item["domain"] == DOMAIN)
    record = {"name": item["txt_name"], "value": item["txt_value"]}
    async with httpx.AsyncClient(trust_env=False, timeout=20) as dns:
        (await dns.put(f"{provider}/_provider/txt", json=record)).raise_for_status()
    _ok(await client.post(f"/v1/{name}:verifyDomain", json={"domain": DOMAIN}))


def _ok(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code != httpx.codes.OK:
        raise SignUpError(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:500]}")
    body: dict[str, Any] = answer.json()
    return body
