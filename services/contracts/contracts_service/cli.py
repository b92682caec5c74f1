"""`bloom-contracts`: what an operator or an auditor does from a terminal."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import grpc

from bloom.contracts.v1 import history_service_pb2, history_service_pb2_grpc
from service_runtime import audit_cli
from service_runtime.audit_cli import Chain

_USAGE = "usage: bloom-contracts audit {export,verify,keys} …\n"


def _export(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...], seconds: float) -> Iterator[Any]:
    stub = history_service_pb2_grpc.HistoryServiceStub(channel)
    request = history_service_pb2.ExportContractEventsRequest()
    return stub.ExportContractEvents(request, metadata=metadata, timeout=seconds)


CHAIN = Chain("bloom-contracts audit", "contracts", _export)


def main(arguments: Sequence[str] | None = None) -> int:
    """`bloom-contracts`; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] != ["audit"]:
        sys.stderr.write(_USAGE)
        return 2
    return audit_cli.main(CHAIN, given[1:])


if __name__ == "__main__":
    sys.exit(main())
