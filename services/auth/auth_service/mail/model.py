"""A mail, and the port through which it leaves."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

# What ends a header line, and every other control character.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of a mail. They hold a link, so they do not print."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """`id` is the key by which a mail is known wherever it is."""

    id: UUID
    org_id: UUID
    to: str = field(repr=False)
    letter: Letter = field(repr=False)
    # After that its link does not work, and it is not sent.
    expires_at: datetime


class Transport(Protocol):
    """A way out."""

    async def send(self, mail: Mail) -> None:
        """Raises MailWaitsError when it may succeed later, MailRefusedError when it never will."""


class MailWaitsError(Exception):
    """The mail was not taken; `reason` is a word of ours, never the mail's or the provider's text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefusedError(MailWaitsError):
    """And it will not be: no other try is made."""


def one_line(text: str) -> str:
    """A name as it may stand in a header: a line break in it begins no header of its own."""
    return _CONTROL.sub(" ", text).strip()
