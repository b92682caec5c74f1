"""The rules of the record: begun, shown, written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc

from bloom.contracts.v1 import contract_pb2, record_service_pb2
from contracts_service import names
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.contracts.model import Contract, NewContract
from contracts_service.grid import review
from contracts_service.grid.model import CORRECTED, REJECTED, Cell
from contracts_service.record import readings, revisions, store, terms, units
from contracts_service.record.terms import Terms
from contracts_service.rules import LATEST, Broken, Severity, check, load
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Reads

_BELOW = "terms."


@dataclass(frozen=True, slots=True)
class Record:
    """A contract with its terms, and what the rules say of them."""

    contract: Contract
    terms: Terms
    broken: tuple[Broken, ...]


async def create(connection: Connection, identity: Identity, new: NewContract) -> Contract:
    """Begins a draft. Raises CONDITION_FORBIDS."""
    access.require_new(identity, new.department, new.value)
    contract_id = new_id()
    await contracts.create(connection, identity, contract_id, new, "contract.created")
    return await access.permitted(connection, identity, access.WRITE, names.contract(contract_id))


async def get(reads: Reads, identity: Identity, name: str) -> Record:
    """Raises NOT_FOUND, CONDITION_FORBIDS."""
    return await _of(reads, await access.permitted(reads, identity, access.READ, names.contract_of(name)))


async def update(
    connection: Connection, identity: Identity, request: record_service_pb2.UpdateRecordRequest
) -> Record:
    """Writes terms. Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, INVALID_FIELD, RULE_BROKEN."""
    asked = request.record
    name = names.contract_of(asked.name)
    contract = await contracts.locked(connection, identity, access.WRITE, name, "")
    if asked.etag and asked.etag != contract.record_etag:
        raise etag_mismatch(asked.name, contract.record_etag)
    before = await terms.of(connection, contract)
    written = _written(before, request)
    if not written:
        return await _of(connection, contract)
    after = {path: term for path, term in (dict(before.by_path) | written).items() if term is not None}
    require_sound(check(load(LATEST), units.nested(after), imported=contract.imported))
    await _write(connection, identity, contract, before, written, request.reason)
    changed = await revisions.take(
        connection,
        identity,
        contract.id,
        record_service_pb2.REVISION_KIND_UPDATED,
        reason=request.reason,
        paths=tuple(f"{_BELOW}{path}" for path in written),
    )
    await contracts.tell(
        connection, identity, "contract.terms_updated", contract.id, {"paths": ",".join(written)}
    )
    return await _of(connection, changed)


def require_sound(broken: Iterable[Broken], code: grpc.StatusCode = grpc.StatusCode.INVALID_ARGUMENT) -> None:
    """Raises RULE_BROKEN with the path of every field that breaks a hard rule."""
    hard = [one for one in broken if one.severity is Severity.HARD]
    if not hard:
        return
    violations = {f"{_BELOW}{one.path}": one.message for one in hard}
    told = "; ".join(f"{path}: {message}" for path, message in violations.items())
    raise DomainError(
        code,
        Reason.ERROR_REASON_RULE_BROKEN,
        f"The record breaks rules of {LATEST}. {told}.",
        {"rule_pack": LATEST, "rules": ",".join(one.rule for one in hard)},
        violations=violations,
    )


async def _of(reads: Reads, contract: Contract) -> Record:
    held = await terms.of(reads, contract)
    broken = check(load(LATEST), units.nested(held.by_path), imported=contract.imported)
    return Record(contract, held, tuple(broken))


def _written(before: Terms, request: record_service_pb2.UpdateRecordRequest) -> dict[str, Any]:
    """New terms by path, None for those that are cleared; only what differs. Raises INVALID_FIELD."""
    now = units.message(units.nested(before.by_path))
    was, will = units.flat(now), units.flat(units.merged(now, request.record.terms, _paths(request)))
    return {path: will.get(path) for path in units.PATHS if was.get(path) != will.get(path)}


def _paths(request: record_service_pb2.UpdateRecordRequest) -> list[str]:
    """What to write, below `terms`. Raises INVALID_FIELD."""
    paths = list(request.update_mask.paths)
    if not paths:
        return list(units.flat(request.record.terms))
    if paths in (["*"], ["terms"]):
        return list(units.PATHS)
    for path in paths:
        if not path.startswith(_BELOW) or not units.is_path(path.removeprefix(_BELOW)):
            raise invalid("update_mask", f"{path} cannot be changed; name fields below `terms`")
    return [path.removeprefix(_BELOW) for path in paths]


async def _write(
    connection: Connection,
    identity: Identity,
    contract: Contract,
    before: Terms,
    written: Mapping[str, Any],
    reason: str,
) -> None:
    """What a cell can say is said there, beside what was read; the rest is the record's own."""
    own = dict(contract.terms)
    for path, term in written.items():
        reading = readings.BY_PATH.get(path)
        said = reading.to_cell(term) if reading and term is not None else None
        if reading and (said or (term is None and path not in own)):
            value, unit = said or ("", "")
            cell = before.cells.get(reading.field) or Cell(reading.field)
            word = review.Word(CORRECTED if said else REJECTED, value, unit, reason)
            read = await review.of_field(connection, contract, reading.field)
            await review.write(connection, identity, contract, read, cell, word)
            own.pop(path, None)
        elif term is None and path in own and path not in readings.read(before.cells):
            own.pop(path)
        else:
            own[path] = term
    await store.set_terms(connection, contract.id, own)


def new_draft(contract: contract_pb2.Contract, value: Any) -> NewContract:
    """What a CreateContract says."""
    return NewContract(
        label=contract.label,
        state=contract_pb2.CONTRACT_STATE_DRAFT,
        imported=False,
        reference_no=contract.reference_no,
        office=contract.office,
        agreement_type=contract.agreement_type,
        tags=tuple(contract.tags),
        department=contract.department,
        value=value,
    )
