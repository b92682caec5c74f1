"""What the documents say together: the amendment linked with its agreement, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bloom.contracts.v1.contradiction_service_pb2 import Contradiction, ContradictionKind
from bloom.contracts.v1.family_service_pb2 import FamilyTerm, FamilyTerms
from local_mesh.demo import agreement
from sample.truth import Field

# A day under the agreement alone, and one under its amendment.
BEFORE, AFTER = date(2025, 6, 30), date(2026, 6, 30)
FIELDS = (
    "capacity",
    "take_or_pay",
    "output_year",
    "invoice_due",
    "scheduled_cod",
    "energy_price",
    "governing_law",
)


def terms_table(before: FamilyTerms, after: FamilyTerms, labels: dict[str, str], width: int) -> Table:
    """Each field on both days, with the document that says it."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", width=width, pad_edge=False)
    table.add_column("  field", no_wrap=True)
    for day in (BEFORE, AFTER):
        table.add_column(f"on {day}", no_wrap=True, max_width=24)
        table.add_column("says", no_wrap=True, style="dim")
    for early, late in zip(before.terms, after.terms, strict=True):
        changed = "bold" if early.cell.value != late.cell.value else ""
        table.add_row(f"  {early.field}", *_said(early, labels, ""), *_said(late, labels, changed))
    return table


def _said(term: FamilyTerm, labels: dict[str, str], style: str) -> tuple[Text, str]:
    unit = "" if term.cell.unit in ("date", "text", "enum") else f" {term.cell.unit}"
    contract = term.cell.name.partition("/fields/")[0]
    return Text(f"{term.cell.value}{unit}", style), labels.get(contract, "")


def wrong_terms(before: FamilyTerms, after: FamilyTerms, documents: Sequence[Path]) -> list[str]:
    """One sentence for each field that is not what the truth files of the agreement and its amendment say."""
    truths = [truth for document in documents if (truth := agreement.truth_of(document))]
    if len(truths) != 2:
        return ["the truth of the agreement and of its amendment is not there"]
    base, amended = truths[0]["fields"], {**truths[0]["fields"], **_found(truths[1]["fields"])}
    return [
        f"{term.field} on {day}: {problem}"
        for day, terms, true in ((BEFORE, before, base), (AFTER, after, amended))
        for term in terms.terms
        if (problem := agreement.differs([(term.cell.value, term.cell.unit)], true[term.field]))
    ]


def _found(fields: dict[str, Field]) -> dict[str, Field]:
    return {name: true for name, true in fields.items() if true["state"] == "FOUND"}


def contradictions_table(found: Sequence[Contradiction], width: int) -> Table:
    """What disagrees, and on which pages."""
    table = Table(box=None, padding=(0, 1, 0, 0), show_header=False, width=width, pad_edge=False)
    table.add_column(no_wrap=True, style="magenta")
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, justify="right", style="bold cyan")
    for one in found:
        kind = ContradictionKind.Name(one.kind).removeprefix("CONTRADICTION_KIND_").replace("_", " ").lower()
        pages = ", ".join(f"p. {passage.evidence.page}" for passage in one.passages)
        table.add_row(f"  {kind}", one.sentence, pages)
    return table
