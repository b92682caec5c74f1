"""Contradictions and their reviews as messages of the schema."""

from bloom.contracts.v1 import contract_pb2, contradiction_service_pb2
from contracts_service import names
from contracts_service.contradictions.stored import DISMISSED, OPEN, Said, Stored
from service_runtime.timestamps import timestamp


def contradiction_message(one: Stored) -> contradiction_service_pb2.Contradiction:
    """With its passages and the last word about it."""
    return contradiction_service_pb2.Contradiction(
        name=names.contradiction(one.contract_id, one.key),
        kind=one.kind,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        severity=one.severity,  # type: ignore[arg-type]
        state=one.state,  # type: ignore[arg-type]
        sentence=one.sentence,
        computation=one.computation,
        passages=[
            contradiction_service_pb2.ContradictionPassage(
                evidence=contract_pb2.Evidence(**passage["evidence"]), value=passage["value"]
            )
            for passage in one.passages
        ],
        create_time=timestamp(one.found_at) if one.found_at else None,
        reviewer=one.reviewer,
        review_time=timestamp(one.reviewed_at) if one.reviewed_at else None,
        review_reason=one.review_reason,
        etag=one.etag,
    )


def review_message(said: Said) -> contradiction_service_pb2.ContradictionReview:
    """What a person said."""
    return contradiction_service_pb2.ContradictionReview(
        state=DISMISSED if said.dismissed else OPEN,
        reviewer=said.reviewer,
        create_time=timestamp(said.at),
        reason=said.reason,
    )
