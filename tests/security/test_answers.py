"""What every answer of the edge says to a browser, whatever was asked, and what no request makes it do."""

import json
import re
import socket
import uuid
from email.message import Message

import httpx
import pytest

from tests.security.calls import outcome_of
from tests.support.client import PASSWORD, WebClient
from tests.support.mesh import RunningMesh

YEAR_SECONDS = 31_536_000
HOSTILE = "\"><script>alert(1)</script>'--\\u0000{{7*7}}${7*7}%0d%0aSet-Cookie:a=b\u2028</title>"
PATHS = ("/", "/v1/me", "/v1/users", "/nothing/here", "/healthz", "/readyz", "/docs", "/openapi.json",
         "/.well-known/jwks.json", "/v1/auth:login")  # fmt: skip


@pytest.fixture(scope="module")
def owner(mesh: RunningMesh) -> WebClient:
    return WebClient.register(mesh.info.rest)


@pytest.fixture(scope="module")
def answers(mesh: RunningMesh, owner: WebClient) -> list[httpx.Response]:
    """With and without a token, good requests and bad ones."""
    found = []
    with httpx.Client(base_url=mesh.info.rest, trust_env=False, timeout=30) as anyone:
        for client in (anyone, owner.http):
            found += [client.request(verb, path) for path in PATHS for verb in ("GET", "POST", "OPTIONS")]
            found.append(
                client.post("/v1/auth:login", content=b"{", headers={"content-type": "application/json"})
            )
    assert {answer.status_code for answer in found} >= {200, 400, 401, 404, 405}
    return found


def policy(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, _, values in parts}


def test_browsers_are_told_to_come_by_tls_alone(answers):
    for answer in answers:
        said = answer.headers["strict-transport-security"]
        assert int(re.search(r"max-age=(\d+)", said)[1]) >= YEAR_SECONDS
        assert "includeSubDomains" in said


def test_browsers_load_and_frame_nothing_that_is_not_named(answers):
    for answer in answers:
        told = policy(answer)
        assert told["default-src"] == told["base-uri"] == told["frame-ancestors"] == "'none'"
        assert told["form-action"] == "'none'"
        assert told.get("object-src", "'none'") == "'none'"
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_browsers_guess_no_type_and_tell_no_address(answers):
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_body_is_what_its_type_says(answers):
    typed = 0
    for answer in answers:
        if not answer.content:
            continue
        said = Message()
        said["content-type"] = answer.headers["content-type"]
        kind = said.get_content_type()
        if kind == "application/json":
            json.loads(answer.content)
        else:
            assert kind in ("text/html", "text/plain", "application/javascript")
            assert said.get_content_charset() == "utf-8"
        typed += 1
    assert typed > 20


def test_what_is_somebodys_is_kept_nowhere(answers):
    for answer in answers:
        if answer.request.headers.get("authorization"):
            assert answer.headers["cache-control"] == "no-store" or answer.request.url.path in PUBLIC


PUBLIC = {"/docs", "/openapi.json", "/.well-known/jwks.json"}


def test_nobody_is_sent_elsewhere_and_nothing_is_listed(answers, mesh: RunningMesh):
    """A client that came without TLS would not notice; a person who typed our name is led to the pages."""
    led = {(answer.url.path, answer.headers["location"]) for answer in answers if answer.is_redirect}
    assert led == {("/", f"{mesh.info.rest}/docs")}
    plain = httpx.get(f"{mesh.info.rest}/v1/me", headers={"x-forwarded-proto": "http"}, trust_env=False)
    assert plain.status_code == 401
    for path in ("/.git/config", "/.git/HEAD", "/.env", "/docs/", "/static/", "/v1/", "/metrics", "/stats",
                 "/config_dump", "/server-status", "/actuator", "/debug/pprof/", "/clusters"):  # fmt: skip
        answer = httpx.get(f"{mesh.info.rest}{path}", trust_env=False, timeout=30)
        assert answer.status_code in (401, 404), path


def test_services_describe_themselves_to_nobody_outside(mesh: RunningMesh, owner: WebClient):
    for service in ("grpc.reflection.v1alpha.ServerReflection", "grpc.reflection.v1.ServerReflection"):
        answer = owner.http.post(
            f"/{service}/ServerReflectionInfo",
            content=b"\0" * 5,
            headers={"content-type": "application/grpc"},
        )
        # UNIMPLEMENTED
        assert (answer.status_code, answer.headers.get("grpc-status")) == (200, "12")


def test_hostile_text_comes_back_as_the_text_it_is(owner: WebClient):
    name = HOSTILE.replace("\\u0000", "")
    email = f"{uuid.uuid4()}@example.com"
    body = {"user": {"email": email, "display_name": name, "roles": ["ROLE_VIEWER"]}, "password": PASSWORD}
    made = owner.post("/v1/users", body).raise_for_status()
    shown = owner.get(f"/v1/{made.json()['name']}")
    for answer in (made, shown):
        assert answer.json()["display_name"] == name
        assert answer.headers["content-type"] == "application/json"
        assert "set-cookie" not in answer.headers
    refused = owner.get(f"/v1/users/{uuid.uuid4()}", **{"<script>": HOSTILE})
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/json")


def test_a_parameter_is_read_in_one_place(owner: WebClient):
    """What the body may say the address may not."""
    login = {"email": "a@example.com", "password": PASSWORD}
    answer = owner.http.post("/v1/auth:login", params={"email": "b@example.com"}, json=login)
    assert (answer.status_code, outcome_of(answer).reason) == (400, "INVALID_FIELD")


def test_a_field_that_comes_twice_is_not_chosen_among(owner: WebClient):
    body = b'{"email": "a@example.com", "email": "b@example.com", "password": "x"}'
    answer = owner.http.post("/v1/auth:login", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, outcome_of(answer).reason) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 30",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: +4",
        "Content-Length: 4\r\n Transfer-Encoding: chunked",
    ],
)
def test_a_request_has_one_end(mesh: RunningMesh, head: str):
    """Otherwise a second one would be hidden in it."""
    host, _, port = mesh.info.rest.removeprefix("http://").partition(":")
    hidden = "GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n"
    first = f"POST /v1/auth:login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{head}\r\n\r\n"
    request = f"{first}0\r\n\r\n{hidden}"
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(request.encode())
        answer = b""
        while part := line.recv(65536):
            answer += part
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 500"))
    assert answer.count(b"HTTP/1.1 ") == 1
