"""`kill -9` in mid-analysis: the operation finishes, once, and no acknowledged write is missing."""

import asyncio

import asyncpg
import pytest

from contracts_service.fields import GROUPS
from tests.support.client import WebClient
from tests.support.mesh import RunningMesh, Simulator

TEXT = b"Dated as of March 3, 2025. The initial term of this agreement shall be ten (10) years."


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    with RunningMesh(tmp_path_factory.mktemp("crash")) as running:
        yield running


def counts(mesh: RunningMesh, operation: str) -> dict[str, int]:
    """As the owner of the tables sees it, who is bound by row-level security too: so the tenant is set."""

    async def ask() -> dict[str, int]:
        connection = await asyncpg.connect(mesh.info.databases["contracts"].owner)
        try:
            await connection.execute("SET row_security = on")
            org = await connection.fetchval("SELECT set_config('app.org_id', $1, false)", mesh.org)
            assert org
            return {
                "values": await connection.fetchval(
                    "SELECT count(DISTINCT operation_id) FROM extracted_values WHERE operation_id = $1::uuid",
                    operation,
                ),
                "published": await connection.fetchval(
                    "SELECT count(*) FROM audit_events WHERE event::jsonb ->> 'action' = 'contract.analyzed'"
                ),
            }
        finally:
            await connection.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("victim", ["contracts-worker", "ai-gateway", "contracts", "postgres"])
def test_an_analysis_survives(mesh, simulator: Simulator, victim):
    owner = WebClient.register(mesh.info.rest)
    mesh.org = owner.organization.removeprefix("organizations/")
    before = [owner.upload(TEXT + str(number).encode())["name"] for number in range(3)]
    simulator.script({"match": {"schema_has": "term_years"}, "times": 1, "delay_ms": 1500})
    name = owner.upload(TEXT)["name"]
    operation = owner.analyze(name)
    owner.until(operation, "begun")
    mesh.kill(victim)
    mesh.wait_until_back(victim)
    finished = owner.until(operation)
    assert "error" not in finished
    assert owner.values(name)["term_years"][0]["status"] == "VALUE_STATUS_VERIFIED"
    listed = {contract["name"] for contract in owner.get("/v1/contracts").json()["contracts"]}
    assert listed == {*before, name}
    assert counts(mesh, operation.removeprefix("operations/")) == {"values": 1, "published": 1}
    asked = [request for request in simulator.requests() if request.get("outcome", "ANSWERED") == "ANSWERED"]
    assert len(GROUPS) <= len(asked) <= len(GROUPS) + 5  # those in flight at the kill may be asked twice
