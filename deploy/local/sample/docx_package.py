"""Saves a Word document so that nothing in the file depends on the clock, the machine or zlib."""

import zipfile
from datetime import datetime, time
from io import BytesIO

from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from sample.model import Document

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNUSED_PARTS = ("/thumbnail", "/stylesWithEffects", "/numbering", "/customXml")
_STYLES = frozenset(
    (
        "Normal",
        "heading 1",
        "heading 2",
        "Title",
        "Table Grid",
        "header",
        "footer",
        "Default Paragraph Font",
        "Normal Table",
        "No List",
    )
)


def fixed_package(word: WordDocument, document: Document) -> bytes:
    """The saved document with the properties of its source and one fixed time on every member."""
    _set_properties(word, document)
    _drop_template_ballast(word)
    saved = BytesIO()
    word.save(saved)
    return _repack(saved.getvalue())


def _set_properties(word: WordDocument, document: Document) -> None:
    properties = word.core_properties
    # Core properties are in UTC and take naive datetimes only.
    moment = datetime.combine(document.dated, time(12))
    properties.created = properties.modified = properties.last_printed = moment
    properties.author = properties.last_modified_by = "Sample of the contract management system"
    properties.title, properties.subject = document.title.title(), document.reference
    properties.comments, properties.revision = "", 1


def _drop_template_ballast(word: WordDocument) -> None:
    """Leaves out what the library's template brings and this document does not use."""
    for relations in (word.part.package.rels, word.part.rels):
        for key in [key for key, one in relations.items() if one.reltype.endswith(_UNUSED_PARTS)]:
            del relations[key]
    styles = word.styles.element
    for style in styles.style_lst:
        if style.name_val not in _STYLES:
            styles.remove(style)
        elif (link := style.find(qn("w:link"))) is not None:
            style.remove(link)


def _repack(package: bytes) -> bytes:
    """The same members, stored: deflated bytes differ between builds of zlib."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(package)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), source.read(name))
    return packed.getvalue()
