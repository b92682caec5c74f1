"""`kill -9` in mid-analysis: the operation finishes, once, and no acknowledged write is missing."""

import asyncio
import itertools
import threading
import time

import asyncpg
import httpx
import pytest

from contracts_service.fields import FIELDS, GROUPS
from tests.support.client import WebClient
from tests.support.mesh import RunningMesh, Simulator

TEXT = b"Dated as of March 3, 2025. The initial term of this agreement shall be ten (10) years."


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    with RunningMesh(tmp_path_factory.mktemp("crash")) as running:
        yield running


class Uploading:
    """Uploads one document after the other, whatever happens, and keeps what was acknowledged."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.acknowledged: dict[str, bytes] = {}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        for number in itertools.count():
            if self._ended.wait(0.02):
                return
            content = b"Agreement number %d about fuel cells." % number
            try:
                self.acknowledged[self._client.upload(content)["name"]] = content
            except httpx.HTTPError:
                continue  # refused, or broken off: nobody promised to keep it


def of_the_database(mesh: RunningMesh, owner: WebClient) -> dict[str, int]:
    """What the organization's analyses left behind; row-level security binds the tables' owner too."""

    async def count() -> dict[str, int]:
        connection = await asyncpg.connect(mesh.info.databases["contracts"].owner)
        try:
            org = owner.organization.removeprefix("organizations/")
            await connection.execute("SELECT set_config('app.org_id', $1, false)", org)
            return {
                "values": await connection.fetchval("SELECT count(*) FROM extracted_values"),
                "answers": await connection.fetchval("SELECT count(*) FROM operation_groups"),
                "audited": await connection.fetchval(
                    "SELECT count(*) FROM audit_events WHERE event::jsonb ->> 'action' = 'contract.analyzed'"
                ),
            }
        finally:
            await connection.close()

    return asyncio.run(count())


def announced(mesh: RunningMesh, contract: str, seconds: float = 15.0) -> set[str]:
    """The ids of the events that told of this contract's analysis, once there is one."""
    end = time.monotonic() + seconds
    while True:
        lines = mesh.logged("contracts-worker", "contract.analyzed")
        ids = {line["event_id"] for line in lines if line["contract"] == contract}
        if ids or time.monotonic() > end:
            return ids
        time.sleep(0.05)


def listed(owner: WebClient) -> set[str]:
    names, token = set(), ""
    while True:
        page = owner.get("/v1/contracts", page_size=100, page_token=token).raise_for_status().json()
        names |= {contract["name"] for contract in page["contracts"]}
        token = page.get("next_page_token", "")
        if not token:
            return names


@pytest.mark.parametrize("victim", ["contracts-worker", "ai-gateway", "contracts", "postgres"])
def test_an_analysis_and_every_acknowledged_upload_survive(mesh, simulator: Simulator, victim):
    owner = WebClient.register(mesh.info.rest)
    simulator.script({"match": {"schema_has": "term_years"}, "times": 1, "delay_ms": 1500})
    name = owner.upload(TEXT)["name"]
    with Uploading(owner) as uploading:
        operation = owner.analyze(name)
        at_the_kill = owner.until(operation, "begun")
        mesh.kill(victim)
        mesh.wait_until_back(victim)
        finished = owner.until(operation)
    answered = {group["group"] for group in at_the_kill["metadata"]["groups"] if group["done"]}
    assert answered
    assert "term" not in answered
    assert "error" not in finished
    assert owner.values(name)["term_years"][0]["status"] == "VALUE_STATUS_VERIFIED"

    answers = finished["metadata"]["groups"]
    assert len(answers) > len(GROUPS)
    assert of_the_database(mesh, owner) == {"values": len(FIELDS), "answers": len(answers), "audited": 1}
    assert len(announced(mesh, name)) == 1
    asked = simulator.groups_asked()
    answered &= GROUPS.keys()
    assert {group: asked[group] for group in answered} == dict.fromkeys(answered, 1)
    # What was under way at the kill is asked once more; nothing is asked a third time.
    assert {asked[group] for group in GROUPS} <= {1, 2}

    assert uploading.acknowledged
    assert uploading.acknowledged.keys() <= listed(owner)
    for contract, content in uploading.acknowledged.items():
        assert owner.get(f"/v1/{contract}:download").content == content
