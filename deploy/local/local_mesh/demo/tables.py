"""What the demonstration shows: values with their proof, an answer with its citations, hits, costs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bloom.ai.v1.ai_service_pb2 import GetUsageResponse
from bloom.contracts.v1.contract_pb2 import (
    VALUE_STATUS_ABSENT,
    VALUE_STATUS_CONFLICT,
    VALUE_STATUS_REDACTED,
    VALUE_STATUS_UNVERIFIED,
    VALUE_STATUS_VERIFIED,
    AnalysisUse,
    Contract,
    Evidence,
    ExtractedValue,
    ValueStatus,
)
from bloom.contracts.v1.contract_service_pb2 import AnswerSentence, Passage, SearchContractsResponse
from bloom.contracts.v1.reading_service_pb2 import Entry, EstimateAnalysisResponse
from local_mesh.demo.verdicts import Verdict

_STATUS_STYLES: dict[ValueStatus.ValueType, tuple[str, str]] = {
    VALUE_STATUS_VERIFIED: ("VERIFIED", "green"),
    VALUE_STATUS_UNVERIFIED: ("UNVERIFIED", "yellow"),
    VALUE_STATUS_CONFLICT: ("CONFLICT", "bold magenta"),
    VALUE_STATUS_ABSENT: ("ABSENT", "bright_black"),
    VALUE_STATUS_REDACTED: ("REDACTED", "blue"),
}
_WIDE = 110
_UNREMARKABLE_UNITS = {"text", "enum", "bool", "date", "jurisdiction"}


def values_table(values: Sequence[ExtractedValue], width: int) -> Table:
    """One line for each value, one section for each group of fields."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", width=width, pad_edge=False)
    wide = width >= _WIDE
    table.add_column("  field", no_wrap=True, max_width=26 if wide else 18)
    table.add_column("value", max_width=20 if wide else 14, overflow="ellipsis", no_wrap=True)
    table.add_column("unit", max_width=16 if wide else 9, overflow="ellipsis", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("page", justify="right", no_wrap=True)
    table.add_column("quote", ratio=1, overflow="ellipsis", no_wrap=True)
    group = ""
    for value in values:
        if value.group != group:
            group = value.group
            table.add_row(Text(group.upper(), "bold"))
        table.add_row(*_value_cells(value))
    return table


def _value_cells(value: ExtractedValue) -> tuple[Text, Text, Text, Text, Text, Text]:
    status, style = _STATUS_STYLES.get(value.status, ("?", "red"))
    proof = value.evidence[0] if value.evidence else Evidence()
    unit = "" if value.unit in _UNREMARKABLE_UNITS else value.unit
    return (
        Text(f"  {value.field}"),
        Text(value.value or "—", style if value.value else "bright_black"),
        Text(unit, "dim"),
        Text(status, style),
        Text(str(proof.page) if proof.page else "", "dim"),
        Text(_one_line(proof.quote or value.reason_text), "italic dim"),
    )


def entries_table(entries: Sequence[Entry], width: int) -> Table:
    """The lists: a line for each entry, with what is proven of its attributes."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", width=width, pad_edge=False)
    table.add_column("  entry", no_wrap=True, max_width=26)
    table.add_column("proven", max_width=34, overflow="ellipsis", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("page", justify="right", no_wrap=True)
    table.add_column("passage", ratio=1, overflow="ellipsis", no_wrap=True)
    use = AnalysisUse.ValueType(0)
    for entry in entries:
        if entry.use != use:
            use = entry.use
            table.add_row(Text(AnalysisUse.Name(use).removeprefix("ANALYSIS_USE_"), "bold"))
        table.add_row(*_entry_cells(entry))
    return table


def _entry_cells(entry: Entry) -> tuple[Text, Text, Text, Text, Text]:
    status, style = _STATUS_STYLES.get(entry.status, ("?", "red"))
    proof = entry.evidence[0] if entry.evidence else Evidence()
    proven = [f"{one.name} {one.value}" for one in entry.attributes if one.status == VALUE_STATUS_VERIFIED]
    return (
        Text(f"  {entry.kind}"),
        Text(", ".join(proven), "green"),
        Text(status, style),
        Text(str(proof.page) if proof.page else "", "dim"),
        Text(_one_line(proof.quote or entry.reason_text), "italic dim"),
    )


def estimate_line(estimate: EstimateAnalysisResponse) -> Text:
    """What reading will ask and cost."""
    cost, batch = estimate.cost_micro_usd, estimate.batch_cost_micro_usd
    seconds = f"{estimate.duration.low.seconds} to {estimate.duration.high.seconds} s"
    prices = f"{dollars(cost.low)} to {dollars(cost.high)}"
    asked = f"{estimate.request_count} questions about {estimate.part_count} part(s)"
    return Text(f"  {asked}, {seconds}; {prices}, in a batch from {dollars(batch.low)}", "dim")


def counts_line(contract: Contract) -> Text:
    """How many values are what."""
    analysis = contract.analysis
    counts = (
        (VALUE_STATUS_VERIFIED, analysis.verified_count),
        (VALUE_STATUS_UNVERIFIED, analysis.unverified_count),
        (VALUE_STATUS_CONFLICT, analysis.conflict_count),
        (VALUE_STATUS_ABSENT, analysis.absent_count),
        (VALUE_STATUS_REDACTED, analysis.redacted_count),
    )
    line = Text("  ")
    for status, count in counts:
        name, style = _STATUS_STYLES[status]
        line.append(f"{count} {name.lower()}   ", style)
    return line


def warnings_panel(instructions: Sequence[Evidence]) -> Panel:
    """Sentences that the document addresses to its reader's AI."""
    lines = [Text.assemble((f"page {found.page}  ", "dim"), _one_line(found.quote)) for found in instructions]
    return Panel(
        Group(*lines),
        title="the document tries to instruct its reader's AI: reported, not followed",
        border_style="yellow",
        title_align="left",
    )


def sentence_line(sentence: AnswerSentence) -> Text:
    """A proven sentence and the pages that prove it."""
    pages = sorted({proof.page for proof in sentence.evidence})
    return Text.assemble(
        ("  ▸ ", "green"), sentence.text, *((f" [p. {page}]", "bold cyan") for page in pages)
    )


def hits(found: SearchContractsResponse) -> Group:
    """The first passages of each contract, with the matching words marked."""
    lines = [
        Text.assemble(
            (f"  {hit.label or hit.contract}", "bold"), (f"  page {passage.page}  ", "dim"), _marked(passage)
        )
        for hit in found.hits[:3]
        for passage in hit.passages[:2]
    ]
    return Group(*lines) if lines else Group(Text("  nothing found", "dim"))


def _marked(passage: Passage) -> Text:
    text = Text(passage.text)
    for highlight in passage.highlights:
        text.stylize("bold black on yellow", highlight.start, highlight.end)
    return Text(" ").join(line for line in text.split("\n") if line.plain.strip())


def dollars(micro_usd: int) -> str:
    """Millionths of a dollar, all six digits: one answer costs less than a cent."""
    return f"${micro_usd // 1_000_000:,}.{micro_usd % 1_000_000:06d}"


def cost_table(usage: GetUsageResponse) -> Table:
    """What the organization used, by task and model."""
    table = Table(box=None, padding=(0, 1), header_style="dim", show_edge=False)
    for heading in ("  task", "model"):
        table.add_column(heading)
    for heading in ("calls", "cached", "input", "cached input", "output", "cost", "uncached"):
        table.add_column(heading, justify="right")
    for row in usage.rows:
        used = row.usage
        written = used.cache_write_5m_tokens + used.cache_write_1h_tokens
        table.add_row(
            f"  {row.task.removeprefix('contracts.')}", row.model, str(row.calls), str(row.cached_calls),
            f"{used.input_tokens + written:,}", f"{used.cache_read_tokens:,}", f"{used.output_tokens:,}",
            dollars(row.cost_micro_usd), dollars(row.list_cost_micro_usd),
        )  # fmt: skip
    return table


def verdict_line(verdict: Verdict) -> Text:
    mark = ("  ✓ ", "green") if verdict.held else ("  ✗ ", "bold red")
    return Text.assemble(mark, verdict.step, (f": {verdict.reason}" if verdict.reason else "", "red"))


def _one_line(text: str) -> str:
    return " ".join(text.split())
