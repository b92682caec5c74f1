"""The media types we read, and what a file's name and declared type claim about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath


class MediaType(StrEnum):
    """A type of document that can be read."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PLAIN = "text/plain"
    HTML = "text/html"

    @property
    def label(self) -> str:
        """What a contract manager calls it."""
        return _LABELS[self]


_LABELS = {
    MediaType.PDF: "PDF",
    MediaType.DOCX: "Word (DOCX)",
    MediaType.PLAIN: "plain text",
    MediaType.HTML: "HTML",
}

_EXTENSIONS = {
    "pdf": MediaType.PDF,
    "docx": MediaType.DOCX,
    "txt": MediaType.PLAIN,
    "text": MediaType.PLAIN,
    "md": MediaType.PLAIN,
    "htm": MediaType.HTML,
    "html": MediaType.HTML,
    "xhtml": MediaType.HTML,
}

# Only names that say something: the ".14" of "Exhibit 10.14" must not count as a claim.
_FOREIGN_EXTENSIONS = frozenset(
    [
        "doc",
        "docm",
        "dot",
        "dotx",
        "rtf",
        "odt",
        "pages",
        "xls",
        "xlsx",
        "xlsm",
        "csv",
        "ppt",
        "pptx",
        "zip",
        "7z",
        "rar",
        "gz",
        "tar",
        "exe",
        "dll",
        "js",
        "json",
        "xml",
        "svg",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "bmp",
        "tif",
        "tiff",
        "webp",
        "heic",
        "eml",
        "msg",
        "mp3",
        "mp4",
        "mov",
    ]
)

_ALIASES = {"application/x-pdf": MediaType.PDF, "application/xhtml+xml": MediaType.HTML}

# What browsers and scripts send when they do not know; a DOCX is honestly a ZIP as well.
_SAYS_NOTHING = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/x-download", "application/zip",
     "application/x-zip-compressed", "multipart/form-data"}
)  # fmt: skip

_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,63}/[a-z0-9!#$&^_.+-]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a label says: a type we read, or None for one we do not; `label` names it to a person."""

    media_type: MediaType | None
    label: str


def claims_of(filename: str, declared_type: str) -> tuple[Claim, ...]:
    """What the name's ending and the declared content type say; nothing when they say nothing."""
    found = (_claim_of_name(filename), _claim_of_type(declared_type))
    return tuple(claim for claim in found if claim is not None)


def _claim_of_name(filename: str) -> Claim | None:
    extension = PurePath(filename).suffix[1:].lower()
    if extension in _EXTENSIONS:
        media_type = _EXTENSIONS[extension]
        return Claim(media_type, f"{media_type.label} (.{extension})")
    return Claim(None, f".{extension}") if extension in _FOREIGN_EXTENSIONS else None


def _claim_of_type(declared_type: str) -> Claim | None:
    essence = declared_type.partition(";")[0].strip().lower()
    if essence in _SAYS_NOTHING or not _MEDIA_TYPE.fullmatch(essence):
        return None
    media_type = _ALIASES.get(essence) or _known(essence)
    return Claim(media_type, f"{media_type.label} ({essence})" if media_type else essence)


def _known(essence: str) -> MediaType | None:
    if essence in MediaType._value2member_map_:
        return MediaType(essence)
    return MediaType.PLAIN if essence.startswith("text/") else None
