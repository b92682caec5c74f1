"""REST fuzzed from the OpenAPI document: no 5xx, no answer that is not documented."""

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

EXAMPLES = 12
_BOUNDED = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_every_operation(mesh: RunningMesh):
    owner = WebClient.register(mesh.info.rest)
    owner.finished(owner.upload(b"An agreement about fuel cells for a term of ten (10) years.")["name"])
    schema = schemathesis.openapi.from_url(mesh.info.urls["openapi"])
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        tried += 1

        @_BOUNDED
        @given(case=operation.as_strategy())
        def fuzz(case: schemathesis.Case) -> None:
            # Headers and cookies that the caller could not send anyway are the client library's own matter.
            case.call_and_validate(
                headers={"authorization": f"Bearer {owner.token}"},
                checks=[not_a_server_error, status_code_conformance, response_schema_conformance],
                timeout=30,
            )

        fuzz()
    assert tried > 20
