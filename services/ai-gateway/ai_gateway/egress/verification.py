"""Checks an exported chain of egress records with nothing but the file (`service_runtime.chain_file`).

The hashes are those of the database (migration 20261123000202).
"""

from service_runtime.chain_file import (
    BrokenChainError,
    Entry,
    Fault,
    Head,
    digest,
    export_line,
    head_line,
    verify,
    verify_file,
)

__all__ = [
    "BrokenChainError",
    "Entry",
    "Fault",
    "Head",
    "digest",
    "export_line",
    "head_line",
    "verify",
    "verify_file",
]
