"""UUIDv7 (RFC 9562): ids that sort by the time of their making, so new rows stay together in an index."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """48 bits of milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)  # version
    return UUID(int=(value & ~(0x3 << 62)) | (0x2 << 62))  # variant
