"""Has the mesh read contracts for CUAD's categories, and takes its entries as predictions."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.eval.matching import Key, Prediction
from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

_SECONDS_OF_A_CONTRACT = 1_800.0
_AT_ONCE = 4
_USE = "ANALYSIS_USE_CLAUSES"


@dataclass(frozen=True)
class Read:
    """What was read of one contract; cost in millionths of a US dollar."""

    file: str
    entries: Sequence[Mapping[str, Any]]
    seconds: float
    cost_micro_usd: int
    simulated: bool


@contextmanager
def reading_mesh() -> Iterator[RunningMesh]:
    """A mesh of its own. With ANTHROPIC_API_KEY set, it asks Claude."""
    with TemporaryDirectory() as folder, RunningMesh(Path(folder)) as mesh:
        yield mesh


def read_all(mesh: RunningMesh, paths: Sequence[Path]) -> list[Read]:
    """Each contract taken in and analyzed, a few at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda path: _read(mesh, path), paths))


def predictions(read: Sequence[Read]) -> dict[Key, list[Prediction]]:
    """Every entry whose passage stands in its contract, by the confidence of its verification."""
    found: dict[Key, list[Prediction]] = {}
    for one in read:
        for entry in one.entries:
            for passage in entry["evidence"][:1]:
                said = Prediction(passage["quote"], float(entry["confidence"]))
                found.setdefault((one.file, entry["kind"].casefold()), []).append(said)
    return found


def _read(mesh: RunningMesh, path: Path) -> Read:
    client = _signed_in(mesh)
    begun = time.monotonic()
    contract = client.upload(path.read_bytes(), "contract.txt", label=path.stem[:200])["name"]
    asked = client.post(f"/v1/{contract}:analyze", {"uses": [_USE]}).raise_for_status().json()["name"]
    operation = client.until(asked, seconds=_SECONDS_OF_A_CONTRACT)
    if "error" in operation:
        raise RuntimeError(f"{path.name} was not read: {operation['error']['message']}")
    analysis = operation["response"]["contract"]["analysis"]
    return Read(
        path.name, list(_entries(_signed_in(mesh), contract)), time.monotonic() - begun,
        int(analysis["cost_micro_usd"]), analysis["simulated"],
    )  # fmt: skip


def _entries(client: WebClient, contract: str) -> Iterator[Mapping[str, Any]]:
    token = ""
    while True:
        page = client.get(
            f"/v1/{contract}/entries", use=_USE, present_only="true", page_size=500, page_token=token
        )
        answer = page.raise_for_status().json()
        yield from answer["entries"]
        token = answer.get("next_page_token", "")
        if not token:
            return


def _signed_in(mesh: RunningMesh) -> WebClient:
    """Anew for each contract: a token ends sooner than forty contracts are read."""
    login = {"email": mesh.info.login.email, "password": mesh.info.login.password}
    answer = httpx.post(f"{mesh.info.rest}/v1/auth:login", json=login, trust_env=False, timeout=60)
    token = answer.raise_for_status().json()["tokens"]["access_token"]
    return WebClient(mesh.info.rest, token, "", "")
