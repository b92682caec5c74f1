"""Which columns an UpdateContract changes."""

from collections.abc import Mapping

from bloom.contracts.v1 import contract_pb2, contract_service_pb2
from contracts_service.contracts.store import CHANGEABLE
from service_runtime.errors import invalid
from service_runtime.money import Money


def columns(request: contract_service_pb2.UpdateContractRequest) -> Mapping[str, object]:
    """New values by column: those of the mask, or without a mask those that are set. Raises INVALID_FIELD."""
    record = request.contract
    paths = list(request.update_mask.paths)
    if paths == ["*"]:
        paths = list(CHANGEABLE)
    elif not paths:
        paths = [path for path in CHANGEABLE if _is_set(record, path)]
    for path in paths:
        if path not in CHANGEABLE:
            raise invalid("update_mask", f"{path} cannot be changed; these can: {', '.join(CHANGEABLE)}")
    return {path: _value(record, path) for path in paths}


def _is_set(record: contract_pb2.Contract, path: str) -> bool:
    return record.HasField("contract_value") if path == "contract_value" else bool(getattr(record, path))


def _value(record: contract_pb2.Contract, path: str) -> object:
    if path == "contract_value":
        return Money.of(record.contract_value) if _is_set(record, path) else None
    return list(record.tags) if path == "tags" else getattr(record, path)
