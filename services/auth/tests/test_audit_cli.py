"""`bloom-audit` as a person runs it, against a real service."""

import asyncio
import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr
from rich.console import Console

from auth_service.audit_cli import CHAIN
from service_runtime.audit_cli.connection import Way
from service_runtime.audit_cli.main import main
from service_runtime.audit_cli.telling import Terminal
from service_runtime.audit_file import verify_file
from service_runtime.chain_file import Entry, Head, digest, export_line, head_line
from service_runtime.signed_head import Statement, sign


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


async def bloom_audit(way: Way | None, *arguments: object) -> Ran:
    """In a thread, since the service it calls has this one."""
    out, err = StringIO(), StringIO()
    terminal = Terminal(*(Console(file=file, width=200, markup=False, emoji=False) for file in (out, err)))
    status = await asyncio.to_thread(main, CHAIN, [str(item) for item in arguments], terminal, way)
    return Ran(status, out.getvalue(), err.getvalue())


def way_to(caller) -> Way:
    return Way(target=caller.mesh.address, token=SecretStr(caller.access_token))


@pytest.fixture
async def files(owner, tmp_path) -> tuple[Path, Path]:
    """An export, and the keys that were published."""
    chain, keys = tmp_path / "audit.jsonl", tmp_path / "keys.json"
    assert (await bloom_audit(way_to(owner), "export", chain)).status == 0
    assert (await bloom_audit(way_to(owner), "keys", keys)).status == 0
    return chain, keys


async def test_an_export_is_verified_with_the_file_and_the_keys(files, owner):
    chain, keys = files
    ran = await bloom_audit(None, "verify", chain, "--keys", keys)
    assert (ran.status, ran.err) == (0, "")
    assert f"✓ {chain} is whole" in ran.out
    assert str(owner.org_id) in ran.out
    assert "1 organization.registered, 1 session.began, 1 audit.exported" in ran.out
    assert f"the key is one of {keys}" in ran.out


async def test_without_keys_it_says_plainly_what_it_could_not_check(files):
    ran = await bloom_audit(None, "verify", files[0])
    assert ran.status == 0
    assert "Whether that key is the service's could not be checked" in ran.err


async def test_a_chain_that_a_stranger_signed_is_broken(files, tmp_path):
    """Everything fits, from the first record to the signature: the key alone is not the service's."""
    chain, keys = files
    entries, stranger = [], ECKey.generate_key("P-256")
    before = Head().hash
    for line in chain.read_bytes().splitlines()[:-1]:
        told = json.loads(json.loads(line)["entry"])
        text = json.dumps({**told, "actor": "users/somebody-else"})
        before = digest(before, text)
        entries.append(Entry(told["seq"], text, before))
    tally, signed = verify_file(chain.read_bytes().splitlines(keepends=True))
    statement = Statement(UUID(tally.org_id), len(entries), before, signed.at)
    head = Head(len(entries), before, sign(statement, stranger.thumbprint(), stranger))
    forged = tmp_path / "forged.jsonl"
    forged.write_text("".join([*map(export_line, entries), head_line(head)]), encoding="utf-8")

    assert (await bloom_audit(None, "verify", forged)).status == 0
    for extra in (["--keys", keys], ["--older", chain], ["--head", f"{signed.head.seq}:{signed.head.hash}"]):
        ran = await bloom_audit(None, "verify", forged, *extra)
        assert ran.status == 1, extra
        assert f"✗ {forged} is broken" in ran.err
    assert (
        f"signed with key {stranger.thumbprint()}, which is none of those in"
        in (await bloom_audit(None, "verify", forged, "--keys", keys)).err
    )


async def test_a_broken_file_tells_its_first_bad_record(files):
    chain, keys = files
    lines = chain.read_bytes().splitlines(keepends=True)
    for changed, told in (
        ([lines[0].replace(b"registered", b"removed"), *lines[1:]], "Record 1 was changed"),
        ([lines[0], *lines[2:]], "Record 2 is missing."),
        ([lines[1], lines[0], *lines[2:]], "Record 1 is out of its place"),
        ([*lines[:2], lines[1], *lines[2:]], "Record 2 stands twice"),
        (lines[:2], "The file is cut off after record 2"),
        ([*lines, lines[0]], "Line 5 stands after the head"),
    ):
        chain.write_bytes(b"".join(changed))
        ran = await bloom_audit(None, "verify", chain, "--keys", keys)
        assert (ran.status, ran.out) == (1, "")
        assert told in ran.err


async def test_a_chain_goes_on_from_an_older_export(files, owner, mesh, tmp_path):
    newer, foreign = tmp_path / "newer.jsonl", tmp_path / "foreign.jsonl"
    await bloom_audit(way_to(owner), "export", newer)
    ran = await bloom_audit(None, "verify", newer, "--older", files[0], "--keys", files[1])
    assert ran.status == 0
    assert f"goes on from {files[0]}, which ends at record 3" in ran.out
    assert (await bloom_audit(None, "verify", files[0], "--older", newer)).status == 1

    await bloom_audit(way_to(await mesh.register()), "export", foreign)
    assert (await bloom_audit(None, "verify", newer, "--older", foreign)).status == 1


async def test_a_chain_that_is_broken_in_the_database_is_not_written(owner, mesh, tmp_path):
    await mesh.rows(
        "UPDATE audit_events SET event = replace(event, 'began', 'ended') WHERE org_id = $1", owner.org_id
    )
    ran = await bloom_audit(way_to(owner), "export", tmp_path / "audit.jsonl")
    assert ran.status == 1
    assert list(tmp_path.iterdir()) == []


async def test_it_finds_the_mesh_that_runs_here(owner, tmp_path, monkeypatch):
    told = {
        "state": "ready",
        "addresses": {"auth": owner.mesh.address},
        "login": {"email": owner.email, "password": owner.password},
    }
    state = tmp_path / ".local"
    state.mkdir()
    (state / "mesh.json").write_text(json.dumps(told))
    monkeypatch.chdir(tmp_path)
    ran = await bloom_audit(Way(), "export", tmp_path / "audit.jsonl")
    assert (ran.status, ran.err) == (0, "")
    assert f"✓ {tmp_path / 'audit.jsonl'}" in ran.out


async def test_what_stops_it_is_told_in_one_line_without_the_token(owner, tmp_path):
    out = tmp_path / "audit.jsonl"
    for way, told in (
        (Way(state=tmp_path), "No mesh runs here"),
        (Way(target="nowhere", token=SecretStr("secret-token")), "is no address"),
        (Way(target=owner.mesh.address, token=SecretStr("secret-token")), "TOKEN_INVALID"),
        (Way(target=owner.mesh.address, token=SecretStr("secret\ntoken")), "what is there is none"),
        (Way(target=owner.mesh.address), "what is there is none"),
    ):
        ran = await bloom_audit(way, "export", out)
        assert (ran.status, ran.out) == (1, "")
        assert told in ran.err
        assert len(ran.err.splitlines()) == 1
        assert "secret" not in ran.err
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_is_not_there_or_no_key_set_is_told(files, tmp_path):
    ran = await bloom_audit(None, "verify", tmp_path / "none.jsonl")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    ran = await bloom_audit(None, "verify", files[0], "--keys", files[0])
    assert ran.status == 1
    assert "is no JSON Web Key Set" in ran.err


@pytest.mark.parametrize(
    "arguments", [[], ["verify"], ["verify", "x", "--head", "1:zz"], ["verify", "x", "--he", "1"]]
)
async def test_misuse_ends_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        await bloom_audit(None, *arguments)
    assert ended.value.code == 2
    assert "usage: bloom-audit" in capsys.readouterr().err
