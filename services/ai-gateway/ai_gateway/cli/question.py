"""What `bloom-ai try` asks: the question, and a document with it."""

import base64
from pathlib import Path

from google.protobuf import struct_pb2

from ai_gateway.cli.problems import CommandError
from bloom.ai.v1 import ai_pb2

# With its base64 and the question it stays within what the server takes, 32 MB.
_MOST_BYTES = 20 * 1024 * 1024
_PDF = b"%PDF-"


def content(question: str, file: Path | None) -> list[ai_pb2.ContentBlock]:
    """The blocks of the one turn. Raises CommandError for a file that cannot be sent."""
    asked = ai_pb2.ContentBlock(text=ai_pb2.TextBlock(text=question))
    return [_document(file), asked] if file is not None else [asked]


def _document(file: Path) -> ai_pb2.ContentBlock:
    try:
        content = file.read_bytes()
    except OSError as failed:
        raise CommandError(f"{file} cannot be read: {failed.strerror}.") from None
    if not content:
        raise CommandError(f"{file} is empty.")
    if len(content) > _MOST_BYTES:
        raise CommandError(f"{file} is larger than {_MOST_BYTES // 1024**2} MB.")
    if content.startswith(_PDF):
        return _pdf(content, file.name)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise CommandError(f"{file} is neither a PDF nor text in UTF-8.") from None
    return ai_pb2.ContentBlock(document=ai_pb2.DocumentBlock(title=file.name[:500], text=text))


def _pdf(content: bytes, title: str) -> ai_pb2.ContentBlock:
    """As the Messages API takes it: Claude sees the pages."""
    raw = struct_pb2.Struct()
    data = base64.b64encode(content).decode()
    raw.update(
        {
            "type": "document",
            "title": title[:500],
            "source": {"type": "base64", "media_type": "application/pdf", "data": data},
        }
    )
    return ai_pb2.ContentBlock(raw=raw)
