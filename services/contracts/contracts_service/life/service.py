"""Moves a contract from one state of its life to the next."""

import grpc

from bloom.contracts.v1 import contract_pb2, record_service_pb2
from contracts_service.contracts import service as contracts
from contracts_service.contracts import store
from contracts_service.contracts.model import Contract
from contracts_service.life.moves import MOVES, Move, allowed, state_name
from contracts_service.record import revisions, terms, units
from contracts_service.record.service import require_sound
from contracts_service.rules import LATEST, check, load
from service_runtime.errors import DomainError, Reason
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres


async def move(
    postgres: Postgres, identity: Identity, action: str, name: str, *, reason: str, etag: str
) -> Contract:
    """The contract in its new state.

    Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, STATE_FORBIDS, RULE_BROKEN.
    """
    step = MOVES[action]
    async with postgres.transaction(identity.tenant) as connection:
        contract = await contracts.locked(connection, identity, step.permission, name, etag)
        _require_allowed(contract, step)
        if step.target == contract_pb2.CONTRACT_STATE_APPROVED:
            await _require_sound(connection, contract)
        await store.set_state(connection, contract.id, step.target)
        moved = await revisions.take(
            connection,
            identity,
            contract.id,
            record_service_pb2.REVISION_KIND_MOVED,
            reason=reason,
            paths=("state",),
        )
        states = {"from": state_name(contract.state), "to": state_name(step.target)}
        await contracts.tell(connection, identity, step.action, contract.id, states)
    return moved


def _require_allowed(contract: Contract, step: Move) -> None:
    if contract.state in step.sources:
        return
    state, ways = state_name(contract.state), allowed(contract.state)
    told = f"From there it can become {', '.join(ways)}." if ways else "That is its end."
    raise DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        f"The contract is {state} and cannot become {state_name(step.target)}. {told}",
        {"state": state, "allowed": ",".join(ways)},
    )


async def _require_sound(connection: Connection, contract: Contract) -> None:
    held = await terms.of(connection, contract)
    broken = check(load(LATEST), units.nested(held.by_path), imported=contract.imported, at="APPROVED")
    require_sound(broken, grpc.StatusCode.FAILED_PRECONDITION)
