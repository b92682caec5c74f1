"""A log line is one line of JSON, whatever a caller wrote, in universal time."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from service_runtime import telemetry

HOSTILE = [
    'x\n{"level":"INFO","message":"forged"}', "x\r\nforged", "x\u2028forged\u2029", "\x1b[2J\x1b[31mforged",
    '"}\n{"a":"b', "\x00\x08", "\udcff", "x\x85forged",
]  # fmt: skip


def line_of(**fields: object) -> str:
    record = logging.makeLogRecord({"name": "bloom", "levelname": "INFO", **fields})
    return telemetry.JsonFormatter("auth").format(record)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_a_second_line_or_another_field(text):
    for line in (line_of(msg="said %s", args=(text,)), line_of(msg="said ", user_agent=text)):
        line.encode()
        assert len(line.splitlines()) == 1
        assert not [sign for sign in line if not sign.isprintable()]
        told = json.loads(line)
        assert (told["level"], told["service"]) == ("INFO", "auth")
        assert told["message"] + told.get("user_agent", "") == f"said {text}"


def test_names_stay_readable():
    assert "Åse Müller, 東京" in line_of(msg="said", who="Åse Müller, 東京")


def test_a_line_says_when_in_universal_time():
    told = datetime.fromisoformat(json.loads(line_of(msg="said"))["time"])
    assert told.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)
