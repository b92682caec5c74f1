"""This service's dataclasses as messages of the schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from google.longrunning import operations_pb2
from google.rpc import status_pb2

from bloom.contracts.v1 import contract_pb2, contract_service_pb2
from contracts_service import names
from contracts_service.analysis.model import StoredEvidence, StoredValue
from contracts_service.contracts.model import Contract
from contracts_service.documents.model import Document, Page
from contracts_service.extraction.layout import TENTHS, Box
from contracts_service.extraction.tables import Cell, Table
from contracts_service.fields import FIELDS
from contracts_service.operations.model import GroupResult, Operation
from contracts_service.prompts.uses import questions_of
from contracts_service.search.model import Facet, Hit, Passage
from service_runtime.timestamps import timestamp

_DONE = (
    contract_pb2.ANALYSIS_STATE_DONE,
    contract_pb2.ANALYSIS_STATE_FAILED,
    contract_pb2.ANALYSIS_STATE_CANCELLED,
)


def contract(record: Contract) -> contract_pb2.Contract:
    """The record with its document and the latest analysis."""
    return contract_pb2.Contract(
        name=names.contract(record.id),
        label=record.label,
        reference_no=record.reference_no,
        office=record.office,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        agreement_type=record.agreement_type,  # type: ignore[arg-type]
        state=record.state,  # type: ignore[arg-type]
        tags=record.tags,
        document=document(record.document) if record.document else None,
        analysis=_analysis(record),
        etag=record.etag,
        creator=record.creator,
        create_time=timestamp(record.created_at),
        update_time=timestamp(record.updated_at),
        department=record.department,
        contract_value=record.value.message() if record.value else None,
        imported=record.imported,
        revision=record.revision,
    )


def document(record: Document) -> contract_pb2.Document:
    """A file as it came in."""
    return contract_pb2.Document(
        name=names.document(record.id),
        filename=record.filename,
        media_type=record.media_type,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
        page_count=record.page_count,
        word_count=record.word_count,
        text_state=record.text_state,  # type: ignore[arg-type]
        ocr_confidence=record.ocr_confidence or 0,
    )


def _analysis(record: Contract) -> contract_pb2.Analysis:
    shown: Mapping[str, Any] = record.analysis
    counts = shown.get("counts", {})
    return contract_pb2.Analysis(
        state=record.analysis_state,  # type: ignore[arg-type]
        operation=names.operation(record.analysis_operation) if record.analysis_operation else "",
        verified_count=counts.get("verified", 0),
        unverified_count=counts.get("unverified", 0),
        conflict_count=counts.get("conflict", 0),
        absent_count=counts.get("absent", 0),
        redacted_count=counts.get("redacted", 0),
        model=shown.get("model", ""),
        simulated=shown.get("simulated", False),
        cost_micro_usd=shown.get("cost_micro_usd", 0),
        instructions_to_reader=[evidence(item) for item in shown.get("instructions_to_reader", ())],
    )


def evidence(item: StoredEvidence) -> contract_pb2.Evidence:
    """Where the words stand."""
    return contract_pb2.Evidence(**item)


def value(stored: StoredValue) -> contract_pb2.ExtractedValue:
    """A value with its proof and, where it is not proven, the reason."""
    return contract_pb2.ExtractedValue(
        group=stored.group,
        field=stored.field,
        label=FIELDS[stored.field].label if stored.field in FIELDS else stored.field,
        status=stored.status,  # type: ignore[arg-type]
        value=stored.value,
        unit=stored.unit,
        raw_text=stored.raw_text,
        evidence=[evidence(item) for item in stored.evidence],
        method=stored.method,  # type: ignore[arg-type]
        model=stored.model,
        prompt_version=stored.prompt_version,
        confidence=str(stored.confidence),
        reason=stored.reason,
        reason_text=stored.reason_text,
    )


def operation(record: Operation, finished: Contract | None = None) -> operations_pb2.Operation:
    """An analysis as a long-running operation; `finished` is its contract when it is done."""
    message = operations_pb2.Operation(name=names.operation(record.id), done=record.ended_at is not None)
    message.metadata.Pack(_metadata(record))
    if record.error is not None:
        message.error.CopyFrom(status_pb2.Status.FromString(record.error))
    elif finished is not None:
        message.response.Pack(contract_service_pb2.AnalyzeContractResponse(contract=contract(finished)))
    return message


def _metadata(record: Operation) -> contract_service_pb2.AnalyzeContractMetadata:
    metadata = contract_service_pb2.AnalyzeContractMetadata(
        contract=names.contract(record.contract_id),
        state=record.state,  # type: ignore[arg-type]
        progress_percent=_percent(record),
        groups=_progress(record),
        uses=[analysis_use(use) for use in record.uses],
        part_count=record.part_count,
        attempts=record.attempts,
        last_fault=record.last_fault,
        create_time=timestamp(record.created_at),
        cost_micro_usd=record.cost_micro_usd,
        trace_id=record.traceparent[3:35],
    )
    if record.ended_at is not None:
        metadata.end_time.CopyFrom(timestamp(record.ended_at))
    return metadata


def _progress(record: Operation) -> list[contract_service_pb2.GroupProgress]:
    answered: dict[str, list[GroupResult]] = {}
    for result in record.groups:
        answered.setdefault(result.question, []).append(result)
    return [
        contract_service_pb2.GroupProgress(
            group=question.name,
            done=len(answered.get(question.name, ())) >= record.part_count,
            cached=question.name in answered and all(one.cached for one in answered[question.name]),
            cost_micro_usd=sum(one.cost_micro_usd for one in answered.get(question.name, ())),
            parts_done=len(answered.get(question.name, ())),
        )
        for question in questions_of(record.uses)
    ]


def analysis_use(use: str) -> contract_pb2.AnalysisUse.ValueType:
    """A use by the schema's number."""
    return contract_pb2.AnalysisUse.Value(f"ANALYSIS_USE_{use.upper()}")


