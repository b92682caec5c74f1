"""Word (DOCX) to text: body and notes in order, explicit page and section breaks as pages."""

from __future__ import annotations

import zipfile
from xml.parsers.expat import ExpatError

from contracts_service.extraction import errors
from contracts_service.extraction.docx_body import BodyReader
from contracts_service.extraction.docx_package import BROKEN, main_part, open_package, open_part
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.pages import PageCollector, clean
from contracts_service.extraction.tables import Frame

_NOTES = ("footnotes.xml", "endnotes.xml")
_IMAGES = "media/"


def read_docx(data: bytes, limits: Limits) -> ExtractedText:
    """Read a Word document; raises `DocumentRejected` when it is broken, blank or beyond a limit."""
    try:
        with open_package(data, limits) as package:
            return _read_package(package, limits, source_bytes=len(data))
    except (*BROKEN, ExpatError) as error:
        raise errors.corrupt("Word (DOCX)") from error


def _read_package(package: zipfile.ZipFile, limits: Limits, *, source_bytes: int) -> ExtractedText:
    collector = PageCollector(MediaType.DOCX, limits, source_bytes=source_bytes)
    text, frames = _text_of(package, limits)
    pages = [page for page in text.split("\f") if clean(page).strip()]
    for page in pages:
        collector.add(page, frames)
    if pages:
        return collector.result(engine="expat")
    collector.add("")
    pictured = any(_IMAGES in name for name in package.namelist())
    return collector.result(engine="expat", pictured=frozenset({1}) if pictured else frozenset())


def _text_of(package: zipfile.ZipFile, limits: Limits) -> tuple[str, list[Frame]]:
    body = main_part(package, limits)
    folder = body.rpartition("/")[0]
    reader = BodyReader(max_depth=limits.xml_depth)
    names = package.namelist()
    for name in (body, *(note for note in (f"{folder}/{note}" for note in _NOTES) if note in names)):
        with open_part(package, name, limits) as stream:
            reader.read(stream)
    return reader.text(), reader.frames
