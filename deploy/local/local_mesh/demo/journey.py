"""`run`: a contract goes through the mesh as a web client sends it; every step is shown and judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bloom.contracts.v1.contract_pb2 import Contract
from bloom.contracts.v1.contract_service_pb2 import AnalyzeContractMetadata, AnswerSentence, AnswerSummary
from local_mesh import commands
from local_mesh.demo import agreement, tables, together, verdicts
from local_mesh.demo.client import RefusedError, RestClient, metadata_of
from local_mesh.demo.tracing import JourneyTrace
from local_mesh.demo.verdicts import Verdicts
from local_mesh.info import MeshInfo, read_info
from local_mesh.log_lines import LEVELS
from local_mesh.logs import Screen
from local_mesh.mesh import Mesh
from local_mesh.state import StateDirectory, is_held
from local_mesh.traces import Span
from local_mesh.waterfall import render_waterfall
from sample import DOCUMENTS

_POLL_SECONDS = 0.15
_ANALYSIS_SECONDS = 600.0
_WIDEST = 120
_SEARCH = '"energy price" OR availability'


class BrokenOffError(Exception):
    """The analysis did not come to its end."""


async def run(state: StateDirectory, console: Console, *, contract: Path | None, once: bool) -> int:
    """Exit status 0 when every step held; without `once` it then serves until it is stopped."""
    documents = [contract] if contract else [DOCUMENTS / "agreement.pdf", DOCUMENTS / "amendment-1.pdf"]
    async with _mesh(state, console) as (info, owned):
        journey = Journey(info, state, console, documents)
        await journey.go()
        console.print(commands.summary(info))
        if not once and owned:
            console.print("serving; Ctrl-C stops it", style="dim")
            await asyncio.Event().wait()
        return 0 if journey.verdicts.all_held else 1


@asynccontextmanager
async def _mesh(state: StateDirectory, console: Console) -> AsyncIterator[tuple[MeshInfo, bool]]:
    """The mesh that already runs on this state, else one of our own."""
    info = read_info(state.mesh_file)
    if info is not None and info.state == "ready" and is_held(state.lock_file):
        console.print(f"using the mesh that runs (supervisor {info.supervisor})", style="dim")
        yield info, False
        return
    async with Mesh(state.root, screen=Screen(console, level=LEVELS["ERROR"])) as mesh:
        yield mesh.info, True


@dataclass(slots=True)
class Journey:
    """The steps in their order. What the later ones need of the earlier ones is kept here."""

    info: MeshInfo
    state: StateDirectory
    console: Console
    documents: Sequence[Path]
    verdicts: Verdicts = field(default_factory=Verdicts)
    trace: JourneyTrace = field(default_factory=JourneyTrace)
    claude_asked: bool = False

    @property
    def width(self) -> int:
        return min(self.console.width, _WIDEST)

    async def go(self) -> None:
        """Every step, as far as it gets."""
        async with RestClient(self.info.rest) as api:
            try:
                await self._steps(api)
            except (RefusedError, httpx.HTTPError) as broken:
                self.verdicts.note("the journey", str(broken) or type(broken).__name__)
        self._heading("Every step" if self.verdicts.all_held else "Not every step held")
        for verdict in self.verdicts.listed:
            self.console.print(tables.verdict_line(verdict), soft_wrap=True)

    async def _steps(self, api: RestClient) -> None:
        self._heading(f"Signing in as {self.info.login.email}")
        await api.sign_in(self.info.login.email, self.info.login.password)
        taken: list[Contract] = []
        for document in self.documents:
            contract = await self._take_in(api, document)
            taken.append(contract)
            try:
                analyzed = await self._analyze(api, contract)
                await self._show_values(api, analyzed, document)
            except BrokenOffError as broken:  # its trace and its cost are worth seeing all the more
                self.verdicts.note(f"{document.name} is read", str(broken))
            if document is self.documents[0]:
                await self._ask(api, contract.name, document)
        await self._show_contradictions(api, taken[0])
        if len(taken) > 1:
            await self._show_family(api, *taken)
        await self._search(api)
        await self._show_trace()
        await self._show_cost(api)

    async def _take_in(self, api: RestClient, document: Path) -> Contract:
        self._heading(f"Taking in {document.name}")
        with self.trace.call(f"upload {document.name}") as traceparent:
            answer = await api.upload(document, traceparent)
        kept, words = answer.contract.document, "was there already" if answer.duplicate else "stored"
        self.console.print(
            f"  {answer.contract.name}  {kept.page_count} pages, {kept.word_count:,} words, {words}; "
            f"SHA-256 {kept.sha256[:16]}…",
            soft_wrap=True,
        )
        self.verdicts.note(f"{document.name} is taken in")
        return answer.contract

    async def _analyze(self, api: RestClient, contract: Contract) -> Contract:
        self.console.print(tables.estimate_line(await api.estimate(contract.name)))
        with self.trace.call(f"analyze {contract.document.filename}") as traceparent:
            operation = await api.analyze(contract.name, traceparent)
            try:
                async with asyncio.timeout(_ANALYSIS_SECONDS):
                    metadata = await self._follow(api, operation.name)
            except TimeoutError as late:
                raise BrokenOffError(f"the analysis took more than {_ANALYSIS_SECONDS:.0f} s") from late
        self.claude_asked |= any(not group.cached for group in metadata.groups)
        self.verdicts.note(f"{contract.document.filename} is read")
        return await api.contract(contract.name)

    async def _follow(self, api: RestClient, name: str) -> AnalyzeContractMetadata:
        """Shows the progress until the operation is done. Raises BrokenOffError when it failed."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            bar = progress.add_task("queued", total=100)
            while True:
                operation = await api.operation(name)
                metadata = metadata_of(operation)
                progress.update(bar, completed=metadata.progress_percent, description=_doing(metadata))
                if operation.done:
                    break
                await asyncio.sleep(_POLL_SECONDS)
        if operation.HasField("error"):
            raise BrokenOffError(f"the analysis failed: {operation.error.message}")
        return metadata

    async def _show_values(self, api: RestClient, contract: Contract, document: Path) -> None:
        values = await api.values(contract.name)
        reader = "the Claude simulator" if contract.analysis.simulated else contract.analysis.model
        self._heading(f"What {document.name} says, as read by {reader}")
        self.console.print(tables.values_table(values, self.width))
        self.console.print(tables.counts_line(contract))
        if contract.analysis.instructions_to_reader:
            self.console.print(tables.warnings_panel(contract.analysis.instructions_to_reader))
        entries = await api.entries(contract.name)
        self.console.print(tables.entries_table(entries, self.width))
        self.verdicts.note("every VERIFIED value has its evidence", verdicts.unproven(values))
        self.verdicts.note("every VERIFIED entry has its passage", verdicts.unproven_entries(entries))
        truth = agreement.truth_of(document)
        if truth is not None:
            differing = agreement.disagreements(values, truth)
            self.verdicts.note(f"{document.name}: the values are the true ones", _listed(differing))

    async def _ask(self, api: RestClient, contract: str, document: Path) -> None:
        question = agreement.question_for(document)
        self._heading(question)
        sentences: list[AnswerSentence] = []
        summary: AnswerSummary | None = None
        with self.trace.call("ask") as traceparent:
            async for event in api.ask(contract, question, traceparent):
                if event.HasField("sentence"):
                    sentences.append(event.sentence)
                    self.console.print(tables.sentence_line(event.sentence), width=self.width)
                else:
                    summary = event.summary
        if summary is not None:
            self._say_summary(summary)
        self.verdicts.note("the question is answered with evidence", verdicts.unanswered(sentences, summary))

    def _say_summary(self, summary: AnswerSummary) -> None:
        said = "the contract does not say; " if summary.not_found else ""
        self.console.print(
            f"    {said}{summary.withheld_count} unproven sentences withheld; "
            f"{tables.dollars(summary.cost_micro_usd)}{', simulated' if summary.simulated else ''}",
            style="dim",
        )
        self.claude_asked |= summary.cost_micro_usd > 0

    async def _show_contradictions(self, api: RestClient, contract: Contract) -> None:
        found = await api.contradictions(contract.name)
        self._heading(f"Where {contract.document.filename} contradicts itself")
        self.console.print(together.contradictions_table(found, self.width))
        bare = [one.sentence for one in found if len(one.passages) < 2]
        self.verdicts.note("contradictions show their passages", _listed(bare))

    async def _show_family(self, api: RestClient, base: Contract, amendment: Contract) -> None:
        await api.link(amendment.name, base.name)
        before, after = [
            await api.family_terms(base.name, day, together.FIELDS)
            for day in (together.BEFORE, together.AFTER)
        ]
        self._heading("What agreement and amendment say together")
        labels = {one.name: Path(one.document.filename).stem for one in (base, amendment)}
        self.console.print(together.terms_table(before, after, labels, self.width))
        wrong = together.wrong_terms(before, after, self.documents)
        self.verdicts.note("the family says what is true on both days", _listed(wrong))

    async def _search(self, api: RestClient) -> None:
        self._heading(f"Searching for {_SEARCH}")
        self.console.print(tables.hits(await api.search(_SEARCH)), width=self.width)
        self.verdicts.note("the search answers")

    async def _show_trace(self) -> None:
        def complete(spans: Sequence[Span]) -> bool:
            return not verdicts.missing_from_trace(spans, claude_asked=self.claude_asked)

        spans = await self.trace.collected(self.state.traces_file, complete)
        self._heading(f"The journey, trace {self.trace.trace_id}")
        self.console.print(render_waterfall(spans, width=self.width))
        if self.info.simulated:
            self.console.print("  Claude was simulated: its times and costs are not Claude's", style="yellow")
        missing = verdicts.missing_from_trace(spans, claude_asked=self.claude_asked)
        self.verdicts.note("the trace shows gateway, contracts, ai-gateway and Claude", missing)

    async def _show_cost(self, api: RestClient) -> None:
        usage = await api.usage_of_a_day()
        simulated = ", at Claude's prices but simulated" if self.info.simulated else ""
        self._heading(f"What Claude cost in the last day{simulated}: {tables.dollars(usage.cost_micro_usd)}")
        self.console.print(tables.cost_table(usage), width=self.width)
        self.verdicts.note("what Claude cost is known", "" if usage.cost_micro_usd > 0 else "the cost is 0")

    def _heading(self, text: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{text}[/bold]", align="left", style="dim")


def _listed(reasons: Sequence[str]) -> str:
    return "".join(f"\n      {reason}" for reason in reasons)


def _doing(metadata: AnalyzeContractMetadata) -> str:
    waiting = [group.group for group in metadata.groups if not group.done]
    if metadata.last_fault:
        return f"trying again (attempt {metadata.attempts}): {metadata.last_fault[:60]}"
    return f"reading {', '.join(waiting)[:60]}" if waiting else "proving"
