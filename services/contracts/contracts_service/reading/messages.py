"""Readings as messages of the schema."""

from datetime import timedelta

from bloom.contracts.v1 import reading_service_pb2
from contracts_service import messages, names
from contracts_service.analysis.model import StoredAttribute, StoredEntry
from contracts_service.fields import FIELDS
from contracts_service.reading.comparison import FieldChange
from contracts_service.reading.estimate import ASSUMPTIONS, Estimate, Range
from contracts_service.reading.model import FinishedAnalysis
from contracts_service.reading.planning import Planned
from contracts_service.reading.service import Comparison
from service_runtime.timestamps import timestamp


def entry(stored: StoredEntry) -> reading_service_pb2.Entry:
    """An entry with its proof."""
    return reading_service_pb2.Entry(
        use=messages.analysis_use(stored.use),
        kind=stored.kind,
        status=stored.status,  # type: ignore[arg-type]
        text=stored.text,
        grade=stored.grade,
        fallback=stored.fallback,
        evidence=[messages.evidence(item) for item in stored.evidence],
        attributes=[_attribute(item) for item in stored.attributes],
        method=stored.method,  # type: ignore[arg-type]
        model=stored.model,
        prompt_version=stored.prompt_version,
        confidence=str(stored.confidence),
        reason=stored.reason,
        reason_text=stored.reason_text,
    )


def _attribute(stored: StoredAttribute) -> reading_service_pb2.EntryAttribute:
    return reading_service_pb2.EntryAttribute(
        name=stored["name"],
        status=stored["status"],  # type: ignore[arg-type]
        value=stored["value"],
        unit=stored["unit"],
        raw_text=stored["raw_text"],
        evidence=[messages.evidence(item) for item in stored["evidence"]],
        confidence=stored["confidence"],
        reason=stored["reason"],
        reason_text=stored["reason_text"],
    )


def analysis(finished: FinishedAnalysis) -> reading_service_pb2.FinishedAnalysis:
    """A finished analysis as it is listed."""
    return reading_service_pb2.FinishedAnalysis(
        operation=names.operation(finished.id),
        subject=finished.subject,
        create_time=timestamp(finished.created_at),
        end_time=timestamp(finished.ended_at),
        uses=[messages.analysis_use(use) for use in finished.uses],
    )


def estimate(planned: Planned, estimated: Estimate) -> reading_service_pb2.EstimateAnalysisResponse:
    """What an analysis will ask, take and cost."""
    return reading_service_pb2.EstimateAnalysisResponse(
        part_count=planned.part_count,
        request_count=estimated.requests,
        answered_count=planned.answered,
        input_tokens=_range(estimated.input_tokens),
        output_tokens=_range(estimated.output_tokens),
        cost_micro_usd=_range(estimated.cost),
        batch_cost_micro_usd=_range(estimated.batch_cost),
        duration=_durations(*estimated.duration),
        batch_duration=_durations(*estimated.batch_duration),
        model=estimated.model,
        assumptions=ASSUMPTIONS,
    )


def _range(between: Range) -> reading_service_pb2.CountRange:
    return reading_service_pb2.CountRange(low=between.low, high=between.high)


def _durations(low: timedelta, high: timedelta) -> reading_service_pb2.DurationRange:
    message = reading_service_pb2.DurationRange()
    message.low.FromTimedelta(low)
    message.high.FromTimedelta(high)
    return message


def comparison(compared: Comparison) -> reading_service_pb2.CompareAnalysesResponse:
    """What two analyses say differently."""
    return reading_service_pb2.CompareAnalysesResponse(
        earlier=names.operation(compared.earlier),
        later=names.operation(compared.later),
        changes=[_change(change) for change in compared.changes],
        unchanged_count=compared.unchanged,
    )


def _change(change: FieldChange) -> reading_service_pb2.FieldChange:
    spec = FIELDS.get(change.field)
    return reading_service_pb2.FieldChange(
        group=spec.group if spec else "",
        field=change.field,
        label=spec.label if spec else change.field,
        kind=change.kind,  # type: ignore[arg-type]
        earlier=[messages.value(value) for value in change.earlier],
        later=[messages.value(value) for value in change.later],
    )
