"""Reads the folder that the auth service sends mail to."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it would have left. Links in it open accounts."""

    id: str
    to: str
    subject: str
    sent_at: str
    text: str = field(repr=False)
    html: str = field(repr=False)


def received(folder: Path, to: str = "") -> list[Letter]:
    """Newest first; of one person, or of all."""
    found = [Letter(**json.loads(file.read_text(encoding="utf-8"))) for file in folder.glob("*.json")]
    wanted = [letter for letter in found if to in ("", letter.to)]
    return sorted(wanted, key=lambda letter: letter.sent_at, reverse=True)


def find(folder: Path, letter_id: str) -> Letter | None:
    """By its id, among those that are there: an id is no path."""
    return next((letter for letter in received(folder) if letter.id == letter_id), None)
