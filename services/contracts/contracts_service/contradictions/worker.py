"""The confined process that searches: documents on standard input, contradictions on standard output.

Run as `python -m contracts_service.contradictions.worker PARENT LIMITS`: the starter's process id, and JSON.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from contracts_service.contradictions.find import find_in_force
from contracts_service.contradictions.wire import to_wire, value_of
from contracts_service.evidence import DocumentText
from contracts_service.extraction.confine import confine, die_with_parent, forbid_writing_files
from contracts_service.extraction.limits import Limits


def main(arguments: list[str]) -> None:
    """Answers for what stands on standard input."""
    die_with_parent(int(arguments[0]))
    confine(Limits.from_json(arguments[1]))
    forbid_writing_files()
    asked = json.load(sys.stdin)
    documents = [_document(one) for one in asked["documents"]]
    values = [value for told in asked["values"] if (value := value_of(told, documents[0]))]
    found = find_in_force(documents, values, [_document(one) for one in asked["amended"]])
    sys.stdout.buffer.write(json.dumps([to_wire(one) for one in found]).encode())


def _document(told: Mapping[str, Any]) -> DocumentText:
    pages = tuple((start, end) for start, end in told["pages"])
    return DocumentText(told["text"], pages, told["document_id"], told["sha256"])


if __name__ == "__main__":
    main(sys.argv[1:])
