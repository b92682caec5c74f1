"""The peers, each started as its own documentation says and with nothing on that can be off.

No database, no log of requests, no telemetry: the best case for each. One process for LiteLLM and Portkey, as
they come, and for LiteLLM a second time with two workers, as many as our gateway has here.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from local_mesh.ports import choose_ports
from tests.bench import peer_install
from tests.bench.peer_install import NotInstalledError
from tests.bench.sides import Kind, Side, http_asks

_MODEL = "claude-sonnet-4-5"
_UPSTREAM_MODEL = "claude-sonnet-4-5-20250929"
_KEY = "sk-1234"
_START_SECONDS = 90.0
_LITELLM = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "DISABLE_ADMIN_UI": "True",
    "NO_DOCS": "True",
}
_TENSORZERO = """
import sys, tensorzero, threading
started = tensorzero._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
print(started.base_url, flush=True)
threading.Event().wait()
"""


@dataclass(frozen=True)
class Valkey:
    """Where LiteLLM keeps answers."""

    port: int
    password: str


@dataclass(frozen=True)
class Program:
    """A peer to be started. `{port}` in the command and in the URL is the port that it gets."""

    name: str
    command: list[str]
    env: Mapping[str, str]
    health: str
    kinds: tuple[Kind, ...]
    path: str = "/v1/messages"
    model: str = _MODEL
    last: str = "message_stop"
    headers: Mapping[str, str] | None = None
    port_from_output: bool = False
    # Started once before it is timed, so that the disk's cache is as warm as for all others.
    rehearsed: bool = True


Make = Callable[[], Program]


def programs(folder: Path, stub: int, valkey: Valkey) -> dict[str, Make]:
    """By name. Each raises NotInstalledError when it cannot be had here."""
    plain_and_streams = (Kind.PLAIN, Kind.STREAM)
    return {
        "LiteLLM": lambda: _litellm("LiteLLM", folder, stub, plain_and_streams),
        "LiteLLM, 2 workers": lambda: _litellm(
            "LiteLLM, 2 workers", folder, stub, plain_and_streams, workers=2
        ),
        "LiteLLM with Redis": lambda: _litellm(
            "LiteLLM with Redis", folder, stub, (Kind.KEPT,), workers=2, valkey=valkey
        ),
        "Portkey": lambda: _portkey(peer_install.PORTKEY, stub, Kind.PLAIN),
        "Portkey for streams": lambda: _portkey(peer_install.PORTKEY_STREAMS, stub, Kind.STREAM),
        "TensorZero": lambda: _tensorzero(folder, stub, plain_and_streams),
    }


def _litellm(
    name: str,
    folder: Path,
    stub: int,
    kinds: tuple[Kind, ...],
    *,
    workers: int = 1,
    valkey: Valkey | None = None,
) -> Program:
    settings: dict[str, object] = {
        "telemetry": False, "num_retries": 0, "request_timeout": 30, "set_verbose": False,
    }  # fmt: skip
    if valkey is not None:
        store = {
            "type": "redis",
            "host": "127.0.0.1",
            "port": valkey.port,
            "password": valkey.password,
            "ttl": 600,
        }
        settings |= {"cache": True, "cache_params": store}
    upstream = {
        "model": f"anthropic/{_UPSTREAM_MODEL}",
        "api_base": f"http://127.0.0.1:{stub}",
        "api_key": "stub",
    }
    config = {
        "model_list": [{"model_name": _MODEL, "litellm_params": upstream}],
        "litellm_settings": settings,
        "general_settings": {"master_key": _KEY},
    }
    path = folder / f"{name.lower().replace(' ', '-').replace(',', '')}.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML enough
    command = [str(peer_install.litellm()), "--config", str(path), "--host", "127.0.0.1", "--port", "{port}"]
    command += ["--num_workers", str(workers), "--telemetry", "False"]
    full = f"{name} {peer_install.LITELLM}" if name == "LiteLLM" else name
    return Program(
        full,
        command,
        _LITELLM,
        "http://127.0.0.1:{port}/health/liveliness",
        kinds,
        rehearsed=name == "LiteLLM",
    )


def _portkey(version: str, stub: int, kind: Kind) -> Program:
    command = ["node", str(peer_install.portkey(version)), "--headless", "--port={port}"]
    env = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}
    headers = {
        "x-portkey-provider": "anthropic",
        "x-portkey-custom-host": f"http://127.0.0.1:{stub}/v1",
    }
    return Program(f"Portkey {version}", command, env, "http://127.0.0.1:{port}/", (kind,), headers=headers)


def _tensorzero(folder: Path, stub: int, kinds: tuple[Kind, ...]) -> Program:
    path = folder / "tensorzero.toml"
    path.write_text(f"""
