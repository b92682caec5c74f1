"""A made-up portfolio, written straight into the database: contracts with pages of words and their cells.

Words follow Zipf's law over 8,000 stems, so that some stand in nearly every page and most in a few.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from contracts_service.fields import FIELDS, Kind
from service_runtime.identifiers import new_id

PAGES, WORDS_OF_A_PAGE = 8, 250
_SYLLABLES = ("ba", "co", "di", "fu", "ga", "he", "jo", "ki", "lu", "mo", "ne", "pa", "ro", "su", "ti", "ve")
_VERIFIED, _ABSENT, _OPEN = 1, 4, 1
_STARTED = datetime(2026, 1, 1, tzinfo=UTC)
_LAWS = ("Delaware", "New York", "California", "Connecticut")

_WORDS = """INSERT INTO page_words (org_id, document_id, page, words)
    SELECT org_id, document_id, page,
           to_tsvector('english', text) || array_to_tsvector(ARRAY['org:' || org_id::text])
    FROM document_pages WHERE document_id = ANY($1::uuid[])"""


def word(rank: int) -> str:
    """The word of a rank: the first are the commonest."""
    return "".join(_SYLLABLES[(rank >> shift) & 15] for shift in (8, 4, 0)) + "x" * (rank // 4096)


class Portfolio:
    """Grows in one organization."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", org_id: UUID, seed: int = 7) -> None:
        self._connection, self._org = connection, org_id
        self._random = random.Random(seed)
        self._weights = [1 / (rank + 3) for rank in range(8_000)]
        self.size = 0

    async def grow(self, size: int, at_once: int = 500) -> None:
        """Up to `size` contracts, some hundreds in each transaction."""
        while self.size < size:
            count = min(at_once, size - self.size)
            async with self._connection.transaction():
                await self._add(count)
            self.size += count
        await self._connection.execute("ANALYZE contracts, documents, document_pages, page_words, cells")

    async def _add(self, count: int) -> None:
        ids = [(new_id(), new_id()) for _ in range(count)]
        columns = {
            "documents": ("org_id", "id", "sha256", "filename", "media_type", "size_bytes", "object_key",
                          "page_count", "word_count", "text_state"),
            "document_pages": ("org_id", "document_id", "page", "char_start", "char_end", "text"),
            "contracts": ("org_id", "id", "document_id", "label", "state", "creator", "created_at"),
            "cells": ("org_id", "contract_id", "field", "status", "review", "method", "value", "unit",
                      "number", "day", "value_count", "outdated", "evidence", "confidence", "reviewer",
                      "review_reason"),
        }  # fmt: skip
        rows = {
            "documents": [
                (self._org, document, document.bytes * 2, "a.pdf", "application/pdf", 1, "x", PAGES, 1, 1)
                for _, document in ids
            ],
            "document_pages": [row for _, document in ids for row in self._pages(document)],
            "contracts": [
                (self._org, contract, document, f"Agreement {self.size + number}", 5, "users/bench",
                 _STARTED + timedelta(minutes=self.size + number))
                for number, (contract, document) in enumerate(ids)
            ],
            "cells": [row for contract, _ in ids for row in self._cells(contract)],
        }  # fmt: skip
        for table, records in rows.items():
            await self._connection.copy_records_to_table(table, records=records, columns=columns[table])
        await self._connection.execute(_WORDS, [document for _, document in ids])

    def _pages(self, document: UUID) -> Iterator[tuple[object, ...]]:
        for page in range(1, PAGES + 1):
            ranks = self._random.choices(range(8_000), self._weights, k=WORDS_OF_A_PAGE)
            yield self._org, document, page, page * 2_000, page * 2_000 + 1, " ".join(map(word, ranks))

    def _cells(self, contract: UUID) -> Iterator[tuple[object, ...]]:
        evidence = {"document": "documents/x", "document_sha256": "00", "char_start": 1, "char_end": 60,
                    "page": 3, "quote": "as these words of the agreement say, more or less"}  # fmt: skip
        for spec in FIELDS.values():
            known = self._random.random() < 0.6
            value, number, day = self._value(spec.kind) if known else ("", None, None)
            status = _VERIFIED if known else _ABSENT
            yield (
                self._org, contract, spec.name, status, _OPEN, 1, value,
                spec.units[0], number, day, int(known), False, evidence if known else None,
                Decimal("0.99"), "", "",
            )  # fmt: skip

    def _value(self, kind: Kind) -> tuple[str, Decimal | None, date | None]:
        if kind is Kind.DATE:
            day = date(2024, 1, 1) + timedelta(days=self._random.randrange(9_000))
            return day.isoformat(), None, day
        if kind in (Kind.TEXT, Kind.JURISDICTION, Kind.ENUM, Kind.BOOLEAN):
            return self._random.choice(_LAWS), None, None
        number = Decimal(self._random.randrange(1, 5_000))
        return str(number), number, None
