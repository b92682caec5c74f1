"""What goes wrong is one line that says what to do; no traceback, and never a token."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from ai_gateway.cli import periods
from ai_gateway.cli.arguments import parser
from ai_gateway.cli.connection import Way
from ai_gateway.cli.figures import dollars, percent, size, span
from ai_gateway_testing.backends import free_port
from ai_gateway_testing.cli import bloom_ai, way_to
from ai_gateway_testing.gateway import Gateway

SECRET = "token-that-nobody-may-see"


async def fails(way: Way, *arguments: str) -> str:
    """The one line that it says."""
    ran = await bloom_ai(way, *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1), ran
    assert SECRET not in ran.err
    return ran.err


async def test_nobody_there() -> None:
    way = Way(target=f"127.0.0.1:{free_port()}", token=SecretStr(SECRET))
    assert (await fails(way, "usage")).startswith(f"Nobody answers at {way.target}.")


async def test_something_else_there(gateway: Gateway) -> None:
    place = urlsplit(gateway.claude.url).netloc
    told = await fails(Way(target=place, token=SecretStr(SECRET)), "usage")
    assert place in told


@pytest.mark.parametrize(
    ("token", "told"),
    [(SECRET, "TOKEN_INVALID: "), ("", "Who calls "), (f"{SECRET}\n", "That is no access token")],
)
async def test_a_token_that_is_none(gateway: Gateway, token: str, told: str) -> None:
    assert told in await fails(Way(target=gateway.address, token=SecretStr(token)), "usage")


async def test_a_token_of_the_command_line_goes_first_and_is_not_shown(gateway: Gateway) -> None:
    way = way_to(gateway)
    assert (await fails(way, "usage", "--token", SECRET)).startswith("TOKEN_INVALID: ")
    assert (await fails(way, "--token", SECRET, "usage")).startswith("TOKEN_INVALID: ")
    assert SECRET not in str(parser().parse_args(["usage", "--token", SECRET]))
    assert SECRET not in repr(Way(token=SecretStr(SECRET), workload_token=SecretStr(SECRET)))


async def test_a_caller_who_may_not(gateway: Gateway) -> None:
    way = way_to(gateway, permissions=("ai.generate",))
    for command in ("usage", "budgets", "egress list", "egress verify --live", "cache stats", "cache purge"):
        assert (await fails(way, *command.split())).startswith(
            "PERMISSION_DENIED: Your roles do not grant ai."
        )


async def test_claude_is_asked_in_the_name_of_a_service(gateway: Gateway) -> None:
    way = way_to(gateway).model_copy(update={"workload_token": SecretStr("")})
    told = await fails(way, "try", "Who signs?")
    assert told.startswith("WORKLOAD_REQUIRED: ")
    assert "BLOOM_AI_WORKLOAD_TOKEN" in told


@pytest.mark.parametrize(
    ("scheme", "first"), [("", b"\x16\x03"), ("https://", b"\x16\x03"), ("http://", b"PRI ")]
)
async def test_a_token_leaves_this_machine_by_tls_alone(scheme: str, first: bytes) -> None:
    """Unless the address says so itself. 127.0.0.2 stands for another machine."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.2", 0) as server:
        target = f"{scheme}127.0.0.2:{server.sockets[0].getsockname()[1]}"
        way = Way(target=target, token=SecretStr(SECRET))
        assert "Nobody answers" in await fails(way, "usage", "--timeout", "5")
    assert {one[: len(first)] for one in heard} == {first}
    assert not any(SECRET.encode() in one for one in heard)


@pytest.mark.parametrize("target", ["nowhere", "ftp://x:1", "host:port", "a b:1", "http://x:1/path"])
async def test_an_address_that_is_none(target: str) -> None:
    assert "is no address" in await fails(Way(target=target, token=SecretStr(SECRET)), "usage")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "`make up` starts one"),
        ('{"state": "stopped"}', "`make up` starts one"),
        ('{"state": "ready"}', "is not one of this version"),
        ("{", "cannot be read"),
    ],
)
async def test_a_mesh_that_does_not_run(tmp_path: Path, content: str | None, told: str) -> None:
    if content is not None:
        (tmp_path / "mesh.json").write_text(content)
    assert told in await fails(Way(LOCAL_STATE=tmp_path), "usage")


async def test_a_mesh_that_is_gone_without_a_word(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    login = {"email": "demo@bloom.example", "password": SECRET}
    told = {"state": "ready", "login": login, "addresses": {"auth": nobody, "ai-gateway": nobody}}
    (tmp_path / "mesh.json").write_text(json.dumps(told))
    assert "`make up` starts it" in await fails(Way(LOCAL_STATE=tmp_path), "usage")


@pytest.mark.parametrize(
    "wrong",
    [
        "", "nothing", "egress", "egress verify", "egress verify --head 1:2 f", "cache", "usage --since soon",
        "usage --since 2026-13-01", "usage --since 2026-11-01T08:00:00", "usage --by cost",
        "usage --by task,task", "budgets set organization", "budgets set organization --limit -1",
        "budgets set organization --limit x",
        "budgets set organization --limit NaN", "budgets set organization --limit 0.0000001",
        "budgets set organization --limit 1 --period year", "try", "egress list --limit 0",
        "usage --timeout x",
    ],
)  # fmt: skip
async def test_misuse_ends_with_2(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        await bloom_ai(Way(target="127.0.0.1:1", token=SecretStr(SECRET)), *wrong.split())
    assert ended.value.code == 2
    assert "bloom-ai" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        "", "usage", "budgets", "budgets set", "budgets delete", "egress", "egress list", "egress export",
        "egress verify", "cache", "cache stats", "cache purge", "models", "try",
    ],
)  # fmt: skip
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*command.split(), "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert told.startswith(f"usage: bloom-ai {command}".rstrip())
    assert all(len(line) <= 110 for line in told.splitlines())


async def test_a_span_that_is_none(gateway: Gateway) -> None:
    way = way_to(gateway)
    assert "--since must lie before" in await fails(way, "usage", "--since", "2999-01-01")
    assert "366 days at most" in await fails(way, "usage", "--since", "2020-01-01")


def test_the_program_itself_ends_with_a_status_and_no_traceback(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BLOOM_AI_")}
    ran = subprocess.run(
        [sys.executable, "-m", "ai_gateway.cli", "usage"], env=environment | {"LOCAL_STATE": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("No mesh runs here: `make up` starts one.")
    assert ran.stderr.count("\n") == 1


def test_periods_are_days_of_utc() -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert periods.since("1d") == today
    assert periods.since("2w") == today - timedelta(days=13)
    assert periods.since("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert periods.until("2026-11-01") == datetime(2026, 11, 2, tzinfo=UTC)
    assert periods.since("2026-11-01T02:00:00+02:00") == datetime(2026, 11, 1, tzinfo=UTC)


def test_figures_are_exact() -> None:
    assert dollars(9_007_199_254_740_993_123_457) == "$9,007,199,254,740,993.123457"
    assert (dollars(1), dollars(-1), dollars(0)) == ("$0.000001", "-$0.000001", "$0.000000")
    assert (percent(1, 3), percent(0, 0), percent(2, 3)) == ("33.3 %", "—", "66.7 %")
    assert (size(999), size(1000), size(12_345_678)) == ("999 B", "1.0 kB", "12.3 MB")
    assert span(timedelta(days=7, hours=12, minutes=3)) == "7 d 12 h"
    assert (span(timedelta(seconds=0.0214)), span(timedelta(minutes=5, seconds=2))) == (
        "0.021 s",
        "5 min 2 s",
    )
