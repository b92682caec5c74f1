"""Who passes the edge: good tokens only, by the RPC's name, however a path is spelled."""

import base64
import http.client
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from rest_gateway import identity
from rest_gateway.config import http_filter
from rest_gateway_testing.edge import Backends, Edge, lives, reason_of, running_edge, wait_for
from rest_gateway_testing.fakes import ZERO


def me(client: httpx.Client, token: str) -> httpx.Response:
    return client.get("/v1/me", headers={"authorization": f"Bearer {token}"})


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_good_token_passes_and_travels_on(edge: Edge, anyone: httpx.Client) -> None:
    token = edge.backends.token()
    seen = json.loads(me(anyone, token).json()["display_name"])
    assert seen["authorization"] == f"Bearer {token}"


def test_no_token(anyone: httpx.Client) -> None:
    answer = anyone.get("/v1/me")
    assert (answer.status_code, reason_of(answer)) == (401, "TOKEN_MISSING")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_expired_token(edge: Edge, anyone: httpx.Client) -> None:
    answer = me(anyone, edge.backends.token(exp=int(time.time()) - 60))
    assert (answer.status_code, reason_of(answer)) == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    "claims",
    [{"iss": "somebody"}, {"aud": "another"}, {"aud": []}, {"exp": None}],
    ids=["issuer", "audience", "no audience", "no end"],
)
def test_a_token_for_something_else(edge: Edge, anyone: httpx.Client, claims: dict[str, Any]) -> None:
    answer = me(anyone, edge.backends.token(**claims))
    assert (answer.status_code, reason_of(answer)) == (401, "TOKEN_INVALID")


def test_tokens_that_were_made_or_changed_by_strangers(edge: Edge, anyone: httpx.Client) -> None:
    good = edge.backends.token()
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    public = json.dumps(edge.backends.key.as_dict(private=False))
    forged = {
        "another key, same name": edge.backends.token(key=ECKey.generate_key("P-256", {"kid": "one"})),
        "other claims, same signature": f"{head}.{encoded(claims | {'sub': 'users/2'})}.{signature}",
        "no algorithm": f"{encoded({'alg': 'none'})}.{body}.",
        "no signature": f"{head}.{body}.",
        "the public key as a secret": jwt.encode(
            {"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(public), algorithms=["HS256"]
        ),
        "not a token": "garbage",
    }
    for name, token in forged.items():
        answer = me(anyone, token)
        assert (answer.status_code, reason_of(answer)) == (401, "TOKEN_INVALID"), name


def test_a_token_elsewhere_than_in_its_header_is_none(edge: Edge, anyone: httpx.Client) -> None:
    assert anyone.get("/v1/me", params={"access_token": edge.backends.token()}).status_code == 401


def test_public_methods_need_none(anyone: httpx.Client) -> None:
    assert anyone.post("/v1/auth:login", json={"email": "a", "password": "b"}).status_code == 200
    assert anyone.get("/.well-known/jwks.json").json()["keys"][0]["kid"] == "one"


@pytest.mark.parametrize(
    "path",
    [
        "//v1/me",
        "/v1//me",
        "/v1/./me",
        "/v1/auth:login/../me",
        "/.well-known/../v1/me",
        "/v1/%6de",
        "/v1%2fme",
        "/v1/auth:login%2f..%2fme",
        "/v1/auth:login;/../me",
        "/v1/me;x=1",
        "/V1/me",
        "/v1/me/",
        "/v1/me%00",
        "/bloom.auth.v1.AuthService/GetMe",
        "/bloom.auth.v1.AuthService/Login/../GetMe",
        f"/healthz/../v1/contracts/{ZERO}0001",
    ],
)
def test_no_spelling_of_a_path_gets_past(edge: Edge, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", edge.settings.port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status in (400, 401, 404), (path, answer.status, body)
    assert set(json.loads(body)) == {"code", "message", "details"}


def test_headers_of_the_mesh_are_not_taken_from_outside(edge: Edge, anyone: httpx.Client) -> None:
    forged = {
        "x-bloom-workload": "contracts",
        "X-Bloom-Workload": "contracts",
        "x-envoy-original-path": "/forged",
        "x-envoy-expected-rq-timeout-ms": "1",
        "x-envoy-internal": "true",
        "x-envoy-external-address": "203.0.113.9",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "forged.example",
    }
    answer = anyone.get("/v1/me", headers={**forged, "authorization": f"Bearer {edge.backends.token()}"})
    seen = json.loads(answer.json()["display_name"])
    assert "x-bloom-workload" not in seen
    assert "x-forwarded-host" not in seen
    assert "x-envoy-internal" not in seen
    assert seen["x-envoy-original-path"] == "/v1/me"
    assert seen["x-forwarded-proto"] == "http"
    assert "203.0.113.9" not in seen["x-forwarded-for"]
    # What tries of passwords are counted by.
    assert seen["x-envoy-external-address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("off", "status"),
    [(["by_request"], 401), (["by_rpc"], 401), (["by_request", "by_rpc"], 200)],
    ids=["by the RPC alone", "by the request alone", "no check at all"],
)
def test_either_check_holds_alone(
    backends: Backends, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off: list[str], status: int
) -> None:
    for number, name in enumerate(off):
        nothing = http_filter(f"nothing-{number}", "grpc_web.v3.GrpcWeb")
        monkeypatch.setattr(identity, name, lambda _api, nothing=nothing: nothing)
    with running_edge(backends, tmp_path, ready=lives) as edge, edge.client() as anyone:
        wait_for(lambda: anyone.get("/readyz").status_code == 200)
        assert anyone.get("/v1/me").status_code == status


def test_services_learn_how_long_they_have(edge: Edge) -> None:
    fake = edge.backends.contracts
    with edge.bearer() as someone:
        someone.get(f"/v1/contracts/{ZERO}0001")
    assert fake.seconds_left is not None
    assert 25 < fake.seconds_left <= 30
