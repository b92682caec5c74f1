"""The moves. Their permissions stand with the methods in the schema; nothing moves but by one of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from bloom.contracts.v1 import contract_pb2
from bloom.options.v1 import policy_pb2
from service_runtime.policy import permission_name

_DRAFT, _IN_REVIEW, _APPROVED, _OUT, _ACTIVE, _SUSPENDED, _EXPIRED, _TERMINATED, _CANCELLED = (
    contract_pb2.CONTRACT_STATE_DRAFT,
    contract_pb2.CONTRACT_STATE_IN_REVIEW,
    contract_pb2.CONTRACT_STATE_APPROVED,
    contract_pb2.CONTRACT_STATE_OUT_FOR_SIGNATURE,
    contract_pb2.CONTRACT_STATE_ACTIVE,
    contract_pb2.CONTRACT_STATE_SUSPENDED,
    contract_pb2.CONTRACT_STATE_EXPIRED,
    contract_pb2.CONTRACT_STATE_TERMINATED,
    contract_pb2.CONTRACT_STATE_CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Move:
    """From any state of `sources` to `target`; `permission` is asked of the contract, `action` is audited."""

    sources: frozenset[int]
    target: int
    permission: str
    action: str


def _move(
    action: str, permission: "policy_pb2.Permission.ValueType", target: int, *sources: int
) -> tuple[str, Move]:
    return action, Move(frozenset(sources), target, permission_name(permission), f"contract.{action}")


MOVES: Mapping[str, Move] = dict(
    (
        _move("submitted", policy_pb2.PERMISSION_CONTRACTS_SUBMIT, _IN_REVIEW, _DRAFT),
        _move("returned", policy_pb2.PERMISSION_CONTRACTS_APPROVE, _DRAFT, _IN_REVIEW, _APPROVED),
        _move("approved", policy_pb2.PERMISSION_CONTRACTS_APPROVE, _APPROVED, _IN_REVIEW),
        _move("sent", policy_pb2.PERMISSION_CONTRACTS_SEND, _OUT, _APPROVED),
        _move("activated", policy_pb2.PERMISSION_CONTRACTS_ACTIVATE, _ACTIVE, _OUT),
        _move("suspended", policy_pb2.PERMISSION_CONTRACTS_SUSPEND, _SUSPENDED, _ACTIVE),
        _move("resumed", policy_pb2.PERMISSION_CONTRACTS_SUSPEND, _ACTIVE, _SUSPENDED),
        _move("expired", policy_pb2.PERMISSION_CONTRACTS_EXPIRE, _EXPIRED, _ACTIVE, _SUSPENDED),
        _move("terminated", policy_pb2.PERMISSION_CONTRACTS_TERMINATE, _TERMINATED, _ACTIVE, _SUSPENDED),
        _move(
            "cancelled",
            policy_pb2.PERMISSION_CONTRACTS_CANCEL,
            _CANCELLED,
            _DRAFT,
            _IN_REVIEW,
            _APPROVED,
            _OUT,
        ),
    )
)


def allowed(state: int) -> tuple[str, ...]:
    """The states that a contract in `state` can be moved to, by name."""
    names = (state_name(move.target) for move in MOVES.values() if state in move.sources)
    return tuple(dict.fromkeys(names))


def state_name(state: int) -> str:
    """`IN_REVIEW`"""
    return contract_pb2.ContractState.Name(state).removeprefix("CONTRACT_STATE_")  # type: ignore[arg-type]
