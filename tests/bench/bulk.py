"""`make bench-bulk`: real contracts in by one archive and out by one export, and how many a core takes in.

Through the full path: HTTP client → Envoy → contracts → its worker → PostgreSQL and storage. Contracts are
those of `../shared/data/contracts/cuad-dev`; the throughput is of copies of them, each with other last words,
without analysis. Claude is the simulator: what batches cost beside single questions is by the price list.
"""

import argparse
import hashlib
import io
import json
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

_FOLDER = Path(__file__).parents[3] / "shared" / "data" / "contracts" / "cuad-dev"
_PATIENCE_SECONDS = 1_800.0
_WORKERS = ("contracts-worker", "contracts", "postgres")


def main() -> None:
    """Prints what it measures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--copies", type=int, default=10)
    copies = parser.parse_args().copies
    files = {path.name: path.read_bytes() for path in sorted(_FOLDER.glob("*.txt"))}
    if not files:
        raise SystemExit(f"{_FOLDER} has no contracts")
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningMesh(Path(folder), ANALYSIS_POLL_SECONDS="1") as mesh,
    ):
        for analysis in ("INTERACTIVE", "PATIENT"):
            _there_and_back(mesh, files, analysis)
        many = {
            f"{copy}/{name}": content + b"\nCopy %d." % copy
            for copy in range(copies)
            for name, content in files.items()
        }
        _throughput(mesh, many)


def _archive(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return held.getvalue()


def _import(owner: WebClient, files: Mapping[str, bytes], analysis: str) -> dict[str, Any]:
    params = {"filename": "contracts.zip", "analysis": f"IMPORT_ANALYSIS_{analysis}"}
    asked = owner.http.post("/v1/imports:upload", params=params, content=_archive(files))
    done = owner.until(asked.raise_for_status().json()["name"], seconds=_PATIENCE_SECONDS)
    assert done["metadata"]["counts"]["imported"] == len(files), done["metadata"]
    return done


def _there_and_back(mesh: RunningMesh, files: Mapping[str, bytes], analysis: str) -> None:
    owner, began = WebClient.register(mesh.info.rest), time.monotonic()
    done = _import(owner, files, analysis)
    imported = time.monotonic() - began
    while True:
        shown = owner.operation(done["name"])["metadata"]["analyses"]
        if shown["done"] + shown["failed"] == shown["requested"]:
            break
        time.sleep(0.5)
    counts = done["metadata"]["counts"]
    print(
        f"{analysis}: {counts} after {imported:.1f} s; "
        f"analyses {shown} after {time.monotonic() - began:.1f} s"
    )
    began = time.monotonic()
    asked = owner.post("/v1/exports", {}).raise_for_status().json()["name"]
    exported = owner.until(asked, seconds=_PATIENCE_SECONDS)["response"]
    content = owner.get(f"/v1/{exported['export']}:download").content
    assert hashlib.sha256(content).hexdigest() == exported["sha256"]
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        manifest = json.loads(zipped.read("manifest.json"))
        for file in manifest["files"]:
            assert hashlib.sha256(zipped.read(file["path"])).hexdigest() == file["sha256"]
        originals = {zipped.read(file["path"]) for file in manifest["files"] if "/documents/" in file["path"]}
    assert originals == set(files.values())
    print(
        f"exported: {exported['file_count']} files, {len(content):,} bytes, "
        f"every SHA-256 as the manifest says, after {time.monotonic() - began:.1f} s"
    )


def _throughput(mesh: RunningMesh, files: Mapping[str, bytes]) -> None:
    owner, before, began = WebClient.register(mesh.info.rest), _seconds_of(mesh), time.monotonic()
    _import(owner, files, "UNSPECIFIED")
    wall = time.monotonic() - began
    spent = {name: seconds - before[name] for name, seconds in _seconds_of(mesh).items()}
    cores = sum(spent.values())
    mib = sum(map(len, files.values())) / 2**20
    print(f"{len(files)} files, {mib:.1f} MiB, in {wall:.1f} s: {len(files) / wall:.1f} a second")
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in spent.items())
    print(f"of processors: {told}: {len(files) / cores:.1f} files for each second of a core")


def _seconds_of(mesh: RunningMesh) -> dict[str, float]:
    """Of processors, with what their processes for single files took."""
    return {name: _family(psutil.Process(mesh.info.pids[name])) for name in _WORKERS}


def _family(process: psutil.Process) -> float:
    own = process.cpu_times()
    ended = own.children_user + own.children_system
    running = (child.cpu_times() for child in process.children(recursive=True))
    return float(own.user + own.system + ended + sum(one.user + one.system for one in running))


if __name__ == "__main__":
    main()
