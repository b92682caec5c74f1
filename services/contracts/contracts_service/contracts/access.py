"""The one place that asks the conditions of roles: of contracts, what stands under them, what comes in.

What a caller may not see does not exist for him. About what he sees he is told why he may not change it.
"""

from uuid import UUID

import grpc

from bloom.options.v1 import policy_pb2
from contracts_service import names
from contracts_service.contracts import store
from contracts_service.contracts.model import Contract
from contracts_service.contracts.reach import compile_reach
from service_runtime.conditions.asking import (
    decision,
    forbidden,
    of_no_resource,
    reaches,
    require,
)
from service_runtime.conditions.cedar import Attributes, Decision
from service_runtime.errors import DomainError, Reason, not_found
from service_runtime.identity import Identity
from service_runtime.money import Money
from service_runtime.policy import permission_name
from service_runtime.postgres import Reads

READ = permission_name(policy_pb2.PERMISSION_CONTRACTS_READ)
WRITE = permission_name(policy_pb2.PERMISSION_CONTRACTS_WRITE)
DELETE = permission_name(policy_pb2.PERMISSION_CONTRACTS_DELETE)
ANALYZE = permission_name(policy_pb2.PERMISSION_CONTRACTS_ANALYZE)
ASK = permission_name(policy_pb2.PERMISSION_CONTRACTS_ASK)
REVIEW = permission_name(policy_pb2.PERMISSION_CONTRACTS_REVIEW)
KEEP = permission_name(policy_pb2.PERMISSION_CONTRACTS_KEEP)


async def permitted(reads: Reads, identity: Identity, permission: str, name: str) -> Contract:
    """The contract, where the caller's permission holds for it. Raises NOT_FOUND, CONDITION_FORBIDS."""
    return require_permitted(identity, permission, await store.get(reads, names.id_of(name)), name)


def require_permitted(identity: Identity, permission: str, found: Contract | None, name: str) -> Contract:
    """`found`, which was read as `name`. Raises NOT_FOUND, CONDITION_FORBIDS."""
    if found is None:
        raise not_found(name)
    attributes = _attributes(found)
    decided = decision(identity, permission, attributes)
    seen = decision(identity, READ, attributes) if _reads(identity) else decided
    if not seen.allowed:
        raise not_found(name)
    if not decided.allowed:
        raise forbidden(permission, decided)
    return found


async def require_of(reads: Reads, identity: Identity, permission: str, contract_id: UUID, name: str) -> None:
    """`name` stands under the contract. Reads nothing for a caller without conditions."""
    if identity.conditional.grants:
        require_permitted(identity, permission, await store.get(reads, contract_id), name)


async def require_first(reads: Reads, identity: Identity, permission: str, name: str) -> None:
    """Before a kept answer is given again. Reads nothing for a caller without conditions."""
    if identity.conditional.grants:
        await permitted(reads, identity, permission, name)


def of_no_contract(permission: str) -> None:
    """For what concerns no contract: whoever has the permission for some may do it."""
    of_no_resource(permission)


def require_held(identity: Identity, permission: str) -> None:
    """Whoever has the permission for some contracts has it. Raises PERMISSION_DENIED."""
    if permission in identity.permissions or identity.conditional.of(permission):
        return
    raise DomainError(
        grpc.StatusCode.PERMISSION_DENIED,
        Reason.ERROR_REASON_PERMISSION_DENIED,
        f"This needs {permission}.",
        {"permission": permission},
    )


def require_unconditional(identity: Identity, permission: str) -> None:
    """For what reaches all contracts. Raises CONDITION_FORBIDS."""
    of_no_resource(permission)
    if permission not in identity.permissions:
        raise DomainError(
            grpc.StatusCode.PERMISSION_DENIED,
            Reason.ERROR_REASON_CONDITION_FORBIDS,
            f"This concerns all contracts, and your roles grant {permission} for some only.",
            {"permission": permission, "conditions": ""},
        )


def require_new(identity: Identity, department: str, value: Money | None) -> None:
    """For a contract that the caller brings in. Raises CONDITION_FORBIDS."""
    require(identity, WRITE, Attributes(identity.subject, department or None, value))


def require_kept(identity: Identity, permission: str, changed: Contract) -> None:
    """A change leads no contract out of the caller's reach. Raises CONDITION_FORBIDS."""
    require(identity, permission, _attributes(changed))
    if _reads(identity):
        require(identity, READ, _attributes(changed))


def require_known(identity: Identity, there: Contract) -> None:
    """The same bytes came in before. Raises CONDITION_FORBIDS, which tells nothing of their contract."""
    permission = READ if _reads(identity) else WRITE
    if not decision(identity, permission, _attributes(there)).allowed:
        raise forbidden(permission, Decision(allowed=False, failing=frozenset({"seen"})))


def holds_for_all(identity: Identity, permission: str) -> bool:
    """Whether nothing of the organization is out of the caller's reach."""
    return reaches(identity, permission) is None


def sees(identity: Identity, there: Contract) -> bool:
    """Whether the caller may know of it."""
    return decision(identity, READ if _reads(identity) else WRITE, _attributes(there)).allowed


def within(identity: Identity, first: int) -> tuple[str, list[object]]:
    """What the caller may read: an SQL condition on `contracts`, and its arguments, which start at $first."""
    return compile_reach(reaches(identity, READ), first)


def _reads(identity: Identity) -> bool:
    """Who may only write sees what he may write."""
    return READ in identity.permissions or bool(identity.conditional.of(READ))


def _attributes(contract: Contract) -> Attributes:
    return Attributes(contract.creator, contract.department or None, contract.value)
