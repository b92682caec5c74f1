"""Why an archive is refused as a whole, and why one of its entries is, each with what to do."""

from dataclasses import dataclass

import grpc

from contracts_service.extraction import errors as rejections
from contracts_service.extraction.errors import DocumentRejected
from service_runtime.errors import DomainError, Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known about an entry before it is read; `skipped` where nobody would want it."""

    reason: str
    message: str
    skipped: bool = False


def invalid(problem: str, message: str) -> DomainError:
    """The archive as a whole; `problem` is one word for programs."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_ARCHIVE_INVALID,
        f"{message} Nothing of it was taken in.",
        {"problem": problem},
    )


def broken() -> DomainError:
    """Its list of files cannot be read."""
    return invalid(
        "broken",
        "The file is no ZIP archive, or it is damaged. Make the archive anew and send it again.",
    )


def split() -> DomainError:
    """One of several files that are an archive together."""
    return invalid("split", "The archive is split over several files. Make it as one file.")


def empty() -> DomainError:
    """It lists no file that could be a contract."""
    return invalid("empty", "The archive has no files in it. Check that it is the right one.")


def too_many(limit: int) -> DomainError:
    """More entries than are looked at."""
    return invalid("count", f"The archive has more than {limit:,} entries. Split it and send the parts.")


def unfolds(limit_bytes: int) -> DomainError:
    """All its files together would be more than anybody's contracts."""
    return invalid(
        "bomb",
        f"The archive unfolds into more than {limit_bytes / 2**30:g} GiB. Split it and send the parts.",
    )


def overlapping() -> DomainError:
    """Entries share their bytes, as only bombs do."""
    return invalid(
        "bomb", "Files in the archive overlap each other. Make the archive anew and send it again."
    )


def of_document(rejected: DocumentRejected) -> Verdict:
    """As the single upload would say."""
    return Verdict(rejected.reason, rejected.message)


def refused(message: str) -> Verdict:
    """Of the entry itself, whatever its bytes are."""
    return Verdict("ARCHIVE_ENTRY_REFUSED", message)


NO_CONTRACT = Verdict("", "Files of this name are made by the computer, and hold no contract.", skipped=True)
UNNAMED = refused(
    "The file's name is empty, too long, or not text. Rename the file and make the archive anew."
)
ELSEWHERE = refused(
    "The file's name leads out of the archive. Put the file inside and make the archive anew."
)
NO_FILE = refused("This is a link or a device, not a file. Put the file itself into the archive.")
TWICE = refused("The archive has several files of this name: nobody can tell which is meant. Make it anew.")
UNREAD_PACKING = refused(
    "The file is packed in a way that is not read here. Make the archive with the usual 'Deflate'."
)
ENCRYPTED = Verdict(
    "DOCUMENT_ENCRYPTED", "The file is protected by a password. Make the archive anew without the password."
)
NESTED = Verdict(
    "DOCUMENT_TYPE_UNSUPPORTED",
    "The file is an archive itself. Unpack it, and import its files or send it by itself.",
)
BOMB = of_document(rejections.bomb("ratio"))
