"""The audit chain of an organization from a terminal: exported, and checked with the file alone.

Each service that keeps a chain has a command of its own: `bloom-audit` for auth's, `bloom-contracts audit`.
"""

from service_runtime.audit_cli.connection import Chain
from service_runtime.audit_cli.main import main

__all__ = ["Chain", "main"]
