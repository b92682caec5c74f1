"""SCIM through the real edge: its own callers only, within the limits of everybody."""

import uuid

import httpx
import pytest

from tests.security.world import World


@pytest.fixture
def anyone(world: World) -> httpx.Client:
    with httpx.Client(base_url=world.mesh.info.rest, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def key(world: World) -> dict[str, str]:
    asked = {"owner": world.owner.subject, "display_name": "x", "scopes": ["PERMISSION_DIRECTORY_PROVISION"]}
    made = world.owner.post("/v1/apiKeys", asked).raise_for_status().json()
    return {"authorization": f"Bearer {made['key']}"}


def test_a_key_provisions_through_the_edge(anyone, key):
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": f"{uuid.uuid4()}@mail.example",
        "active": True,
    }
    made = anyone.post("/scim/v2/Users", json=body, headers=key)
    assert made.status_code == 201
    assert made.headers["content-type"] == "application/scim+json"
    assert made.headers["cache-control"] == "no-store"
    assert made.headers["x-content-type-options"] == "nosniff"
    assert "server" not in made.headers or "uvicorn" not in made.headers["server"]
    location = made.json()["meta"]["location"]
    assert anyone.get(location, headers=key).json() == made.json()
    assert anyone.get("/scim/v2/Users", params={"count": 1}, headers=key).json()["itemsPerPage"] == 1


def test_strangers_are_told_what_is_offered_and_no_more(anyone):
    assert anyone.get("/scim/v2/ServiceProviderConfig").status_code == 200
    for verb in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = anyone.request(
            verb, f"/scim/v2/Users/{uuid.uuid4()}" if verb != "POST" else "/scim/v2/Users"
        )
        assert answer.status_code == 401, verb


def test_other_methods_and_too_much_end_at_the_edge(anyone, key):
    for verb in ("OPTIONS", "TRACE", "PROPFIND"):
        assert anyone.request(verb, "/scim/v2/Users").status_code == 405
    huge = anyone.post("/scim/v2/Users", content=b" " * (2 * 1024 * 1024), headers=key)
    assert huge.status_code == 413


@pytest.mark.parametrize(
    "path", ["/scim/v2/../../v1/users", "/scim/v2/%2e%2e/%2e%2e/v1/users", "/scim/v2/../v1/users"]
)
def test_the_prefix_leads_nowhere_else(anyone, key, path):
    raw = httpx.URL(
        scheme="http", host=anyone.base_url.host, port=anyone.base_url.port, raw_path=path.encode()
    )
    answer = anyone.get(raw, headers=key)
    assert answer.status_code in (401, 404)
    assert "Resources" not in answer.text
