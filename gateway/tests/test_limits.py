"""Limits that get in the way of other tests: an edge with little patience, and one without auth."""

import functools
import json
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest

from bloom.auth.v1 import auth_service_pb2 as auth
from bloom.auth.v1 import auth_service_pb2_grpc as auth_grpc
from rest_gateway_testing.edge import (
    Backends,
    Edge,
    free_port,
    grpc_reason,
    lives,
    local,
    reason_of,
    running_edge,
)
from rest_gateway_testing.fakes import SLOW

LIMIT = 12


@pytest.fixture(scope="module")
def strict(backends: Backends, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("strict")
    limits: dict[str, Any] = {"rate_limit_per_minute": LIMIT, "trusted_hops": 1, "unary_timeout_seconds": 1}
    with running_edge(backends, folder, **limits) as started:
        yield started


def behind_the_balancer(edge: Edge, address: str) -> httpx.Client:
    token = edge.backends.token()
    return edge.client(**{"authorization": f"Bearer {token}", "x-forwarded-for": address})


def test_one_client_too_fast_does_not_slow_another(strict: Edge) -> None:
    with (
        behind_the_balancer(strict, "203.0.113.1") as hasty,
        behind_the_balancer(strict, "203.0.113.2") as other,
    ):
        answers = [hasty.get("/v1/me") for _ in range(LIMIT + 3)]
        assert [answer.status_code for answer in answers[:LIMIT]] == [200] * LIMIT
        assert answers[-1].status_code == 429
        assert reason_of(answers[-1]) == "RATE_LIMITED"
        assert answers[-1].headers["retry-after"] == "1"
        assert other.get("/v1/me").status_code == 200


def test_an_address_that_a_client_says_of_itself_is_no_way_around(strict: Edge) -> None:
    said = [f"198.51.100.{number}, 203.0.113.3" for number in range(LIMIT + 3)]
    with behind_the_balancer(strict, "") as client:
        answers = [client.get("/v1/me", headers={"x-forwarded-for": hops}) for hops in said]
    assert answers[-1].status_code == 429


def test_grpc_clients_are_told_as_grpc(strict: Edge) -> None:
    with grpc.insecure_channel(local(strict.settings.port)) as channel:
        stub = auth_grpc.AuthServiceStub(channel)
        metadata = (("x-forwarded-for", "203.0.113.4"),)
        login = functools.partial(stub.Login, auth.LoginRequest(email="a", password="b"), metadata=metadata)
        for _ in range(LIMIT):
            login()
        with pytest.raises(grpc.RpcError) as caught:
            login()
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc_reason(caught.value) == "RATE_LIMITED"


def test_an_answer_that_does_not_come(strict: Edge) -> None:
    with behind_the_balancer(strict, "203.0.113.5") as client:
        answer = client.get(f"/v1/contracts/{SLOW}")
    assert answer.status_code == 504
    assert answer.json()["code"] == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert reason_of(answer) == "DEADLINE_EXCEEDED"


def test_without_keys_nobody_passes_and_everybody_is_told_why(
    backends: Backends, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("keyless")
    with running_edge(backends, folder, ready=lives, auth_address=local(free_port())) as keyless:
        with keyless.bearer() as client:
            answer = client.get("/v1/contracts")
        assert (answer.status_code, reason_of(answer)) == (503, "DEPENDENCY_UNAVAILABLE")
        with keyless.client() as client:
            assert client.get("/v1/contracts").status_code == 401


def test_behind_the_balancer_a_client_has_the_address_that_the_balancer_saw(strict: Edge) -> None:
    with behind_the_balancer(strict, "198.51.100.1, 203.0.113.6") as client:
        answer = client.get("/v1/me")
        assert answer.is_success, answer.text
        seen = json.loads(answer.json()["display_name"])
    assert seen["x-envoy-external-address"] == "203.0.113.6"
