"""The rules of readings: entries listed, analyses listed and compared."""

from dataclasses import dataclass
from uuid import UUID

import grpc

from bloom.contracts.v1 import contract_pb2
from contracts_service import names
from contracts_service.analysis import store as values
from contracts_service.analysis.model import StoredEntry, StoredValue
from contracts_service.contracts import access
from contracts_service.contracts.model import Contract
from contracts_service.reading import store
from contracts_service.reading.comparison import FieldChange, compare
from contracts_service.reading.model import FinishedAnalysis
from service_runtime import pagination
from service_runtime.errors import DomainError, Reason, not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

_DEFAULT_ENTRIES, _DEFAULT_ANALYSES = 100, 25
# More than an analysis has.
_ALL_VALUES = 100_000


@dataclass(frozen=True, slots=True)
class Shown:
    """Which entries to list; empty is all. `present_only`: without the kinds that the document lacks."""

    use: str = ""
    kind: str = ""
    present_only: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two analyses say differently; `unchanged` counts the fields of which they say the same."""

    earlier: UUID
    later: UUID
    changes: tuple[FieldChange, ...]
    unchanged: int


async def entries(
    postgres: Postgres, identity: Identity, parent: str, shown: Shown, *, size: int, token: str
) -> tuple[list[StoredEntry], str]:
    """A page of entries of the published analysis, and the token of the next. Raises NOT_FOUND."""
    size = size or _DEFAULT_ENTRIES
    async with postgres.transaction(identity.tenant) as connection:
        contract = await access.permitted(connection, identity, access.READ, parent)
        published = contract.published_operation
        # The token names the analysis too: a list goes on over the entries that it began with, or not.
        of = ("entries", parent, str(published), shown.use, shown.kind, str(shown.present_only))
        after = pagination.ordinal(token, *of)
        if published is None:
            return [], ""
        found = await store.page(
            connection,
            published,
            after=after,
            limit=size + 1,
            use=shown.use,
            kind=shown.kind,
            hidden_status=contract_pb2.VALUE_STATUS_ABSENT if shown.present_only else -1,
        )
    next_token = pagination.encode([str(found[size - 1][0])], *of) if len(found) > size else ""
    return [entry for _, entry in found[:size]], next_token


async def analyses(
    postgres: Postgres, identity: Identity, parent: str, *, size: int, token: str
) -> tuple[list[FinishedAnalysis], str]:
    """A page of finished analyses, newest first, and the token of the next. Raises NOT_FOUND."""
    size = size or _DEFAULT_ANALYSES
    cursor = pagination.decode(token, "analyses", parent, parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    async with postgres.transaction(identity.tenant) as connection:
        contract = await access.permitted(connection, identity, access.READ, parent)
        found = await store.finished(
            connection, contract.id, contract_pb2.ANALYSIS_STATE_DONE, before, size + 1
        )
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "analyses", parent)


async def comparison(
    postgres: Postgres, identity: Identity, name: str, earlier: str, later: str
) -> Comparison:
    """Raises NOT_FOUND for what is no finished analysis of the contract, STATE_FORBIDS without two."""
    async with postgres.transaction(identity.tenant) as connection:
        contract = await access.permitted(connection, identity, access.READ, name)
        second = await _analysis(connection, contract, later) if later else _published(contract, name)
        first = (
            await _analysis(connection, contract, earlier)
            if earlier
            else await _one_before(connection, contract, second, name)
        )
        before, after = await _values(connection, first), await _values(connection, second)
    changes, unchanged = compare(before, after)
    return Comparison(first, second, tuple(changes), unchanged)


async def _values(connection: Connection, operation_id: UUID) -> list[StoredValue]:
    return [value for _, value in await values.values(connection, operation_id, after=0, limit=_ALL_VALUES)]


def _published(contract: Contract, name: str) -> UUID:
    if contract.published_operation is None:
        raise _too_few(name)
    return contract.published_operation


async def _analysis(connection: Connection, contract: Contract, operation: str) -> UUID:
    """The finished analysis of this contract by that name."""
    wanted = names.id_of(operation)
    if not await store.is_finished(connection, contract.id, wanted, contract_pb2.ANALYSIS_STATE_DONE):
        raise not_found(operation)
    return wanted


async def _one_before(connection: Connection, contract: Contract, later: UUID, name: str) -> UUID:
    found = await store.finished_before(connection, contract.id, later, contract_pb2.ANALYSIS_STATE_DONE)
    if found is None:
        raise _too_few(name)
    return found


def _too_few(name: str) -> DomainError:
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_STATE_FORBIDS,
        "There are no two finished analyses to compare. Analyze the contract anew.",
        {"name": name},
    )
