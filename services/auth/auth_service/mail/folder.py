"""The way out in local work: a folder, whose mails a page shows."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from auth_service.mail.model import Mail


class Folder:
    """A file for each mail, by its id, for the page. Nobody but the owner may read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: Mail) -> None:
        """Raises OSError."""
        await asyncio.to_thread(self._write, mail)

    def _write(self, mail: Mail) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        body = {
            "id": str(mail.id), "to": mail.to, "subject": mail.letter.subject, "text": mail.letter.text,
            "html": mail.letter.html, "sent_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        # Nobody reads a half: it is there under its name when it is whole.
        part = self._folder / f".{mail.id}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(body, file)
        part.rename(self._folder / f"{mail.id}.json")
