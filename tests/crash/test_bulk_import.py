"""`kill -9` of whatever works on a bulk import, again and again: each file ends once, as one contract.

A small one by default; `make crash-import` takes 200 files and 20 kills.
"""

import asyncio
import hashlib
import io
import json
import os
import random
import time
import zipfile
from collections import Counter

import asyncpg
import httpx
import pytest

from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

FILES = int(os.environ.get("IMPORT_FILES", "30"))
KILLS = int(os.environ.get("IMPORT_KILLS", "3"))
SEED = int(os.environ.get("IMPORT_SEED", "0")) or random.randrange(1, 2**31)
# Of contracts that come in: INTERACTIVE, or PATIENT in batches.
ANALYSIS = os.environ.get("IMPORT_ANALYSIS", "INTERACTIVE")
WORKER, OTHERS = "contracts-worker", ("contracts", "postgres", "ai-gateway")
# Every tenth is a copy of the one before.
COPY_EVERY = 10


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    with RunningMesh(
        tmp_path_factory.mktemp("bulk"), JOB_HEARTBEAT_SECONDS="1", ANALYSIS_POLL_SECONDS="1"
    ) as running:
        yield running


def content_of(number: int) -> bytes:
    original = number - 1 if number % COPY_EVERY == COPY_EVERY - 1 else number
    return b"Agreement number %d about fuel cells. The initial term is ten (10) years." % original


def strike(mesh: RunningMesh, victim: str) -> None:
    """Kills it, and waits for the next one of its name."""
    mesh.wait_until_back(victim)
    before, end = mesh.info.pids[victim], time.monotonic() + 60
    mesh.kill(victim)
    while mesh.info.pids.get(victim, before) == before:
        assert time.monotonic() < end, f"{victim} does not come back"
        time.sleep(0.02)
    mesh.wait_until_back(victim)


def victims(chance: random.Random) -> list[str]:
    """Each of them if there are kills enough, and most often who does the work."""
    each = [WORKER, *chance.sample(OTHERS, len(OTHERS))][:KILLS]
    more = chance.choices([WORKER, *OTHERS], weights=[3, 1, 1, 1], k=KILLS - len(each))
    return chance.sample([*each, *more], KILLS)


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(FILES):
            made.writestr(f"signed/{number:03}.txt", content_of(number))
    return held.getvalue()


def patiently(client: WebClient, path: str, **params: object) -> dict:
    """A part of the mesh may be away."""
    end = time.monotonic() + 60
    while True:
        try:
            return dict(client.get(path, **params).raise_for_status().json())
        except httpx.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def ended(client: WebClient, operation: str) -> int:
    counts = patiently(client, f"/v1/{operation}")["metadata"]["counts"]
    return sum(counts[how] for how in ("imported", "duplicate", "failed", "skipped"))


def listed(client: WebClient, path: str, of: str) -> list[dict]:
    found, token = [], ""
    while True:
        page = client.get(path, page_size=100, page_token=token).raise_for_status().json()
        found += page[of]
        token = page.get("next_page_token", "")
        if not token:
            return found


def rows(mesh: RunningMesh, owner: WebClient) -> dict[str, int]:
    """What is there of the organization; row-level security binds the tables' owner, too."""
    counted = {
        "contracts": "SELECT count(*) FROM contracts",
        "documents": "SELECT count(*) FROM documents",
        "revisions": "SELECT count(*) FROM revisions",
        "operations": "SELECT count(*) FROM operations",
        "published": "SELECT count(DISTINCT operation_id) FROM extracted_values",
        "files in one contract": "SELECT count(DISTINCT contract_id) FROM import_files",
        "imported events": "SELECT count(*) FROM audit_events "
        "WHERE event::jsonb ->> 'action' = 'contract.imported'",
        "finished events": "SELECT count(*) FROM audit_events "
        "WHERE event::jsonb ->> 'action' = 'contracts.import_finished'",
    }

    async def count() -> dict[str, int]:
        connection = await asyncpg.connect(mesh.info.databases["contracts"].owner)
        try:
            org = owner.organization.removeprefix("organizations/")
            await connection.execute("SELECT set_config('app.org_id', $1, false)", org)
            return {name: await connection.fetchval(query) for name, query in counted.items()}
        finally:
            await connection.close()

    return asyncio.run(count())


def analyzed(client: WebClient, operation: str) -> dict:
    end = time.monotonic() + 120 + FILES
    while True:
        shown = patiently(client, f"/v1/{operation}")["metadata"]["analyses"]
        if shown["done"] + shown["failed"] == shown["requested"]:
            return shown
        assert time.monotonic() < end, shown
        time.sleep(0.1)


def test_every_file_ends_once(mesh: RunningMesh):
    chance, owner = random.Random(SEED), WebClient.register(mesh.info.rest)
    print(f"{FILES} files, {KILLS} kills, IMPORT_SEED={SEED}")
    params = {"filename": "portfolio.zip", "analysis": f"IMPORT_ANALYSIS_{ANALYSIS}"}
    asked = owner.http.post("/v1/imports:upload", params=params, content=archive())
    operation = asked.raise_for_status().json()["name"]
    began = time.monotonic()
    # Each strikes when so many files have ended.
    strikes = sorted(chance.sample(range(FILES), KILLS))
    told = []
    for at, victim in zip(strikes, victims(chance), strict=True):
        end = time.monotonic() + 120
        while (now := ended(owner, operation)) < at:
            assert time.monotonic() < end, f"stuck at {now} of {FILES}"
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.2))
        told.append(f"{victim} at {now}")
        strike(mesh, victim)
    done = owner.until(operation, seconds=120 + FILES)
    print(f"imported after {time.monotonic() - began:.1f} s; killed {'; '.join(told)}")

    copies = sum(number % COPY_EVERY == COPY_EVERY - 1 for number in range(FILES))
    once = FILES - copies
    counts = {"total": FILES, "imported": once, "duplicate": copies, "failed": 0, "skipped": 0}
    assert done["metadata"]["counts"] == counts
    files = listed(owner, f"/v1/imports/{operation.partition('/')[2]}/files", "files")
    assert [file["sha256"] for file in files] == [
        hashlib.sha256(content_of(number)).hexdigest() for number in range(FILES)
    ]
    contracts = {file["sha256"]: file["contract"] for file in files}
    assert len(set(contracts.values())) == once
    assert all(file["contract"] == contracts[file["sha256"]] for file in files)
    assert {one["name"] for one in listed(owner, "/v1/contracts", "contracts")} == set(contracts.values())
    some = chance.choice(files)
    content = content_of(int(some["path"][7:10]))
    assert owner.get(f"/v1/{some['contract']}:download").content == content

    shown = analyzed(owner, operation)
    failed = [
        operation["error"]["message"]
        for operation in (owner.operation(file["analysis"]) for file in files if file["analysis"])
        if "error" in operation
    ]
    assert (shown["requested"], shown["done"]) == (once, once), Counter(failed)
    left = rows(mesh, owner)
    print(json.dumps(left | {"analyzed after": round(time.monotonic() - began, 1)}))
    assert left.pop("revisions") >= once
    assert left.pop("finished events") == 1
    assert set(left.values()) == {once}, left
