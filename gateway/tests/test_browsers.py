"""What browsers need: leave to call from our origins, headers that keep them safe, the reference page."""

import base64
import hashlib
import json
import re
import uuid

import httpx
import pytest

from rest_gateway_testing.edge import Edge, wait_for

OURS = "https://app.example"


def preflight(client: httpx.Client, origin: str, path: str = "/v1/users") -> httpx.Response:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    return client.options(path, headers={"origin": origin, **asked})


def test_our_origins_may_call(anyone: httpx.Client) -> None:
    for origin in (OURS, "https://two.example"):
        answer = preflight(anyone, origin)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert "authorization" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://app.example", "https://app.example.evil", "null"]
)
def test_other_origins_may_not(anyone: httpx.Client, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(anyone, origin).headers
    assert "access-control-allow-origin" not in anyone.get("/v1/me", headers={"origin": origin}).headers


def test_refusals_can_be_read_by_our_pages(anyone: httpx.Client) -> None:
    answer = anyone.get("/v1/me", headers={"origin": OURS})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "x-request-id" in answer.headers["access-control-expose-headers"]


def test_every_answer_has_the_security_headers(anyone: httpx.Client, someone: httpx.Client) -> None:
    for answer in (someone.get("/v1/me"), anyone.get("/v1/me"), anyone.get("/nope"), anyone.get("/readyz")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        csp = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        assert answer.headers["content-security-policy"] == csp
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["server"] == "bloom"
        assert not [name for name in answer.headers if name.startswith("x-envoy")]


def test_a_sane_request_id_is_kept_and_another_is_replaced(someone: httpx.Client) -> None:
    ours = str(uuid.uuid4())
    answer = someone.get("/v1/me", headers={"x-request-id": ours})
    assert answer.headers["x-request-id"] == ours
    assert json.loads(answer.json()["display_name"])["x-request-id"] == ours
    for forged in ("<script>", "x" * 300, ""):
        given = someone.get("/v1/me", headers={"x-request-id": forged}).headers["x-request-id"]
        assert uuid.UUID(given)


def test_the_access_log_has_no_secrets(edge: Edge, someone: httpx.Client) -> None:
    request_id = someone.get("/v1/contracts", params={"filter": "top secret"}).headers["x-request-id"]

    def lines() -> list[dict[str, object]]:
        return [line for line in edge.log() if line["request_id"] == request_id]

    wait_for(lambda: bool(lines()))
    line = lines()[0]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/contracts", 200)
    assert line["route"] == "bloom.contracts.v1.ContractService/ListContracts"
    assert "secret" not in json.dumps(line)
    assert "eyJ" not in (edge.folder / "access.log").read_text()


def test_the_reference_page_may_run_its_own_script_and_style_only(anyone: httpx.Client) -> None:
    page = anyone.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    for tag in ("script", "style"):
        source = re.search(f"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
        assert source is not None
        digest = base64.b64encode(hashlib.sha256(source[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)


def test_the_description_of_the_api_is_served(anyone: httpx.Client) -> None:
    answer = anyone.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["openapi"] == "3.1.0"
    assert anyone.get("/").headers["location"].endswith("/docs")
