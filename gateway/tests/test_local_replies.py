"""What Envoy itself refuses: always JSON, always a google.rpc.Status with a reason."""

import http.client
import json

import httpx
import pytest

from rest_gateway.local_replies import local_errors
from rest_gateway_testing.edge import reason_of
from rest_gateway_testing.fakes import ZERO

MIB = 2**20


def test_an_unknown_path(someone: httpx.Client) -> None:
    for path in ("/nope", "/v1/nope", f"/v1/contracts/{ZERO}0001:nope"):
        answer = someone.get(path)
        assert (answer.status_code, reason_of(answer)) == (404, "METHOD_UNKNOWN")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/me", "GET"),
        ("/v1/users", "GET, POST"),
        (f"/v1/users/{ZERO}0001", "GET, PATCH"),
        ("/healthz", "GET"),
    ],
)
def test_a_wrong_method(someone: httpx.Client, path: str, allow: str) -> None:
    answer = someone.put(path)
    assert (answer.status_code, reason_of(answer)) == (405, "METHOD_UNKNOWN")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    "query", ["nope=1", "page_size=abc", "page_size=99999999999", "page_size=1&page_size=x"]
)
def test_a_wrong_query_parameter(someone: httpx.Client, query: str) -> None:
    answer = someone.get(f"/v1/contracts?{query}")
    assert (answer.status_code, reason_of(answer)) == (400, "INVALID_FIELD")


def test_a_method_that_nobody_knows(someone: httpx.Client) -> None:
    for method in ("QUERY", "BREW"):
        answer = someone.request(method, "/v1/me")
        assert (answer.status_code, reason_of(answer)) == (405, "METHOD_UNKNOWN")
        assert "GET" in answer.headers["allow"]


def test_a_path_and_a_body_that_disagree(someone: httpx.Client) -> None:
    answer = someone.post(f"/v1/contracts/{ZERO}0001:analyze", json={"name": "contracts/other"})
    assert (answer.status_code, reason_of(answer)) == (400, "INVALID_FIELD")


def test_an_escaped_slash(someone: httpx.Client) -> None:
    answer = someone.get("/v1/contracts/a%2Fb")
    assert (answer.status_code, reason_of(answer)) == (400, "INVALID_FIELD")


def test_a_form_is_not_json(someone: httpx.Client) -> None:
    answer = someone.post("/v1/auth:login", data={"email": "a"})
    assert (answer.status_code, reason_of(answer)) == (415, "MALFORMED_JSON")


def test_multipart_is_told_how_to_send_a_file(someone: httpx.Client) -> None:
    answer = someone.post("/v1/contracts:upload?filename=a.pdf", files={"file": b"x"})
    assert (answer.status_code, reason_of(answer)) == (415, "DOCUMENT_TYPE_UNSUPPORTED")
    assert "?filename=" in answer.json()["message"]


@pytest.mark.parametrize("streamed", [False, True], ids=["length told", "chunked"])
def test_a_file_over_the_limit(someone: httpx.Client, streamed: bool) -> None:
    body = (b"x" * MIB for _ in range(51)) if streamed else b"x" * (51 * MIB)
    answer = someone.post("/v1/contracts:upload?filename=a.pdf", content=body)
    assert (answer.status_code, reason_of(answer)) == (413, "DOCUMENT_TOO_LARGE")
    assert answer.json()["details"][0]["metadata"] == {"limit_bytes": str(50 * MIB + 64 * 1024)}


def test_an_archive_may_be_larger_than_a_file(someone: httpx.Client) -> None:
    answer = someone.post("/v1/imports:upload?filename=a.zip", content=b"x" * (51 * MIB))
    assert answer.status_code != 413
    # Told by its length alone, and never sent.
    asking = http.client.HTTPConnection(someone.base_url.host, someone.base_url.port or 80, timeout=10)
    asking.putrequest("POST", "/v1/imports:upload?filename=a.zip")
    asking.putheader("authorization", someone.headers["authorization"])
    asking.putheader("content-length", str(1025 * MIB))
    asking.endheaders()
    told = asking.getresponse()
    assert told.status == 413
    assert json.load(told)["details"][0]["metadata"] == {"limit_bytes": str(1024 * MIB + 64 * 1024)}
    asking.close()


@pytest.mark.parametrize("streamed", [False, True], ids=["length told", "chunked"])
def test_json_over_the_limit(someone: httpx.Client, streamed: bool) -> None:
    head = {"content-type": "application/json"}
    body = (b" " * 65536 for _ in range(17)) if streamed else b" " * (MIB + 1)
    answer = someone.post("/v1/auth:login", content=body, headers=head)
    assert (answer.status_code, reason_of(answer)) == (413, "DOCUMENT_TOO_LARGE")
    assert answer.json()["details"][0]["metadata"] == {"limit_bytes": str(MIB)}


def test_headers_over_the_limit(someone: httpx.Client) -> None:
    answer = someone.get("/v1/me", headers={"x-large": "x" * 40_000})
    assert answer.status_code == 431
    assert answer.json()["details"][0]["reason"] == "INVALID_FIELD"


def test_every_reason_is_one_of_the_schema() -> None:
    from bloom.errors.v1.errors_pb2 import ErrorReason
    from rest_gateway.api import load_api
    from rest_gateway.settings import GatewaySettings

    somewhere = {f"{name}_address": "a:1" for name in ("auth", "contracts", "ai_gateway", "strict_json")}
    for error in local_errors(load_api(), GatewaySettings.model_validate(somewhere)):
        assert f"ERROR_REASON_{error.reason}" in set(ErrorReason.keys())
