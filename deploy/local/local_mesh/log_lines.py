"""Turns one line of a component's output into something that a person can read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

LEVELS: Mapping[str, int] = {
    "DEBUG": 10, "INFO": 20, "LOG": 20, "NOTICE": 20, "WARN": 30, "WARNING": 30,
    "ERROR": 40, "FATAL": 50, "CRITICAL": 50, "PANIC": 50,
}  # fmt: skip

_LEVEL_WORD = re.compile(
    r"\b(DEBUG|INFO|LOG|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|PANIC)\b", re.IGNORECASE
)
_RAISED = re.compile(r"[\w.]+(Error|Exception|Exit|Interrupt)\b")
_TIME_KEYS = ("timestamp", "time", "ts", "start_time")
_LEVEL_KEYS = ("level", "severity")
_MESSAGE_KEYS = ("message", "msg", "event")
# Told once by the prefix, or too long for a line; the raw log has them.
_HIDDEN = {"service", "logger", "stack", "exception", "span_id", "process", "thread"}
_VALUE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class LogLine:
    """One readable line."""

    time: str
    level: str
    message: str
    fields: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    """A stack trace, as it came."""
    trace: bool = False
    """A part of a stack trace that came as plain lines; its last line is not: it says what was wrong."""

    @property
    def severity(self) -> int:
        return LEVELS.get(self.level, 20)


def parse_line(raw: str, before: str = "INFO") -> LogLine:
    """JSON as the services write it; anything else is a message whose level is guessed from its words.

    An indented line belongs to the one before it, whose level was `before`.
    """
    if raw.startswith("{"):
        try:
            record = json.loads(raw)
        except ValueError:
            record = None
        if isinstance(record, dict):
            return _from_record(record)
    trace = raw[:1].isspace() or raw.startswith("Traceback")
    return LogLine(_clock(datetime.now(UTC).isoformat()), _guessed_level(raw, before), raw, trace=trace)


def _guessed_level(raw: str, before: str) -> str:
    if raw[:1].isspace():
        return before
    if raw.startswith("Traceback") or _RAISED.match(raw):
        return "ERROR"
    word = _LEVEL_WORD.search(raw[:120])
    return word[1].upper() if word else "INFO"


def _from_record(record: dict[str, object]) -> LogLine:
    time = str(_pop_first(record, _TIME_KEYS) or datetime.now(UTC).isoformat())
    level = str(_pop_first(record, _LEVEL_KEYS) or "INFO").upper()
    detail = str(record.get("exception") or record.get("stack") or "")
    message = str(_pop_first(record, _MESSAGE_KEYS) or _request_line(record))
    fields = tuple(
        (key, _short(value))
        for key, value in record.items()
        if key not in _HIDDEN and value not in ("", None, "-")
    )
    return LogLine(_clock(time), level, message, fields, detail)


def _request_line(record: dict[str, object]) -> str:
    """An access log entry has no message: its method, path and status are one."""
    words = [
        str(record.pop(key)) for key in ("method", "path", "status") if record.get(key) not in (None, "")
    ]
    return " ".join(words) or "(no message)"


def _pop_first(record: dict[str, object], keys: tuple[str, ...]) -> object:
    found = [record.pop(key) for key in keys if key in record]
    return next((value for value in found if value), None)


def _clock(time: str) -> str:
    """`12:03:04.123` in UTC, as the raw log has it."""
    try:
        return datetime.fromisoformat(time).astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]
    except ValueError:
        return time[:12]


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_LENGTH else text[: _VALUE_LENGTH - 1] + "…"
