"""`bloom-audit`: the audit chain of an organization in auth, exported, and checked with the file alone."""

import sys
from collections.abc import Iterator
from typing import Any

import grpc

from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc
from service_runtime import audit_cli
from service_runtime.audit_cli import Chain


def _export(channel: grpc.Channel, metadata: tuple[tuple[str, str], ...], seconds: float) -> Iterator[Any]:
    stub = audit_service_pb2_grpc.AuditServiceStub(channel)
    request = audit_service_pb2.ExportAuditChainRequest()
    return stub.ExportAuditChain(request, metadata=metadata, timeout=seconds)


CHAIN = Chain("bloom-audit", "auth", _export)


def main() -> int:
    """`bloom-audit`"""
    return audit_cli.main(CHAIN)


if __name__ == "__main__":
    sys.exit(main())
