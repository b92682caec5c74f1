"""Where mail is written, in the transaction of what it is about."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from auth_service.keys.wrapping import KeyWrap
from auth_service.mail import store
from auth_service.mail.model import Letter, Mail
from auth_service.mail.sealing import seal
from service_runtime.identifiers import new_id
from service_runtime.postgres import Connection

# What tells of a change is no news later.
_NOTICE = timedelta(days=2)


class Post:
    """`public_url` is where a browser finds the hosted pages."""

    def __init__(self, wrap: KeyWrap, public_url: str) -> None:
        self._wrap = wrap
        self._public_url = public_url.rstrip("/")

    def link(self, page: str, token: str) -> str:
        """To one of the hosted pages. Programs that look at mail open it too, so opening it does nothing."""
        return f"{self._public_url}/account/{page}?token={quote(token)}"

    async def write(
        self, connection: Connection, org_id: UUID, to: str, letter: Letter, expires_at: datetime
    ) -> None:
        """It is sent after the commit, and not after `expires_at`."""
        await store.enqueue(connection, seal(self._wrap, Mail(new_id(), org_id, to, letter, expires_at)))

    async def notify(self, connection: Connection, org_id: UUID, to: str, letter: Letter) -> None:
        """Tells of what has happened."""
        await self.write(connection, org_id, to, letter, datetime.now(UTC) + _NOTICE)
