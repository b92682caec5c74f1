"""The project's own sample contract: an agreement, its amendment, drafts full of slips, the truth."""

from pathlib import Path

ROOT = Path(__file__).parent
SOURCES = ROOT / "source"
DOCUMENTS = ROOT / "documents"
TRUTH = ROOT / "truth.json"
NAMES = ("agreement", "amendment-1")
#: Documents that contradict themselves on purpose, and the agreement: nothing is extracted from them.
DRAFTS = ("system-order-2-draft", "amendment-2-draft")

__all__ = ["DOCUMENTS", "DRAFTS", "NAMES", "ROOT", "SOURCES", "TRUTH"]
