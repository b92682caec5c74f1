"""The confined process: one document on standard input, one JSON object on standard output.

Run as `python -m contracts_service.extraction.worker PARENT FILENAME DECLARED_TYPE LIMITS`: the
starter's process id, then three values in JSON. It answers `{"extracted": {...}}` or `{"rejected": {...}}`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from contracts_service.extraction import errors
from contracts_service.extraction.confine import confine, die_with_parent, forbid_writing_files
from contracts_service.extraction.engines import engine_for
from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.sniff import identify


def read_document(
    data: bytes,
    *,
    filename: str,
    declared_type: str,
    limits: Limits,
    before_reading: Callable[[], None] = lambda: None,
) -> ExtractedText:
    """Identify and read `data` in this process; raises `DocumentRejected` and nothing else."""
    try:
        media_type = identify(data, filename=filename, declared_type=declared_type, limits=limits)
        engine = engine_for(media_type)
        before_reading()
        return engine(data, limits)
    except DocumentRejected:
        raise
    except (MemoryError, RecursionError) as error:
        raise errors.bomb(type(error).__name__) from error
    except Exception as error:  # whatever a parser throws at hostile bytes is the bytes' fault
        raise errors.corrupt(detail=type(error).__name__) from error


def main(arguments: list[str]) -> None:
    """Answer for the document on standard input."""
    die_with_parent(int(arguments[0]))
    filename, declared_type = json.loads(arguments[1]), json.loads(arguments[2])
    limits = Limits.from_json(arguments[3])
    confine(limits)
    answer: dict[str, object]
    try:
        data = _document(limits)
        extracted = read_document(
            data,
            filename=filename,
            declared_type=declared_type,
            limits=limits,
            before_reading=forbid_writing_files,
        )
        answer = {"extracted": extracted.to_mapping()}
    except DocumentRejected as rejected:
        answer = {
            "rejected": {
                "reason": rejected.reason,
                "message": rejected.message,
                "metadata": rejected.metadata,
            }
        }
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())


def _document(limits: Limits) -> bytes:
    data = sys.stdin.buffer.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:
        raise errors.too_many_bytes(limits.max_bytes)
    return data


if __name__ == "__main__":
    main(sys.argv[1:])
