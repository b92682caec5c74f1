"""No spelling of a path and no header from outside gets past the edge.

Requests are written byte by byte: an HTTP library would put the spelling right before it leaves.
"""

import http.client
import json
import time
import uuid

import httpx
import pytest

from tests.security.calls import SECONDS, outcome_of, rest_arguments
from tests.security.schema import METHODS, Rpc
from tests.security.valid_requests import least_request
from tests.security.world import World
from tests.support.mesh import whole_lines

LOG_SECONDS = 10.0
PROTECTED = [rpc for rpc in METHODS if not rpc.is_public]
SPELLINGS = (
    "/{path}", "//{path}", "/./{path}", "/v1/..//{path}", "/x/../{path}", "/%2e/{path}", "/x/%2e%2e/{path}",
    "/x/%2E%2E/{path}", "/%2f{path}", "/x%2f..%2f{path}", "/x%5c..%5c{path}", "/\\{path}", "/;/{path}",
    "/;a=b/{path}", "/{path};", "/{path};a=b", "/{path}/", "/{path}//", "/{path}/.", "/{path}%20",
    "/{path}%00", "/{path}%0d%0a", "/{path}?", "/{path}?access_token=x", "/{path}#x", "/{PATH}",
    "/{encoded}", "/{double}", "http://elsewhere/{path}", "/healthz/../{path}", "/docs/../{path}",
    "/.well-known/../{path}", "/v1/auth:login/../../{path}", "/v1/auth:login%2f..%2f..%2f{path}",
    "/v1/auth:login;/../../{path}", "/.well-known/jwks.json/../../{path}",
)  # fmt: skip


def spelled(spelling: str, path: str) -> str:
    path = path.lstrip("/")
    encoded = "".join(f"%{ord(letter):02x}" if letter.isalpha() else letter for letter in path)
    double = encoded.replace("%", "%25")
    return spelling.format(path=path, PATH=path.swapcase(), encoded=encoded, double=double)


class Edge:
    """Raw requests, each with an id by which the edge's own log tells what became of it."""

    def __init__(self, world: World) -> None:
        self._log = world.mesh.folder / "logs" / "gateway.log"
        self._address = world.mesh.info.rest.removeprefix("http://")
        self.sent: dict[str, str] = {}

    def status(self, verb: str, target: str, body: bytes = b"", **headers: str) -> int:
        identifier = str(uuid.uuid4())
        self.sent[identifier] = f"{verb} {target}"
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        connection.putrequest(verb, target, skip_accept_encoding=True)
        for name, value in {"x-request-id": identifier, "content-length": str(len(body)), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        try:
            return connection.getresponse().status
        finally:
            connection.close()

    def passed_on(self) -> list[str]:
        """What of all that was sent a service has answered, by the edge's log, once the log has it all."""
        end = time.monotonic() + LOG_SECONDS
        while True:
            lines = [json.loads(line) for line in whole_lines(self._log.read_text()) if line.startswith("{")]
            seen = {line["request_id"]: line for line in lines if line.get("request_id") in self.sent}
            if len(seen) >= len(self.sent) or time.monotonic() > end:
                break
            time.sleep(0.05)  # Envoy writes its log once a second
        return [self.sent[name] for name, line in seen.items() if line["details"] == "via_upstream"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_reaches_a_protected_method_without_a_token(world: World, spelling: str):
    edge = Edge(world)
    for rpc in PROTECTED:
        arguments = rest_arguments(rpc, least_request(rpc, world.own))
        for path in (arguments["url"], f"/{rpc.service}/{rpc.name}"):
            body = json.dumps(arguments.get("json", {})).encode()
            verb = rpc.verb if path == arguments["url"] else "POST"
            status = edge.status(verb, spelled(spelling, path), body, content_type="application/json")
            assert status in (400, 401, 404, 405, 415), (spelling, path)
    assert edge.passed_on() == []


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "HEAD", "OPTIONS", "TRACE", "get", "ANYTHING"])
def test_no_other_verb_does(world: World, method: str):
    edge = Edge(world)
    for rpc in PROTECTED:
        path = rest_arguments(rpc, least_request(rpc, world.own))["url"]
        for override in ({}, {"x_http_method_override": rpc.verb}):
            status = edge.status(method, path, **override)
            assert status in (400, 401, 404, 405, 415, 501), (method, path)
    assert edge.passed_on() == []


def test_the_log_tells_what_was_passed_on(world: World):
    """Otherwise the tests above would prove nothing."""
    edge = Edge(world)
    assert edge.status("GET", "/v1/me", authorization=f"Bearer {world.owner.token}") == 200
    assert edge.status("GET", "//v1/./contracts", authorization=f"Bearer {world.owner.token}") == 200
    assert edge.status("GET", "/v1/me") == 401
    assert edge.passed_on() == ["GET /v1/me", "GET //v1/./contracts"]


@pytest.mark.parametrize("rpc", [rpc for rpc in METHODS if rpc.needs_workload], ids=str)
@pytest.mark.parametrize("header", ["x-bloom-workload", "X-Bloom-Workload", "X-BLOOM-WORKLOAD"])
def test_a_workload_from_outside_counts_for_nothing(world: World, rpc: Rpc, header: str):
    """A real token of a service of the mesh, so that nothing but the edge stands in its way."""
    headers = [(header, world.mesh.workload_token())] * 2
    headers.append(("authorization", f"Bearer {world.owner.token}"))
    arguments = rest_arguments(rpc, least_request(rpc, world.own))
    with httpx.Client(base_url=world.mesh.info.rest, trust_env=False, timeout=SECONDS) as client:
        answer = client.request(**arguments, headers=headers)
    assert (answer.status_code, outcome_of(answer).reason) == (403, "WORKLOAD_REQUIRED")
