"""Cells, reviews and column sets as messages of the schema."""

from uuid import UUID

from bloom.contracts.v1 import grid_service_pb2
from contracts_service import messages, names
from contracts_service.grid.model import Cell, Review
from service_runtime.timestamps import timestamp


def cell_message(contract_id: UUID, cell: Cell) -> grid_service_pb2.Cell:
    """What holds, with where it stands and who has said so."""
    evidence = messages.evidence(cell.evidence) if cell.evidence else None  # type: ignore[arg-type]  # a row's JSON
    return grid_service_pb2.Cell(
        name=names.cell(contract_id, cell.field),
        field=cell.field,
        status=cell.status,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        review=cell.review,  # type: ignore[arg-type]
        value=cell.value,
        unit=cell.unit,
        method=cell.method,  # type: ignore[arg-type]
        confidence=str(cell.confidence),
        evidence=evidence,
        value_count=cell.value_count,
        outdated=cell.outdated,
        reviewer=cell.reviewer,
        review_time=timestamp(cell.reviewed_at) if cell.reviewed_at else None,
        review_reason=cell.review_reason,
        etag=cell.etag,
    )


def review_message(review: Review) -> grid_service_pb2.Review:
    """What a person said, and what had been read then."""
    return grid_service_pb2.Review(
        review=review.review,  # type: ignore[arg-type]
        value=review.value,
        unit=review.unit,
        reviewer=review.reviewer,
        create_time=timestamp(review.at),
        reason=review.reason,
        read_value=review.read_value,
        read_unit=review.read_unit,
        read_status=review.read_status,  # type: ignore[arg-type]
        operation=names.operation(review.operation_id) if review.operation_id else "",
    )
