"""How the PDF looks: letter paper, Times, the measures of a law firm's execution copy."""

from typing import Literal

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.platypus import TableStyle

MARGIN = 1.1 * inch
RULE = HexColor("#444444")
SHADE = HexColor("#eeeeee")
ALIGNMENT: dict[str, Literal[0, 1, 2]] = {"l": TA_LEFT, "c": TA_CENTER, "r": TA_RIGHT}

BODY = ParagraphStyle(
    "body", fontName="Times-Roman", fontSize=11, leading=14.2, alignment=TA_JUSTIFY, spaceAfter=8
)
CLAUSE = ParagraphStyle("clause", parent=BODY, firstLineIndent=0.5 * inch)
DEFINITION = ParagraphStyle("definition", parent=BODY, leftIndent=0.5 * inch)
ITEM = ParagraphStyle("item", parent=BODY, leftIndent=0.9 * inch, bulletIndent=0.5 * inch)
NOTE = ParagraphStyle(
    "note",
    parent=BODY,
    fontSize=10,
    leading=13,
    leftIndent=7,
    rightIndent=7,
    spaceBefore=12,
    borderColor=RULE,
    borderWidth=0.6,
    borderPadding=7,
)
HEADING = ParagraphStyle(
    "heading",
    parent=BODY,
    fontName="Times-Bold",
    fontSize=11.5,
    leading=15,
    alignment=TA_CENTER,
    spaceBefore=13,
    spaceAfter=9,
    keepWithNext=1,
)
DOCUMENT_HEADING = ParagraphStyle(
    "document", parent=HEADING, fontSize=14, leading=19, spaceBefore=0, spaceAfter=14
)
SUBHEADING = ParagraphStyle(
    "subheading",
    parent=BODY,
    fontName="Times-Bold",
    alignment=TA_LEFT,
    spaceBefore=8,
    spaceAfter=6,
    keepWithNext=1,
)
CENTERED = ParagraphStyle(
    "centered", parent=BODY, fontSize=12, leading=16, alignment=TA_CENTER, spaceAfter=20
)
STRONG = ParagraphStyle("strong", parent=CENTERED, fontName="Times-Bold", fontSize=16, leading=22)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9.8, leading=12.2, alignment=TA_LEFT, spaceAfter=0)
SIGNATURE = ParagraphStyle("signature", parent=BODY, alignment=TA_LEFT, spaceAfter=0)
CONTENTS = ParagraphStyle("contents", parent=BODY, alignment=TA_LEFT, spaceAfter=0, leading=17)

TABLE_STYLE = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, RULE),
        ("BACKGROUND", (0, 0), (-1, 0), SHADE),
        ("LINEBELOW", (0, 0), (-1, 0), 1, black),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
)
SIGNATURE_STYLE = TableStyle(
    [
        ("LINEBELOW", (1, 0), (1, 0), 0.6, black),
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
)
