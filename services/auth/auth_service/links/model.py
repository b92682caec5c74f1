"""A link's token."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from auth_service.opaque import OpaqueToken


class Purpose(IntEnum):
    """What a link does, as rows hold it."""

    PASSWORD_RESET = 1
    VERIFICATION = 2


@dataclass(frozen=True, slots=True)
class LinkToken(OpaqueToken):
    """What the address in a mail carries."""

    PREFIX: ClassVar[str] = "blk_"
