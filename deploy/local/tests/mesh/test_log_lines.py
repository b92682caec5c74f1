"""Log lines as a person reads them, and the files that keep them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_mesh.log_lines import parse_line
from local_mesh.logs import RotatingFile, Screen

from .conftest import said, toy


def test_json_becomes_time_level_message_and_fields() -> None:
    line = parse_line(
        json.dumps(
            {
                "time": "2026-11-23T03:59:01.250+00:00", "level": "WARNING",
                "service": "auth", "logger": "bloom.x", "message": "slow",
                "seconds": 1.5, "trace_id": "abc", "exception": "Traceback …",
            }
        )
    )  # fmt: skip
    assert (line.time, line.level, line.message) == ("03:59:01.250", "WARNING", "slow")
    assert line.fields == (("seconds", "1.5"), ("trace_id", "abc"))
    assert line.detail == "Traceback …"


def test_an_access_log_entry_reads_as_its_request() -> None:
    raw = '{"time":"2026-11-23T03:59:01.250Z","method":"GET","path":"/v1/me","status":200,"flags":"-"}'
    assert parse_line(raw).message == "GET /v1/me 200"


@pytest.mark.parametrize(
    ("raw", "level"),
    [
        ("2026-11-23 03:47:52 UTC FATAL:  the database system is starting up", "FATAL"),
        ("[2026-11-23][1][warning][main] no limit", "WARNING"),
        ("listening", "INFO"),
        ("RuntimeError: no table", "ERROR"),
        ("{not json", "INFO"),
    ],
)
def test_the_level_of_plain_text_is_guessed(raw: str, level: str) -> None:
    assert parse_line(raw).level == level


def test_of_a_plain_stack_trace_the_console_shows_the_last_line(screen: Screen) -> None:
    part = toy("auth", "")
    for raw in ("Traceback (most recent call last):", '  File "x.py", line 1', "KeyError: 'name'"):
        screen.show(part, parse_line(raw))
    assert "KeyError" in said(screen)
    assert "x.py" not in said(screen)


def test_a_log_file_is_bounded(tmp_path: Path) -> None:
    file = RotatingFile(tmp_path / "auth.log", limit=1000)
    for number in range(200):
        file.write(f"line {number:04}")
    file.close()
    kept = sorted(tmp_path.iterdir())
    assert [path.name for path in kept] == ["auth.log", "auth.log.1"]
    assert all(path.stat().st_size <= 1100 for path in kept)
    assert kept[0].read_text().endswith("line 0199\n")
