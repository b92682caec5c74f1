"""The audit chain of contracts: exported with a head that auth signed, and checked with the file alone."""

import asyncio
import hashlib
import json
from io import StringIO
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from rich.console import Console

from contracts_service.cli import CHAIN
from service_runtime import audit_cli
from service_runtime.audit import canonical
from service_runtime.audit_cli.connection import Way
from service_runtime.audit_cli.telling import Terminal
from tests.security.forgery import secrets_of
from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

TEXT = "ENERGY SERVICES AGREEMENT. The initial term of this Agreement shall be ten (10) years."


def run(way: Way | None, *arguments: object) -> tuple[int, str]:
    said = StringIO()
    console = Console(file=said, width=200, markup=False, emoji=False)
    return audit_cli.main(
        CHAIN, [str(one) for one in arguments], Terminal(console, console), way
    ), said.getvalue()


@pytest.fixture
def way(mesh: RunningMesh, owner: WebClient) -> Way:
    addresses = mesh.info.addresses
    return Way(target=addresses["contracts"], auth=addresses["auth"], token=SecretStr(owner.token))


@pytest.fixture
def contract(owner: WebClient) -> str:
    """Uploaded, read and changed."""
    name = owner.upload(TEXT.encode())["name"]
    owner.finished(name)
    owner.http.patch(f"/v1/{name}", json={"label": "renamed"}).raise_for_status()
    return str(name)


def in_database(mesh: RunningMesh, statement: str, *arguments: object) -> None:
    """As a superuser, who can do anything."""
    url = urlsplit(mesh.info.databases["contracts"].owner)
    place = f"postgres:{secrets_of(mesh)['postgres']}@{url.hostname}:{url.port}"

    async def execute() -> None:
        connection = await asyncpg.connect(urlunsplit(url._replace(netloc=place)))
        await connection.execute(statement, *arguments)
        await connection.close()

    asyncio.run(execute())


def events(owner: WebClient) -> list[dict[str, object]]:
    return owner.get("/v1/contractEvents?page_size=100").raise_for_status().json()["contract_events"]


def test_every_change_and_every_analysis_is_there_and_proven(way, owner, contract, tmp_path):
    file, keys = tmp_path / "contracts.jsonl", tmp_path / "keys.json"
    assert run(way, "keys", keys)[0] == 0
    assert run(way, "export", file)[0] == 0
    status, told = run(None, "verify", file, "--keys", keys)
    assert (status, "is whole" in told) == (0, True), told
    for action in (
        "contract.uploaded",
        "contract.analysis_requested",
        "contract.analyzed",
        "contract.updated",
    ):
        assert f"1 {action}" in told
    status, _ = run(None, "verify", file, "--head", f"1:{'0' * 64}")
    assert status == 1


def test_the_chain_has_the_hash_of_what_each_change_left_behind(owner, contract):
    updated = next(event for event in events(owner) if event["action"] == "contract.updated")
    detail = updated["detail"]
    revision = owner.get(f"/v1/{contract}/revisions/{detail['revision']}").raise_for_status().json()
    assert revision["label"] == "renamed"
    assert len(detail["revision_sha256"]) == 64


def test_a_revision_that_was_changed_no_longer_fits_its_event(mesh, owner, contract):
    event = next(one for one in events(owner) if one["action"] == "contract.updated")
    url = urlsplit(mesh.info.databases["contracts"].owner)
    place = f"postgres:{secrets_of(mesh)['postgres']}@{url.hostname}:{url.port}"

    async def digest() -> str:
        connection = await asyncpg.connect(urlunsplit(url._replace(netloc=place)))
        snapshot = await connection.fetchval(
            "SELECT snapshot FROM revisions WHERE contract_id = $1 AND number = $2",
            UUID(contract.rpartition("/")[2]), int(event["detail"]["revision"]),
        )  # fmt: skip
        await connection.close()
        return hashlib.sha256(canonical(json.loads(snapshot))).hexdigest()

    assert asyncio.run(digest()) == event["detail"]["revision_sha256"]
    in_database(mesh, "ALTER TABLE revisions DISABLE TRIGGER immutable")
    in_database(
        mesh,
        'UPDATE revisions SET snapshot = snapshot || \'{"label": "forged"}\' WHERE contract_id = $1',
        UUID(contract.rpartition("/")[2]),
    )
    in_database(mesh, "ALTER TABLE revisions ENABLE TRIGGER immutable")
    assert asyncio.run(digest()) != event["detail"]["revision_sha256"]


def test_an_event_that_was_changed_in_the_database_gets_no_signature(mesh, way, owner, contract, tmp_path):
    org = UUID(owner.organization.rpartition("/")[2])
    in_database(
        mesh,
        """UPDATE audit_events SET event = replace(event, 'contract.updated', 'contract.uploaded')
           WHERE org_id = $1 AND event LIKE '%contract.updated%'""",
        org,
    )
    status, _ = run(way, "export", tmp_path / "forged.jsonl")
    assert status == 1
    assert not (tmp_path / "forged.jsonl").exists()


def test_a_chain_that_was_cut_after_it_was_signed_gets_no_signature(mesh, way, owner, contract, tmp_path):
    """All rows, the head and the signed heads are made to fit; auth remembers."""
    assert run(way, "export", tmp_path / "first.jsonl")[0] == 0
    org = UUID(owner.organization.rpartition("/")[2])
    for statement in (
        "DELETE FROM audit_signed_heads WHERE org_id = $1",
        "DELETE FROM audit_events WHERE org_id = $1 AND seq > 1",
        """UPDATE audit_heads SET seq = 1,
               hash = (SELECT hash FROM audit_events WHERE org_id = $1 AND seq = 1) WHERE org_id = $1""",
    ):
        in_database(mesh, statement, org)
    status, told = run(way, "export", tmp_path / "second.jsonl")
    assert (status, "signed before" in told) == (1, True), told


def test_a_chain_of_auth_is_not_taken_for_one_of_contracts(way, owner, contract, tmp_path):
    from auth_service.audit_cli import CHAIN as OF_AUTH

    file = tmp_path / "auth.jsonl"
    console = Console(file=StringIO())
    to_auth = way.model_copy(update={"target": way.auth})
    assert audit_cli.main(OF_AUTH, ["export", str(file)], Terminal(console, console), to_auth) == 0
    status, told = run(None, "verify", file)
    assert (status, "chain of auth" in told) == (1, True)
