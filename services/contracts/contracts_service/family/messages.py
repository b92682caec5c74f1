"""Families, their terms and definitions as messages of the schema."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from google.type import date_pb2

from bloom.contracts.v1 import contract_pb2, family_service_pb2, grid_service_pb2
from contracts_service import messages, names
from contracts_service.analysis.storing import stored_evidence
from contracts_service.definitions import Definition
from contracts_service.definitions.resolving import Resolved
from contracts_service.evidence import Evidence
from contracts_service.family.model import Family, Link, Member
from contracts_service.family.service import Definitions, FoundGap, Terms
from contracts_service.family.statement import Period, Said, Statement
from contracts_service.grid.messages import cell_message
from service_runtime.errors import invalid
from service_runtime.timestamps import timestamp


def date_message(day: date | None) -> date_pb2.Date | None:
    """None stays unset."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day) if day else None


def day_of(asked: date_pb2.Date, field: str) -> date | None:
    """None where it is not set. Raises INVALID_FIELD for a day that is in no calendar."""
    if not (asked.year or asked.month or asked.day):
        return None
    try:
        return date(asked.year, asked.month, asked.day)
    except ValueError as wrong:
        raise invalid(field, "give a whole day that exists: year, month and day") from wrong


def link_message(link: Link) -> family_service_pb2.Link:
    """How a contract stands to another."""
    return family_service_pb2.Link(
        name=names.link(link.contract_id, link.id),
        target=names.contract(link.target_id),
        kind=link.kind,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
        effective_date=date_message(link.effective_date),
        ordinal=link.ordinal,
        creator=link.creator,
        create_time=timestamp(link.created_at),
        etag=link.etag,
    )


def family_message(family: Family, gaps: Sequence[FoundGap]) -> family_service_pb2.Family:
    """All members that the caller may see."""
    return family_service_pb2.Family(
        name=names.family(family.asked),
        members=[_member(one, family) for one in family.members.values()],
        precedence=[names.contract(one) for one in family.precedence],
        gaps=[_gap(one) for one in gaps],
        hidden_members=family.hidden,
        more_members=family.more,
        etag=family.etag,
    )


def _member(one: Member, family: Family) -> family_service_pb2.FamilyMember:
    # A link to what the caller may not see would tell him of it.
    links = [link_message(link) for link in one.links if link.target_id in family.members]
    return family_service_pb2.FamilyMember(
        contract=names.contract(one.id),
        label=one.contract.label,
        agreement_type=one.contract.agreement_type,  # type: ignore[arg-type]
        state=one.contract.state,  # type: ignore[arg-type]
        effective_date=date_message(one.effective),
        effective_date_source=one.source,  # type: ignore[arg-type]
        links=links,
    )


def _gap(found: FoundGap) -> family_service_pb2.FamilyGap:
    where = stored_evidence(found.evidence, found.document) if found.evidence and found.document else None
    return family_service_pb2.FamilyGap(
        kind=found.gap.kind,  # type: ignore[arg-type]
        contract=names.contract(found.gap.member.id),
        message=found.gap.message,
        evidence=messages.evidence(where) if where else None,
        candidates=[names.contract(one) for one in found.candidates],
    )


def terms_message(terms: Terms) -> family_service_pb2.FamilyTerms:
    """In the order of the fields that were asked for."""
    return family_service_pb2.FamilyTerms(
        name=names.family(terms.family.asked),
        date=date_message(terms.day),
        speaking=[names.contract(one) for one in terms.speaking],
        terms=[_term(one) for one in terms.statements],
        hidden_members=terms.family.hidden,
    )


def _term(said: Statement) -> family_service_pb2.FamilyTerm:
    return family_service_pb2.FamilyTerm(
        field=said.field,
        cell=cell_message(said.holds.contract_id, said.holds.cell) if said.holds else None,
        reason=said.reason,  # type: ignore[arg-type]
        since=date_message(said.since),
        overridden=_cells(said.overridden),
        doubts=_cells(said.doubts),
        periods=[_period(one) for one in said.periods],
    )


def _cells(said: Sequence[Said]) -> list[grid_service_pb2.Cell]:
    return [cell_message(one.contract_id, one.cell) for one in said]


def _period(one: Period) -> family_service_pb2.FamilyPeriod:
    cell = one.said.cell
    return family_service_pb2.FamilyPeriod(
        start_date=date_message(one.start),
        end_date=date_message(one.end),
        contract=names.contract(one.said.contract_id),
        value=cell.value,
        unit=cell.unit,
        status=cell.status,  # type: ignore[arg-type]
    )


def definition_message(resolved: Resolved, found: Definitions) -> family_service_pb2.Definition:
    """A term with the passage that gives it its meaning."""
    contract_id, meaning = resolved.at
    return family_service_pb2.Definition(
        term=resolved.term,
        state=family_service_pb2.DefinitionState.Value(f"DEFINITION_STATE_{resolved.state}"),
        contract=names.contract(contract_id),
        evidence=_passage(found, contract_id, meaning),
        references=[_reference(found, *one) for one in resolved.references],
        overridden=[_reference(found, *one) for one in resolved.overridden],
    )


def _reference(found: Definitions, contract_id: UUID, definition: Definition) -> family_service_pb2.Reference:
    return family_service_pb2.Reference(
        contract=names.contract(contract_id), evidence=_passage(found, contract_id, definition)
    )


def _passage(found: Definitions, contract_id: UUID, definition: Definition) -> contract_pb2.Evidence:
    document = found.documents[contract_id]
    return messages.evidence(
        stored_evidence(Evidence.at(document, definition.start, definition.end), document)
    )
