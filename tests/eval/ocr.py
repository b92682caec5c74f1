"""How far OCR's own confidence can be trusted: real contracts, printed, scanned badly and read again.

Each page is rendered at a fax machine's and an office scanner's resolution, blurred, turned by a degree and
speckled; Tesseract reads it through our extraction, and its words are aligned with those of the file.
"""

import io
import random
from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageFilter

from contracts_service.extraction.layout import is_sure, unpack
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.worker import read_document
from local_mesh.state import REPOSITORY
from tests.bench.figures import print_result, told

CONTRACTS = REPOSITORY.parent / "shared/data/contracts/energy"
PAGES_OF_EACH = 5
SCANS = {
    "fax, 100 dpi": (100, 0.6, 0.5),
    "office, 150 dpi": (150, 0.8, 1.0),
    "good, 300 dpi": (300, 0.6, 0.2),
}
_LEVELS = (0, 20, 40, 50, 60, 70, 80, 85, 90, 95, 101)


def scanned(page: pdfium.PdfPage, dpi: int, blur: float, turn: float, chance: random.Random) -> bytes:
    """A PDF of the page's picture."""
    image = page.render(scale=dpi / 72, grayscale=True).to_pil()
    image = image.rotate(chance.uniform(-turn, turn), fillcolor=255, resample=Image.Resampling.BICUBIC)
    image = image.filter(ImageFilter.GaussianBlur(blur))
    noise = Image.effect_noise(image.size, 60)
    image = Image.blend(image, noise, 0.12)
    made = io.BytesIO()
    image.save(made, "PDF", resolution=dpi)
    return made.getvalue()


def read_again(pdf: bytes) -> list[tuple[str, int]]:
    """Words with their confidence."""
    extracted = read_document(pdf, filename="", declared_type="", limits=Limits())
    return [
        (extracted.text[word.start : word.end], word.confidence)
        for word in unpack(extracted.layouts[0].words)
    ]


def marked(read: list[tuple[str, int]], truth: list[str]) -> list[tuple[str, int, bool]]:
    """Each word that was read, with whether it stands so in the file."""
    right = [False] * len(read)
    matcher = SequenceMatcher(None, [word for word, _ in read], truth, autojunk=False)
    for at, _, size in matcher.get_matching_blocks():
        right[at : at + size] = [True] * size
    return [(word, confidence, true) for (word, confidence), true in zip(read, right, strict=True)]


def pages(path: Path) -> list[pdfium.PdfPage]:
    """Evenly spread, of those that are full of words."""
    document = pdfium.PdfDocument(path)
    full = [page for page in document if page.get_textpage().count_chars() > 1_500]
    return full[:: max(1, len(full) // PAGES_OF_EACH)][:PAGES_OF_EACH]


def main() -> None:
    """Prints both tables and the result."""
    chance = random.Random(5)
    total: list[tuple[str, int, bool]] = []
    for name, (dpi, blur, turn) in SCANS.items():
        found: list[tuple[str, int, bool]] = []
        for path in sorted(CONTRACTS.glob("*.pdf")):
            for page in pages(path):
                truth = page.get_textpage().get_text_range().replace("\ufffe", "-\n").split()
                found += marked(read_again(scanned(page, dpi, blur, turn, chance)), truth)
        wrong = sum(not true for *_, true in found)
        share = wrong / max(1, len(found))
        print(f"{name:<16} {len(found):>6} words read, {share:.1%} otherwise than in the file")
        total += found
    print(f"\n{'confidence':<12}{'words':>8}{'wrong':>8}{'with digits':>13}{'wrong':>8}")
    for low, high in pairwise(_LEVELS):
        some = [one for one in total if low <= one[1] < high]
        figures = [one for one in some if any(map(str.isdigit, one[0]))]
        counts = (
            len(some),
            sum(not one[2] for one in some),
            len(figures),
            sum(not one[2] for one in figures),
        )
        print(f"{low:>3} to {high - 1:<5}{counts[0]:>8}{counts[1]:>8}{counts[2]:>13}{counts[3]:>8}")
    sure = [one for one in total if is_sure(*one[:2])]
    lost = [one for one in total if one[2] and not is_sure(*one[:2])]
    wrong = [one for one in sure if not one[2]]
    figures = [one for one in sure if any(map(str.isdigit, one[0]))]
    print("\nread wrongly and surely:", Counter(word for word, *_ in wrong).most_common(12))
    print_result(
        [
            told("ocr_words", len(total), "words"),
            told("ocr_sure_but_wrong", 100 * len(wrong) / len(sure), "% of sure words"),
            told(
                "ocr_figures_sure_but_wrong",
                100 * sum(not one[2] for one in figures) / len(figures),
                "% of sure words with digits",
            ),
            told("ocr_right_but_unsure", 100 * len(lost) / len(total), "% of words"),
        ]
    )


if __name__ == "__main__":
    main()
