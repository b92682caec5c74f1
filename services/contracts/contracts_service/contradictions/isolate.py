"""The search as the service calls it: in a process of its own, bounded, for the text is anybody's."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any

from contracts_service.contradictions.model import Contradiction
from contracts_service.contradictions.wire import from_wire
from contracts_service.evidence import DocumentText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.supervise import OutputTooLongError, supervise

_WORKER = "contracts_service.contradictions.worker"
_SOURCE_ROOT = str(Path(__file__).resolve().parents[2])
#: The largest contract here takes half a second; 5 million characters take 30 on a slow core.
LIMITS = replace(Limits(), wall_seconds=60.0, cpu_seconds=45)
_MOST_OUTPUT = 8 * 2**20
# Each may take a core; more at once would only make all of them slow.
_searching = asyncio.Semaphore(1)


async def search(
    documents: Sequence[DocumentText],
    values: Sequence[Mapping[str, Any]],
    amended: Sequence[DocumentText] = (),
    limits: Limits = LIMITS,
) -> list[Contradiction] | None:
    """As `find_in_force`; `values` are StoredValue as mappings. None where it did not end well."""
    asked = await asyncio.to_thread(_written, documents, values, amended)
    command = (sys.executable, "-s", "-P", "-m", _WORKER, str(os.getpid()), limits.to_json())
    with asked:
        try:
            async with _searching:
                finished = await supervise(
                    command,
                    stdin=asked,
                    env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": _SOURCE_ROOT, "PYTHONUTF8": "1"},
                    seconds=limits.wall_seconds,
                    max_output=_MOST_OUTPUT,
                )
        except (TimeoutError, OutputTooLongError):
            return None
    return [from_wire(one) for one in json.loads(finished.output)] if finished.status == 0 else None


def _written(
    documents: Sequence[DocumentText], values: Sequence[Mapping[str, Any]], amended: Sequence[DocumentText]
) -> IO[bytes]:
    """The question as an open file: a pipe could be filled by neither side."""
    told = {
        "documents": [asdict(one) for one in documents],
        "values": values,
        "amended": [asdict(one) for one in amended],
    }
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(json.dumps(told, default=str).encode())
    file.seek(0)
    return file
