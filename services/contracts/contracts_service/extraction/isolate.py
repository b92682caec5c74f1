"""Extraction as the service calls it: in a process of its own, bounded, killed when too slow or cancelled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO

from contracts_service.extraction import errors
from contracts_service.extraction.errors import DocumentRejected, Reason
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.supervise import Finished, OutputTooLongError, supervise

_WORKER = "contracts_service.extraction.worker"
_SOURCE_ROOT = str(Path(__file__).resolve().parents[2])
# What the interpreter and Tesseract need; no credential of the service goes along.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_UTF8_BYTES = 4  # a character of text takes no more, nor does its JSON escape; those of cells come twice
_LAYOUT_BYTES = 24  # what a word's box takes packed, by its shortest: a letter and a space
_PAGE_BYTES = 128  # two offsets, a page number, the page's size
_CELL_BYTES = 96  # nine numbers and four for the box
_FRAME_BYTES = 65_536  # the field names, or a whole refusal
_LABEL_CHARACTERS = 255
_OUT_OF_TIME = frozenset({-signal.SIGXCPU})
# PDFium aborts when memory ends; a container out of memory kills.
_OUT_OF_MEMORY = frozenset({-signal.SIGABRT, -signal.SIGKILL})


async def extract(
    source: Path | bytes, *, filename: str, declared_type: str, limits: Limits | None = None
) -> ExtractedText:
    """The text of `source`, a file's path or its bytes.

    `filename` and `declared_type` are what the uploader said, "" when nothing; they are checked
    against the bytes. Raises `DocumentRejected`. Costs up to `limits.wall_seconds` and, outside
    this process, `limits.memory_bytes`. Cancelling it ends the process that reads.
    """
    limits = limits or Limits()
    document = await asyncio.to_thread(_opened, source, limits)
    with document:
        finished = await _run(document, filename, declared_type, limits)
    return _answer(finished, limits)


def _opened(source: Path | bytes, limits: Limits) -> IO[bytes]:
    """The document as an open file, so that the process needs neither a path nor a pipe."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size == 0:
        raise errors.empty_file()
    if size > limits.max_bytes:
        raise errors.too_many_bytes(limits.max_bytes)
    if isinstance(source, Path):
        return source.open("rb")
    spooled = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    spooled.write(source)
    spooled.seek(0)
    return spooled


async def _run(document: IO[bytes], filename: str, declared_type: str, limits: Limits) -> Finished:
    labels = (json.dumps(filename[-_LABEL_CHARACTERS:]), json.dumps(declared_type[:_LABEL_CHARACTERS]))
    command = (sys.executable, "-s", "-P", "-m", _WORKER, str(os.getpid()), *labels, limits.to_json())
    try:
        return await supervise(
            command,
            stdin=document,
            env=_environment(),
            seconds=limits.wall_seconds,
            max_output=limits.max_characters * (2 * _UTF8_BYTES + _LAYOUT_BYTES // 2)
            + limits.max_pages * _PAGE_BYTES
            + limits.table_cells * _CELL_BYTES
            + _FRAME_BYTES,
        )
    except TimeoutError as error:
        raise errors.timeout(limits.wall_seconds) from error
    except OutputTooLongError as error:
        raise errors.bomb("output") from error


def _environment() -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "PYTHONPATH": _SOURCE_ROOT, "PYTHONUTF8": "1"}


def _answer(finished: Finished, limits: Limits) -> ExtractedText:
    if finished.status == 0:
        answer = json.loads(finished.output)
        if "extracted" in answer:
            return ExtractedText.from_mapping(answer["extracted"])
        rejected = answer["rejected"]
        raise DocumentRejected(Reason(rejected["reason"]), rejected["message"], rejected["metadata"])
    if finished.status in _OUT_OF_TIME:
        raise errors.timeout(limits.cpu_seconds)
    if finished.status in _OUT_OF_MEMORY:
        raise errors.bomb("memory")
    raise errors.corrupt(detail=f"exit {finished.status}")
