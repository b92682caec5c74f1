"""What Claude's faults lead to: tried again within bounds, then told; and a later try continues."""

import pytest

from contracts_service.fields import GROUPS
from tests.support.client import WebClient
from tests.support.mesh import RunningMesh, Simulator

TEXT = b"""The initial term of this agreement shall be fifteen (15) years.
This agreement is governed by the laws of the State of New York."""
ATTEMPTS = 2
CALLS_OF_AN_ATTEMPT = 3


def fault_of(operation: dict) -> tuple[str, str]:
    """Its reason and its words."""
    error = operation["error"]
    return next(detail["reason"] for detail in error["details"] if "reason" in detail), error["message"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429, "retry_after": 0},
        {"kind": "status", "status": 529},
        {"kind": "status", "status": 500},
        {"kind": "slow", "seconds": 0.5},
        {"kind": "cut_body"},
        {"kind": "malformed"},
        {"kind": "off_schema"},
    ],
    ids=["rate limited", "overloaded", "failing", "slow", "cut off", "garbage", "outside the schema"],
)
def test_a_fault_that_passes_is_survived(owner: WebClient, simulator: Simulator, fault):
    simulator.script({"times": 2, "fault": fault})
    operation = owner.finished(owner.upload(TEXT)["name"])
    assert "error" not in operation
    values = owner.values(operation["metadata"]["contract"])
    assert values["term_years"][0]["status"] == "VALUE_STATUS_VERIFIED"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory):
    """A mesh that gives up soon, so that a fault that stays is seen to stay."""
    settings = {"ANALYSIS_ATTEMPTS": str(ATTEMPTS), "AI_REQUEST_TIMEOUT": "2000"}
    with RunningMesh(tmp_path_factory.mktemp("impatient"), **settings) as running:
        yield running


@pytest.fixture
def claude(impatient: RunningMesh):
    control = Simulator(impatient.info.simulator)
    control.forget()
    return control


@pytest.fixture
def client(impatient: RunningMesh) -> WebClient:
    return WebClient.register(impatient.info.rest)


@pytest.mark.parametrize(
    ("fault", "expected", "attempts"),
    [
        ({"kind": "status", "status": 429, "retry_after": 0}, "AI_RATE_LIMITED", ATTEMPTS),
        ({"kind": "status", "status": 529, "retry_after": 0}, "AI_UNAVAILABLE", ATTEMPTS),
        ({"kind": "slow", "seconds": 30}, "AI_TIMEOUT", ATTEMPTS),
        ({"kind": "cut_body"}, "AI_UNAVAILABLE", ATTEMPTS),
        ({"kind": "off_schema"}, "AI_ANSWER_OFF_SCHEMA", ATTEMPTS),
        ({"kind": "status", "status": 401}, "AI_MISCONFIGURED", 1),
        ({"kind": "refusal"}, "AI_REFUSED", 1),
    ],
    ids=["rate limited", "overloaded", "slow", "cut off", "outside the schema", "key refused", "refusal"],
)
def test_a_fault_that_stays_is_told_and_a_later_try_continues(client, claude, fault, expected, attempts):
    claude.script({"match": {"schema_has": "governing_law"}, "fault": fault})
    name = client.upload(TEXT)["name"]
    failed = client.finished(name)
    told, words = fault_of(failed)
    assert told == expected
    assert "Claude" in words
    assert failed["metadata"]["attempts"] == attempts
    asked = claude.groups_asked()
    assert attempts <= asked.pop("legal") <= attempts * CALLS_OF_AN_ATTEMPT
    assert asked == dict.fromkeys(GROUPS.keys() - {"legal"}, 1)
    claude.forget()
    assert "error" not in client.finished(name)
    assert claude.groups_asked() == {"legal": 1}
    assert client.values(name)["governing_law"][0]["value"] == "New York"


def test_claude_is_down_and_comes_back(impatient, client, claude):
    name = client.upload(TEXT)["name"]
    impatient.stop("simulator")
    try:
        failed = client.finished(name)
    finally:
        impatient.start("simulator")
    assert fault_of(failed)[0] == "AI_UNAVAILABLE"
    assert failed["metadata"]["attempts"] == ATTEMPTS
    assert client.get(f"/v1/{name}").json()["analysis"]["state"] == "ANALYSIS_STATE_FAILED"
    assert "error" not in client.finished(name)
    assert claude.groups_asked() == dict.fromkeys(GROUPS, 1)
