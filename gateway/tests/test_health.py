"""Whether the edge lives, and whether everything behind it does."""

import httpx
import pytest

from rest_gateway_testing.edge import Edge, reason_of, wait_for


def test_it_lives(anyone: httpx.Client) -> None:
    assert anyone.get("/healthz").json() == {"status": "SERVING"}


@pytest.mark.parametrize("path", ["/readyz", "/api/health"])
def test_it_is_ready_while_every_service_is_healthy(anyone: httpx.Client, path: str) -> None:
    wait_for(lambda: anyone.get(path).status_code == 200)
    assert anyone.get(path).json() == {"status": "SERVING"}


def test_a_service_that_is_down(edge: Edge, anyone: httpx.Client, someone: httpx.Client) -> None:
    wait_for(lambda: anyone.get("/readyz").status_code == 200)
    edge.backends.stop("ai_gateway")
    try:
        answer = someone.get("/v1/ai/usage")
        assert (answer.status_code, reason_of(answer)) == (503, "DEPENDENCY_UNAVAILABLE")
        assert answer.headers["retry-after"] == "1"
        wait_for(lambda: anyone.get("/readyz").status_code == 503)
        assert reason_of(anyone.get("/api/health")) == "DEPENDENCY_UNAVAILABLE"
        assert anyone.get("/healthz").status_code == 200
        assert someone.get("/v1/me").status_code == 200, "the others go on"
    finally:
        edge.backends.start("ai_gateway")
    wait_for(lambda: anyone.get("/readyz").status_code == 200)
