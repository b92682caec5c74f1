"""What is missing in a family: half of it, a day, a number. No network, no database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from bloom.contracts.v1 import contract_pb2, family_service_pb2
from contracts_service.evidence import DocumentText, Evidence
from contracts_service.family import references
from contracts_service.family.model import CHANGES, Family, Member

# Nothing of these kinds stands alone.
_DEPENDENT = (
    contract_pb2.AGREEMENT_TYPE_AMENDMENT,
    contract_pb2.AGREEMENT_TYPE_LEASE_SUPPLEMENT,
    contract_pb2.AGREEMENT_TYPE_SYSTEM_ORDER,
    contract_pb2.AGREEMENT_TYPE_EPC_ADDENDUM,
    contract_pb2.AGREEMENT_TYPE_OM_ADDENDUM,
)
_READ = contract_pb2.ANALYSIS_STATE_DONE


@dataclass(frozen=True, slots=True)
class Gap:
    """`kind` is a FamilyGapKind; the message says what to do."""

    kind: int
    member: Member
    message: str

    @property
    def lacks_target(self) -> bool:
        """Whether the document it belongs to is what is missing."""
        return self.kind == family_service_pb2.FAMILY_GAP_KIND_NO_TARGET


def dependent(agreement_type: int) -> bool:
    """Whether a document of this kind belongs to another."""
    return agreement_type in _DEPENDENT


def of(family: Family, types: Mapping[UUID, int]) -> list[Gap]:
    """In the order of the members. `types` has the AgreementType of each, by id."""
    return [gap for member in family.members.values() for gap in _of_member(family, member, types[member.id])]


def _of_member(family: Family, member: Member, agreement_type: int) -> Iterator[Gap]:
    above = [link for link in member.links if link.target_id in family.members]
    if dependent(agreement_type) and not above:
        gone = "What it belongs to was deleted." if member.links else "Nothing says what it belongs to."
        told = f"{gone} Import that document, or link the contract with it."
        yield Gap(family_service_pb2.FAMILY_GAP_KIND_NO_TARGET, member, told)
    if any(link.kind in CHANGES for link in member.links) and member.signed and member.effective is None:
        told = "Nobody knows from when it holds, so it is not applied. Give its link an effective date."
        yield Gap(family_service_pb2.FAMILY_GAP_KIND_NO_DATE, member, told)
    if missing := _missing_ordinals(family, member):
        told = (
            f"Amendment {', '.join(map(str, missing))} is not there. Import it, or mend the links' ordinals."
        )
        yield Gap(family_service_pb2.FAMILY_GAP_KIND_ORDINAL, member, told)
    if member.contract.document and member.contract.analysis_state != _READ:
        told = "It has not been read yet: what it says is not among the terms. Analyze it."
        yield Gap(family_service_pb2.FAMILY_GAP_KIND_NOT_READ, member, told)


def _missing_ordinals(family: Family, member: Member) -> list[int]:
    numbers = {family.members[one].ordinal for one in family.changed_by(member.id)} - {0}
    return sorted(set(range(1, max(numbers, default=0))) - numbers)


def passage(document: DocumentText) -> Evidence | None:
    """Where the document names what it belongs to."""
    span = references.named(document.text)
    return Evidence.at(document, *span) if span else None
