"""Frames of AWS's event stream: a prelude, headers and a payload, each guarded by a CRC.

https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import binascii
import struct
from collections.abc import Mapping

_STRING = 7  # the type of a header's value
_GUARDS = 16  # bytes of the prelude and of the two CRCs


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message; all its headers are strings."""
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    lengths = struct.pack("!II", _GUARDS + len(head) + len(payload), len(head))
    message = lengths + struct.pack("!I", binascii.crc32(lengths)) + head + payload
    return message + struct.pack("!I", binascii.crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
