"""The project's own sample contract: an invented agreement, its amendment and the truth about both."""

from pathlib import Path

ROOT = Path(__file__).parent
SOURCES = ROOT / "source"
DOCUMENTS = ROOT / "documents"
TRUTH = ROOT / "truth.json"
NAMES = ("agreement", "amendment-1")

__all__ = ["DOCUMENTS", "NAMES", "ROOT", "SOURCES", "TRUTH"]
