"""What Claude's faults lead to: tried again within bounds, then told; and a later try continues."""

import pytest

from tests.support.client import WebClient
from tests.support.mesh import Simulator

TEXT = b"""The initial term of this agreement shall be fifteen (15) years.
This agreement is governed by the laws of the State of New York."""


def fault_reason(operation: dict) -> str:
    return next(detail["reason"] for detail in operation["error"]["details"] if "reason" in detail)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429, "retry_after": 0},
        {"kind": "status", "status": 529},
        {"kind": "status", "status": 500},
        {"kind": "cut_body"},
        {"kind": "malformed"},
        {"kind": "off_schema"},
    ],
    ids=["rate limited", "overloaded", "failing", "cut off", "garbage", "outside the schema"],
)
def test_a_fault_that_passes_is_survived(owner: WebClient, simulator: Simulator, fault):
    simulator.script({"times": 2, "fault": fault})
    operation = owner.finished(owner.upload(TEXT)["name"])
    assert "error" not in operation
    values = owner.values(operation["metadata"]["contract"])
    assert values["term_years"][0]["status"] == "VALUE_STATUS_VERIFIED"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "status", "status": 401}, "AI_MISCONFIGURED"),
        ({"kind": "refusal"}, "AI_REFUSED"),
    ],
)
def test_a_fault_that_stays_is_told_and_a_later_try_continues(owner, simulator, fault, expected):
    simulator.script({"match": {"schema_has": "governing_law"}, "fault": fault})
    name = owner.upload(TEXT)["name"]
    assert fault_reason(owner.finished(name)) == expected
    asked_before = len(simulator.requests())
    simulator.forget()
    assert "error" not in owner.finished(name)
    assert 0 < len(simulator.requests()) < asked_before
    assert owner.values(name)["governing_law"][0]["value"] == "New York"
