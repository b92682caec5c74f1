"""What a caller writes names no metric: their number and their names are the edge's own."""

import contextlib
import uuid

import httpx

from rest_gateway_testing.edge import Edge


def metrics(edge: Edge) -> set[str]:
    answer = httpx.get(f"http://127.0.0.1:{edge.settings.admin_port}/stats/prometheus", trust_env=False)
    return {line.rpartition(" ")[0] for line in answer.text.splitlines() if not line.startswith("#")}


def storm(edge: Edge, word: str) -> None:
    """The word everywhere that a request has room for it."""
    targets = (
        f"/{word}", f"/v1/{word}", f"/v1/users/{word}", f"/v1/me?{word}={word}", f"/bloom.{word}/GetMe",
        f"/bloom.auth.v1.AuthService/{word}", f"/docs/{word}", f"/.well-known/{word}",
    )  # fmt: skip
    with edge.bearer() as client:
        for target in targets:
            for method in ("GET", "POST", word.upper()):
                with contextlib.suppress(httpx.TransportError):
                    client.request(method, target, json={word: word}, headers={f"x-{word}": word})
        said = {"host": f"{word}.example", "user-agent": word, "x-request-id": word}
        # Envoy would name counters by it.
        client.get("/v1/me", headers={**said, "x-envoy-upstream-alt-stat-name": word})
        for path in (f"/bloom.auth.v1.AuthService/{word}", f"/bloom.{word}/GetMe", f"/{word}/{word}"):
            client.post(
                path, content=b"\0" * 5, headers={"content-type": "application/grpc", "te": "trailers"}
            )


def test_no_text_of_a_request_names_a_metric(edge: Edge) -> None:
    storm(edge, "first" + uuid.uuid4().hex)
    before = metrics(edge)
    words = [f"word{uuid.uuid4().hex}" for _ in range(5)]
    for word in words:
        storm(edge, word)
    after = metrics(edge)
    assert len(after) > 100
    assert not [name for name in after if any(word in name for word in words)]
    assert after == before