def uses_of(asked: Sequence[int], standard: Sequence[str]) -> tuple[str, ...]:
    """The uses that a request names; the standard set where it names none."""
    prefix = "ANALYSIS_USE_"
    given = [contract_pb2.AnalysisUse.Name(use).removeprefix(prefix).lower() for use in asked]  # type: ignore[arg-type]
    return tuple(given or standard)


def _percent(record: Operation) -> int:
    """Proving and publishing are the last hundredth."""
    if record.state in _DONE:
        return 100
    asked = len(questions_of(record.uses)) * record.part_count
    return min(99, len(record.groups) * 99 // max(1, asked))


def page(stored: Page) -> contract_service_pb2.Page:
    """One page of the stored text."""
    return contract_service_pb2.Page(
        number=stored.number, char_start=stored.char_start, char_end=stored.char_end, text=stored.text
    )


def table(number: int, stored: Table) -> contract_service_pb2.Table:
    """A table by cell."""
    return contract_service_pb2.Table(number=number, page=stored.page, cells=map(_cell, stored.cells))


def _cell(stored: Cell) -> contract_service_pb2.TableCell:
    return contract_service_pb2.TableCell(
        row=stored.row,
        column=stored.column,
        row_span=stored.row_span,
        column_span=stored.column_span,
        text=stored.text,
        char_start=stored.start,
        char_end=stored.end,
        box=box(stored.box) if stored.box else None,
    )


def box(stored: Box) -> contract_service_pb2.Box:
    """Edges in points."""
    left, top, right, bottom = (edge / TENTHS for edge in stored)
    return contract_service_pb2.Box(left=left, top=top, right=right, bottom=bottom)


def hits(found: Sequence[Hit]) -> list[contract_service_pb2.SearchHit]:
    """Search hits with their passages."""
    return [
        contract_service_pb2.SearchHit(
            contract=names.contract(hit.contract_id),
            label=hit.label,
            passages=[_passage(item) for item in hit.passages],
        )
        for hit in found
    ]


def facet(counted: Facet) -> contract_service_pb2.Facet:
    """Contracts by value."""
    counts = [contract_service_pb2.FacetCount(value=value, count=count) for value, count in counted.counts]
    return contract_service_pb2.Facet(field=counted.field, counts=counts)


def _passage(passage: Passage) -> contract_service_pb2.Passage:
    return contract_service_pb2.Passage(
        page=passage.page,
        char_start=passage.char_start,
        char_end=passage.char_start + len(passage.text),
        text=passage.text,
        highlights=[
            contract_service_pb2.Highlight(start=start, end=end) for start, end in passage.highlights
        ],
    )