[gateway]
disable_pseudonymous_usage_analytics = true
[gateway.observability]
enabled = false
[models.claude]
routing = ["anthropic"]
[models.claude.providers.anthropic]
type = "anthropic"
model_name = "{_UPSTREAM_MODEL}"
api_base = "http://127.0.0.1:{stub}/v1/messages"
api_key_location = "env::ANTHROPIC_API_KEY"
""")
    return Program(
        f"TensorZero {peer_install.TENSORZERO}",
        [str(peer_install.tensorzero()), "-c", _TENSORZERO, str(path)],
        {"ANTHROPIC_API_KEY": "stub"},
        "http://127.0.0.1:{port}/health",
        kinds,
        path="/openai/v1/chat/completions",
        model="tensorzero::model_name::claude",
        last="[DONE]",
        port_from_output=True,
    )


@asynccontextmanager
async def running(program: Program, log: Path) -> AsyncIterator[Side]:
    """Ready inside, gone after. Raises NotInstalledError if it ends at once, TimeoutError if it hangs."""
    if program.rehearsed:
        async with _process(program, log):
            pass
    async with _process(program, log) as side:
        yield side


@asynccontextmanager
async def _process(program: Program, log: Path) -> AsyncIterator[Side]:
    port = choose_ports("random", ("peer",))["peer"].number
    command = [part.replace("{port}", str(port)) for part in program.command]
    began = time.perf_counter()
    process = _started(command, program.env, log)
    try:
        if program.port_from_output:
            port = await _told_port(process, log)
        await _answering(program.health.replace("{port}", str(port)), process, log)
        yield _side(program, port, process.pid).started_in(time.perf_counter() - began)
    finally:
        _end(process)


def _started(command: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        try:
            return subprocess.Popen(
                command, env=_environment(env), stdout=out, stderr=out, start_new_session=True
            )
        except OSError as missing:
            raise NotInstalledError(f"{command[0]}: {missing.strerror}") from missing


def _side(program: Program, port: int, pid: int) -> Side:
    headers = {"anthropic-version": "2023-06-01", "x-api-key": _KEY, "authorization": f"Bearer {_KEY}"}
    asks = http_asks(program.path, program.model, program.last, *program.kinds)
    return Side(
        program.name, port, asks, [headers | dict(program.headers or {})], processes=[psutil.Process(pid)]
    )


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """A machine's own proxy or keys have no business here."""
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return passed | dict(given)


async def _told_port(process: subprocess.Popen[bytes], log: Path) -> int:
    async with asyncio.timeout(_START_SECONDS):
        while not (told := _url_in(log)):
            _check_alive(process, log)
            await asyncio.sleep(0.01)
    return httpx.URL(told).port or 80


def _url_in(log: Path) -> str:
    return next((line for line in log.read_text().splitlines() if line.startswith("http://")), "")


async def _answering(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    async with asyncio.timeout(_START_SECONDS), httpx.AsyncClient(trust_env=False, timeout=2) as client:
        while True:
            _check_alive(process, log)
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(url)).status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return
            await asyncio.sleep(0.02)


def _check_alive(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        said = log.read_text(errors="replace").strip().splitlines()
        raise NotInstalledError(f"it ended at its start: {said[-1] if said else process.returncode}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """With its workers: it leads a session of its own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
