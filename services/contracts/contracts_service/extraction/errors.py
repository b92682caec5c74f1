"""Why a document is refused: the reasons, and the sentence each gives to a contract manager."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """The machine-readable reason of a refusal, as it stands in `ErrorInfo.reason`."""

    DOCUMENT_EMPTY = "DOCUMENT_EMPTY"
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    DOCUMENT_ENCRYPTED = "DOCUMENT_ENCRYPTED"
    DOCUMENT_CORRUPT = "DOCUMENT_CORRUPT"
    DOCUMENT_TYPE_UNSUPPORTED = "DOCUMENT_TYPE_UNSUPPORTED"
    DOCUMENT_TYPE_MISMATCH = "DOCUMENT_TYPE_MISMATCH"
    DOCUMENT_TOO_MANY_PAGES = "DOCUMENT_TOO_MANY_PAGES"
    DOCUMENT_BOMB = "DOCUMENT_BOMB"
    DOCUMENT_TIMEOUT = "DOCUMENT_TIMEOUT"


class DocumentRejected(Exception):  # noqa: N818 - a decision about a document, not a fault
    """A document that will not be stored; `message` is safe to show, and says what to do."""

    def __init__(self, reason: Reason, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata: dict[str, str] = dict(metadata or {})


def empty_file() -> DocumentRejected:
    """No bytes at all."""
    return DocumentRejected(
        Reason.DOCUMENT_EMPTY, "The file is empty. Check the original and upload it again.", {"bytes": "0"}
    )


def nothing_written() -> DocumentRejected:
    """A sound file in which nothing is written and nothing is drawn."""
    return DocumentRejected(
        Reason.DOCUMENT_EMPTY, "The document has no text and no images. Check that this is the right file."
    )


def too_many_bytes(limit: int) -> DocumentRejected:
    """The file is longer than `limit` bytes."""
    return DocumentRejected(
        Reason.DOCUMENT_TOO_LARGE,
        f"The file is larger than {limit / 2**20:g} MiB. Split it or shrink its images.",
        {"limit_bytes": str(limit)},
    )


def too_many_characters(limit: int) -> DocumentRejected:
    """The text is longer than `limit` characters."""
    return DocumentRejected(
        Reason.DOCUMENT_TOO_LARGE,
        f"The document holds more than {limit:,} characters of text. Split it and upload the parts.",
        {"limit_characters": str(limit)},
    )


def too_many_pages(limit: int) -> DocumentRejected:
    """The document has, or claims to have, more than `limit` pages."""
    return DocumentRejected(
        Reason.DOCUMENT_TOO_MANY_PAGES,
        f"The document has more than {limit:,} pages. Split it and upload the parts.",
        {"limit_pages": str(limit)},
    )


def encrypted(kind: str) -> DocumentRejected:
    """The document opens only with a password."""
    return DocumentRejected(
        Reason.DOCUMENT_ENCRYPTED,
        f"The {kind} document is protected by a password. Save a copy without the password and upload that.",
        {"detected": kind},
    )


def corrupt(kind: str = "", *, detail: str = "") -> DocumentRejected:
    """The bytes begin as `kind` but break its rules, or end too early."""
    named = f"{kind} document" if kind else "document"
    return DocumentRejected(
        Reason.DOCUMENT_CORRUPT,
        f"The {named} is damaged or incomplete. Upload the original again, or save it anew first.",
        {name: value for name, value in (("detected", kind), ("detail", detail)) if value},
    )


def unsupported(detected: str) -> DocumentRejected:
    """A file of a kind that holds no contract text we can read."""
    return DocumentRejected(
        Reason.DOCUMENT_TYPE_UNSUPPORTED,
        f"The file is {detected}. Upload the contract as PDF, Word (DOCX), HTML or plain text.",
        {"detected": detected},
    )


def mismatch(declared: str, detected: str) -> DocumentRejected:
    """The name or the declared type says one thing, the bytes another."""
    return DocumentRejected(
        Reason.DOCUMENT_TYPE_MISMATCH,
        f"The file is labelled {declared}, but its content is {detected}. "
        "Give it the right name and type, or upload the file that was meant.",
        {"declared": declared, "detected": detected},
    )


def bomb(detail: str) -> DocumentRejected:
    """A small file that unfolds into far more than any contract needs."""
    return DocumentRejected(
        Reason.DOCUMENT_BOMB,
        "The document unfolds into far more than a contract can hold, so it was not opened. "
        "Save it anew from the program that made it and upload that.",
        {"detail": detail},
    )


def timeout(seconds: float) -> DocumentRejected:
    """Reading took longer than `seconds`."""
    return DocumentRejected(
        Reason.DOCUMENT_TIMEOUT,
        f"The document could not be read within {seconds:g} seconds. Split it or save it anew.",
        {"limit_seconds": f"{seconds:g}"},
    )
