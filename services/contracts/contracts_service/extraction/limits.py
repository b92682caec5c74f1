"""How much one document may cost: bytes, pages, characters, seconds, memory."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one extraction; the defaults hold for any contract seen, with a factor of ten to spare."""

    max_bytes: int = 50 * _MIB
    max_pages: int = 2_000
    max_characters: int = 5_000_000
    wall_seconds: float = 60.0
    cpu_seconds: int = 45
    memory_bytes: int = 1024 * _MIB
    """Address space of the reading process; the largest real contract here needs 60 MiB."""
    open_files: int = 64
    text_ratio: int = 100
    """Characters of text per byte of file; deflated English reaches 5, a bomb 1,000."""
    ratio_free_characters: int = 200_000
    """Below this much text the ratio is not asked: a tiny file may repeat itself."""
    zip_entries: int = 5_000
    zip_bytes: int = 256 * _MIB
    """Sum of the declared sizes of all entries of a DOCX."""
    zip_part_bytes: int = 64 * _MIB
    """Declared size of one XML part of a DOCX."""
    zip_ratio: int = 200
    """Declared size per compressed byte of one entry of a DOCX; Word's own XML reaches 40."""
    zip_ratio_free_bytes: int = 4 * _MIB
    xml_depth: int = 2_000
    table_cells: int = 100_000
    """Cells of all tables; tables beyond are read as text alone."""
    ocr_pages: int = 50
    ocr_seconds: float = 40.0
    """Time for recognizing all scanned pages; pages left over stay without text."""
    ocr_dpi: int = 300
    ocr_pixels: int = 40_000_000
    """Size of one rendered page; a larger page is rendered more coarsely."""

    def to_json(self) -> str:
        """The form handed to the reading process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, encoded: str) -> Limits:
        """Read back what `to_json` wrote."""
        return cls(**json.loads(encoded))
