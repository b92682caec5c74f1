"""From turns and content blocks to those of the Messages API."""

import base64
from collections.abc import Mapping, Sequence

from ai_gateway.generation.structs import to_json
from bloom.ai.v1 import ai_pb2
from service_runtime.errors import invalid

Block = dict[str, object]
_ROLES = {ai_pb2.Message.ROLE_USER: "user", ai_pb2.Message.ROLE_ASSISTANT: "assistant"}
_PDF = b"%PDF-"
_PDF_WITHIN_BYTES = 1024


def turns(messages: Sequence[ai_pb2.Message], *, citations: bool) -> list[Block]:
    """Raises DomainError for misplaced and unreadable blocks, with their path."""
    made = [_turn(message, index, citations=citations) for index, message in enumerate(messages)]
    if made[0]["role"] != "user":
        raise invalid("prompt.messages[0].role", "the first turn is the user's")
    return made


def is_document(block: Mapping[str, object]) -> bool:
    """Of whatever kind."""
    return block["type"] == "document"


def _turn(message: ai_pb2.Message, index: int, *, citations: bool) -> Block:
    path = f"prompt.messages[{index}]"
    blocks = [_block(block, f"{path}.content[{place}]") for place, block in enumerate(message.content)]
    documents = [block for block in blocks if is_document(block)]
    if message.role == ai_pb2.Message.ROLE_ASSISTANT and documents:
        raise invalid(f"{path}.content", "a document belongs in a turn of the user")
    if citations:
        for document in documents:
            # All or none: the API takes no mixture.
            document["citations"] = {"enabled": True}
    if index == 0 and not any(block.HasField("raw") for block in message.content):
        # What many questions share goes first, so that they share its cache entry.
        blocks.sort(key=lambda block: not is_document(block))
    return {"role": _ROLES[message.role], "content": blocks}


def _block(block: ai_pb2.ContentBlock, path: str) -> Block:
    match block.WhichOneof("block"):
        case "text":
            return {"type": "text", "text": block.text.text}
        case "document":
            # As a source of plain text: data beside the conversation, not a part of it.
            source = {"type": "text", "media_type": "text/plain", "data": block.document.text}
            return _document(source, block.document.title)
        case "pdf":
            return _document(_source(_pdf(block.pdf.data, path), block.pdf.data), block.pdf.title)
        case "image":
            return {"type": "image", "source": _source(_picture(block.image.data, path), block.image.data)}
        case _:
            return _raw(block, path)


def _document(source: Mapping[str, str], title: str) -> Block:
    block: Block = {"type": "document", "source": source}
    if title:
        block["title"] = title
    return block


def _source(media_type: str, data: bytes) -> Mapping[str, str]:
    return {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}


def _pdf(data: bytes, path: str) -> str:
    if _PDF not in data[:_PDF_WITHIN_BYTES]:
        raise invalid(f"{path}.pdf.data", "is not a PDF")
    return "application/pdf"


def _picture(data: bytes, path: str) -> str:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    raise invalid(f"{path}.image.data", "is neither PNG, JPEG, GIF nor WebP")


def _raw(block: ai_pb2.ContentBlock, path: str) -> Block:
    raw = to_json(block.raw, f"{path}.raw")
    if not isinstance(raw.get("type"), str):
        raise invalid(f"{path}.raw.type", "every content block has a type")
    return raw
