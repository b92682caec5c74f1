"""A real Valkey for one test run, and where the tests find the database."""

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from local_mesh import valkey

_START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Database:
    """`app` is what the service connects with; `super` sees the rows of all organizations."""

    app: str
    super: str


@contextlib.contextmanager
def cache(directory: Path) -> Iterator[str]:
    """The URL of a Valkey that remembers nothing after the block."""
    port, configuration, password = free_port(), directory / "valkey.conf", "of-one-test-run"
    asyncio.run(valkey.configure(configuration, port, password))
    with _running(*valkey.command(configuration)):
        url = valkey.url(port, password)
        _wait_for(url)
        yield url


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(*command: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(5)


def _wait_for(url: str) -> None:
    end = time.monotonic() + _START_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.RedisError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return
