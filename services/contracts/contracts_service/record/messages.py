"""Records, revisions and document versions as messages of the schema."""

from uuid import UUID

from bloom.contracts.v1 import record_service_pb2
from contracts_service import messages, names
from contracts_service.record import units
from contracts_service.record.service import Record
from contracts_service.record.store import DocumentVersion, Revision
from contracts_service.rules import LATEST
from service_runtime.timestamps import timestamp

_BELOW = "terms."


def record_message(record: Record) -> record_service_pb2.Record:
    """The terms with their sources, and what the rules say."""
    contract, held = record.contract, record.terms
    sources = [
        record_service_pb2.TermSource(
            path=f"{_BELOW}{path}",
            person=held.by_person(path),
            field=names.cell(contract.id, fields[0]) if fields else "",
        )
        for path, fields in held.sources.items()
    ]
    findings = [
        record_service_pb2.RuleFinding(
            rule=one.rule,
            severity=record_service_pb2.RuleSeverity.Value(f"RULE_SEVERITY_{one.severity}"),
            path=f"{_BELOW}{one.path}",
            message=one.message,
        )
        for one in record.broken
    ]
    return record_service_pb2.Record(
        name=names.record(contract.id),
        terms=units.message(units.nested(held.by_path)),
        sources=sources,
        findings=findings,
        rule_pack=LATEST,
        revision=contract.revision,
        etag=contract.record_etag,
    )


def revision_message(contract_id: UUID, revision: Revision) -> record_service_pb2.Revision:
    """A revision; with what the contract was, where it was read with its snapshot."""
    message = record_service_pb2.Revision(
        name=names.revision(contract_id, revision.number),
        kind=revision.kind,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        actor=revision.actor,
        create_time=timestamp(revision.at),
        reason=revision.reason,
        paths=revision.paths,
        rule_pack=revision.rule_pack,
    )
    if revision.snapshot is not None:
        was = dict(revision.snapshot)
        terms = units.message(was.pop("terms"))
        message.MergeFrom(record_service_pb2.Revision(terms=terms, **was))
    return message


def document_version_message(version: DocumentVersion) -> record_service_pb2.DocumentVersion:
    """A file of a contract."""
    return record_service_pb2.DocumentVersion(
        number=version.number,
        document=messages.document(version.document),
        actor=version.actor,
        create_time=timestamp(version.at),
        reason=version.reason,
    )
