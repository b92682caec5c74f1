"""The reading process: what it may cost, and that nothing of it is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader

from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.isolate import extract
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.supervise import OutputTooLongError, supervise

IsolatedRefusal = Callable[..., Awaitable[DocumentRejected]]
Build = Callable[..., bytes]

REAL = Path(__file__).resolve().parents[5] / "shared/data/contracts/energy/bloom-moma-2012.pdf"
# Tells process ids all at once, starts a child as Tesseract is one, and hangs.
TELLS = """
import os, pathlib, subprocess, sys, time
def tell(path, *ids):
    told = pathlib.Path(path)
    told.with_suffix(".part").write_text(" ".join(map(str, ids)))
    told.with_suffix(".part").rename(told)
"""
HANGS = f"""{TELLS}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
tell(sys.argv[1], os.getpid(), child.pid)
time.sleep(600)
"""
CONFINED = f"""{TELLS}
from contracts_service.extraction.confine import die_with_parent
die_with_parent(int(sys.argv[1]))
tell(sys.argv[2], os.getpid())
time.sleep(600)
"""
STARTS_CONFINED = f"""
import os, subprocess, sys
subprocess.run([sys.executable, "-c", {CONFINED!r}, str(os.getpid()), sys.argv[1]])
"""
TRIES_ITS_LIMITS = """
import resource, sys
from contracts_service.extraction.confine import confine, forbid_writing_files
from contracts_service.extraction.limits import Limits
confine(Limits())
forbid_writing_files()
print(resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_CORE))
try:
    open(sys.argv[1], "w").write("x" * 100_000)
except OSError:
    print("refused")
try:
    bytearray(2**30)
except MemoryError:
    print("no memory")
"""


@contextmanager
def _nothing_to_read() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        yield file


async def _supervise(code: str, *arguments: str, seconds: float = 30.0, max_output: int = 1_000) -> bytes:
    with _nothing_to_read() as stdin:
        command = (sys.executable, "-c", code, *arguments)
        async with asyncio.timeout(10):  # a broken supervisor may wait for ever
            return (
                await supervise(command, stdin=stdin, env={}, seconds=seconds, max_output=max_output)
            ).output


async def _told_ids(told: Path) -> list[int]:
    async with asyncio.timeout(10):
        while not (ids := _ids_in(told)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)
    return ids


def _ids_in(told: Path) -> list[int]:
    return [int(number) for number in told.read_text().split()] if told.exists() else []


async def _all_gone(ids: list[int]) -> bool:
    """Whether these processes end (a zombie has ended) within two seconds."""
    deadline = time.monotonic() + 2
    while any(map(_is_alive, ids)):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


def _is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_hanging_reader_and_its_child_are_killed_at_the_limit(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await _supervise(HANGS, str(tmp_path / "told"), seconds=1.0)
    assert await _all_gone(await _told_ids(tmp_path / "told"))


async def test_cancelling_kills_the_reader_and_its_child(tmp_path: Path) -> None:
    task = asyncio.create_task(_supervise(HANGS, str(tmp_path / "told")))
    ids = await _told_ids(tmp_path / "told")
    assert all(map(_is_alive, ids))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _all_gone(ids)


async def test_endless_output_is_cut() -> None:
    with pytest.raises(OutputTooLongError):
        await _supervise("while True: print('x' * 10_000)", max_output=1_000_000)


async def test_the_reader_dies_with_a_service_that_is_killed(tmp_path: Path) -> None:
    """A stand-in for the service starts a confined process and is killed by SIGKILL."""
    told = tmp_path / "told"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTS_CONFINED, str(told), env={"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    ids = await _told_ids(told)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert await _all_gone(ids)


async def test_a_document_that_takes_too_long(pdf_of: Build, isolated_refusal: IsolatedRefusal) -> None:
    refused = await isolated_refusal(pdf_of(["text"]), limits=Limits(wall_seconds=0.01))
    assert (refused.reason, refused.metadata) == ("DOCUMENT_TIMEOUT", {"limit_seconds": "0.01"})


async def test_sizes_are_refused_before_a_process_starts(
    tmp_path: Path, isolated_refusal: IsolatedRefusal
) -> None:
    path = tmp_path / "document"
    path.write_bytes(b"x" * 11)
    limits = Limits(max_bytes=10, wall_seconds=0.0)
    assert (await isolated_refusal(path, limits=limits)).reason == "DOCUMENT_TOO_LARGE"
    assert (await isolated_refusal(b"x" * 11, limits=limits)).reason == "DOCUMENT_TOO_LARGE"
    assert (await isolated_refusal(b"", limits=limits)).reason == "DOCUMENT_EMPTY"


async def test_bytes_and_a_path_give_the_same_text(tmp_path: Path, pdf_of: Build) -> None:
    data = pdf_of(["The Owner shall pay “promptly” 𝕏"])
    (tmp_path / "a.pdf").write_bytes(data)
    from_path = await extract(tmp_path / "a.pdf", filename="a.pdf", declared_type="application/pdf")
    assert from_path == await extract(data, filename="\ud800\x00.pdf", declared_type="")


async def test_no_secret_of_the_service_reaches_the_reader(
    tmp_path: Path, pdf_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that stands in for Tesseract tells the names in its environment."""
    program = tmp_path / "tesseract"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nsys.stdin.buffer.read()\nprint('a heading')\n"
        "for name in os.environ:\n    print(5, 1, 1, 1, 1, 1, 0, 0, 9, 9, 90, name, sep='\\t')\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    scan = pdf_of(ImageReader(Image.new("L", (60, 80), "grey")))
    told = (await extract(scan, filename="", declared_type="")).text.split()
    assert "PATH" in told
    assert "DATABASE_URL" not in told


def test_a_confined_process_cannot_write_files_or_lift_its_limits(tmp_path: Path) -> None:
    output = subprocess.run(
        [sys.executable, "-c", TRIES_ITS_LIMITS, str(tmp_path / "written")],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert output == f"{(2**30, 2**30)} (0, 0)\nrefused\nno memory\n"


@pytest.mark.skipif(not REAL.is_file(), reason="the real agreement is not on this machine")
async def test_a_long_agreement_is_read_whole() -> None:
    extracted = await extract(REAL, filename=REAL.name, declared_type="application/pdf")
    assert (extracted.page_count, extracted.words > 16_000) == (56, True)
