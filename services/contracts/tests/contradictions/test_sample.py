"""The sample: every planted contradiction is found with its passages, and nothing else is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contracts_service.contradictions import Contradiction, Kind, find_in_force
from contracts_service.evidence import DocumentText
from contracts_service.extraction.isolate import extract

FOLDER = Path(__file__).resolve().parents[4] / "deploy" / "local" / "sample"
PLANTED: list[dict[str, Any]] = json.loads((FOLDER / "truth.json").read_text("utf-8"))["planted"]
# What is in force together, newest first.
CONTRACTS = {
    "agreement": ("agreement",),
    "amendment-1": ("amendment-1", "agreement"),
    "system-order-2-draft": ("system-order-2-draft",),
    "amendment-2-draft": ("amendment-2-draft", "agreement"),
}


@cache
def document(name: str, suffix: str) -> DocumentText:
    path = FOLDER / "documents" / f"{name}.{suffix}"
    read = asyncio.run(extract(path, filename=path.name, declared_type=""))
    return DocumentText(read.text, read.pages, name, "0" * 64)


def planted_in(names: Sequence[str]) -> list[dict[str, Any]]:
    return [one for one in PLANTED if one["document"] in names and one.get("against", names[-1]) in names]


def is_it(one: Contradiction, planted: dict[str, Any]) -> bool:
    quotes = [" ".join(passage.evidence.quote.split()) for passage in one.passages]
    return one.kind == planted["kind"] and all(
        any(words in quote for quote in quotes) for words in planted["passages"]
    )


@pytest.mark.parametrize("suffix", ["pdf", "docx"])
@pytest.mark.parametrize("names", CONTRACTS.values(), ids=CONTRACTS)
def test_what_is_planted_is_found_and_nothing_else(names: tuple[str, ...], suffix: str) -> None:
    texts = [document(name, suffix) for name in names]
    found, planted = find_in_force(texts), planted_in(names)
    assert [one for one in planted if not any(is_it(each, one) for each in found)] == []
    assert [each.sentence for each in found if not any(is_it(each, one) for one in planted)] == []
    by_name = {text.document_id: text for text in texts}
    for passage in (passage for each in found for passage in each.passages):
        assert passage.evidence.stands_in(by_name[passage.document_id])


def test_the_kinds_planted_are_all_that_there_are() -> None:
    assert {one["kind"] for one in PLANTED} == set(Kind)
