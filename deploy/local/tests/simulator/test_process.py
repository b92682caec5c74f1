"""The simulator as a process: it says where it is, answers, and leaves cleanly."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import pytest

PACKAGES = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_starts_says_its_url_and_stops_on_a_signal(stop: signal.Signals) -> None:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "claude_simulator", "--port", "0",
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PACKAGES)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = json.loads(await process.stdout.readline())["url"]
        async with aiohttp.ClientSession() as http, http.get(f"{url}/_simulator/health") as answer:
            assert (answer.status, answer.headers["x-claude-simulator"]) == (200, "1")
        assert time.monotonic() - began < 5  # about 0.4 s alone; the rest is for a busy machine
        process.send_signal(stop)
        assert await asyncio.wait_for(process.wait(), 5) == 0
    finally:
        if process.returncode is None:
            process.kill()
