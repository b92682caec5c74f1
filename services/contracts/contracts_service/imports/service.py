"""The rules of imports: begun with all their files at once, found, listed, cancelled, ended."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opentelemetry import propagate

from bloom.contracts.v1 import import_service_pb2
from contracts_service import names, queue
from contracts_service.contracts import access
from contracts_service.imports import store
from contracts_service.imports.model import Import, ImportFile, NewFile, NewImport, Result, Turn
from service_runtime import audit, outbox, pagination
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, Reads

_DEFAULT_PAGE = 100
# More would not be faster: a process reads two files at once.
_MOST_LANES = 4


async def begin(
    connection: Connection, identity: Identity, new: NewImport, files: Sequence[NewFile]
) -> Import:
    """The import with a row for each file; the work begins after the commit."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    org_id = identity.tenant
    await store.insert(connection, org_id, identity.subject, carrier.get("traceparent", ""), new, files)
    detail: dict[str, str | int | bool] = {"source": new.source, "files": len(files)}
    await audit.record(connection, identity, "contracts.import_started", names.import_(new.id), detail)
    waiting = sum(file.state == store.QUEUED for file in files)
    lanes = min(_MOST_LANES, waiting)
    await store.insert_lanes(connection, org_id, new.id, lanes)
    for lane in range(1, lanes + 1):
        await queue.enqueue(connection, Turn(org_id, new.id, lane, 1), queue.IMPORT)
    begun = await required(connection, new.id)
    await finish(connection, begun)
    return await required(connection, new.id)


async def end_file(connection: Connection, import_id: UUID, number: int, result: Result) -> None:
    """The file's result, and the import's end when it was the last. The caller holds the import."""
    await finish(connection, await store.end_file(connection, import_id, number, result))


async def finish(connection: Connection, known: Import) -> bool:
    """Ends the import where every file has its result."""
    if known.counts.ended < known.counts.total:
        return False
    cancelled = known.state == import_service_pb2.IMPORT_STATE_CANCELLING
    state = import_service_pb2.IMPORT_STATE_CANCELLED if cancelled else import_service_pb2.IMPORT_STATE_DONE
    if not await store.end(connection, known.id, state):
        return False
    counts, name = known.counts, names.import_(known.id)
    detail = {
        "imported": counts.imported, "duplicate": counts.duplicate, "failed": counts.failed,
        "skipped": counts.skipped, "cancelled": cancelled,
    }  # fmt: skip
    actor = Identity(subject=known.subject, org_id=known.org_id, workload="contracts")
    await audit.record(connection, actor, "contracts.import_finished", name, detail)
    await outbox.append(connection, known.org_id, "contracts.import_finished", {"import": name})
    return True


async def required(reads: Reads, import_id: UUID) -> Import:
    """Raises NOT_FOUND."""
    found = await store.get(reads, import_id)
    if found is None:
        raise not_found(names.import_(import_id))
    return found


def sees(identity: Identity, permission: str, one: Import) -> bool:
    """Whoever has the permission for some contracts only has it for the imports that he asked for."""
    return access.holds_for_all(identity, permission) or one.subject == identity.subject


async def files(
    postgres: Postgres, identity: Identity, name: str, states: Sequence[int], *, size: int, token: str
) -> tuple[Import, list[ImportFile], str]:
    """A page of files, and the token of the next. Raises NOT_FOUND."""
    size = size or _DEFAULT_PAGE
    wanted = ",".join(map(str, sorted(states)))
    after = pagination.ordinal(token, "import_files", name, wanted)
    reads = postgres.reader(identity.tenant)
    one = await required(reads, names.id_of(name))
    if not sees(identity, access.READ, one):
        raise not_found(name)
    found = await store.files(reads, one.id, states, after=after, limit=size + 1)
    if len(found) <= size:
        return one, found, ""
    last = str(found[size - 1].number)
    return one, found[:size], pagination.encode([last], "import_files", name, wanted)


async def page(
    connection: Connection, identity: Identity, before: tuple[datetime, UUID] | None, limit: int
) -> list[Import]:
    """Newest first."""
    subject = "" if access.holds_for_all(identity, access.READ) else identity.subject
    return await store.page(connection, before, limit, subject)


async def cancel(connection: Connection, identity: Identity, one: Import) -> Import:
    """No further file is begun; what came in stays. One that has ended stays as it is."""
    await store.hold(connection, one.id)
    if (await required(connection, one.id)).state != import_service_pb2.IMPORT_STATE_RUNNING:
        return await required(connection, one.id)
    await audit.record(connection, identity, "contracts.import_cancel_asked", names.import_(one.id))
    if await store.cancelling(connection, one.id):
        message = (
            f"The import was cancelled by {identity.subject} before this file was read. Import it again."
        )
        await store.skip_queued(connection, one.id, "IMPORT_CANCELLED", message)
        await finish(connection, await required(connection, one.id))
    return await required(connection, one.id)
