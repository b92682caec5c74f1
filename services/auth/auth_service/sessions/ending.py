"""Where somebody is signed in, and who may end it."""

from uuid import UUID

from auth_service import names, refusals, roles
from auth_service.directory import store as users
from auth_service.directory.me import hold_permitted
from auth_service.revoking import revoke
from auth_service.sessions import store
from auth_service.sessions.model import Session
from bloom.options.v1 import policy_pb2
from service_runtime import audit, pagination
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres
from service_runtime.revocation import of_session

_DEFAULT_PAGE = 25
_WRITE = permission_name(policy_pb2.PERMISSION_USERS_WRITE)


async def page(
    postgres: Postgres, identity: Identity, user: str, *, size: int, token: str
) -> tuple[list[Session], str]:
    """A page of a user's sessions that go on, and the token of the next. Raises NOT_FOUND."""
    cursor = pagination.decode(token, "sessions", parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    org_id, user_id, size = identity.tenant, names.id_of(user), size or _DEFAULT_PAGE
    async with postgres.transaction(org_id) as connection:
        if await users.get(connection, org_id, user_id) is None:
            raise not_found(user)
        found = await store.page(connection, org_id, user_id, before, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "sessions")


async def end_own(postgres: Postgres, identity: Identity, name: str) -> None:
    """Nothing happens to one that has ended. Raises NOT_FOUND, also for somebody else's."""
    org_id, session_id = identity.tenant, names.id_of(name)
    async with postgres.transaction(org_id) as connection:
        user_id = await store.user_of(connection, org_id, session_id)
        if user_id is None or names.user(user_id) != identity.subject or not identity.session_id:
            raise not_found(name)
        if await store.end(connection, org_id, session_id, "ended by hand"):
            await _told(connection, identity, session_id)


async def end_all_own(postgres: Postgres, identity: Identity, *, keep_current: bool) -> int:
    """How many went on until now. For who came with an API key there are none."""
    if not identity.session_id:
        return 0
    kept = UUID(identity.session_id) if keep_current else None
    async with postgres.transaction(identity.tenant) as connection:
        return await _end_all(connection, identity, names.id_of(identity.subject), but=kept)


async def end_all_of(postgres: Postgres, identity: Identity, user: str) -> int:
    """How many went on until now. Raises NOT_FOUND, PERMISSION_DENIED."""
    async with postgres.transaction(identity.tenant) as connection:
        caller = await hold_permitted(connection, identity, _WRITE)
        found = await users.get(connection, identity.tenant, names.id_of(user))
        if found is None:
            raise not_found(user)
        if found.has_owner_role and roles.OWNER not in caller.roles:
            raise refusals.owners_only()
        return await _end_all(connection, identity, found.id)


async def _end_all(connection: Connection, identity: Identity, user_id: UUID, but: UUID | None = None) -> int:
    ended = await store.end_all(connection, identity.tenant, user_id, "ended by hand", but=but)
    for session_id in ended:
        await _told(connection, identity, session_id)
    return len(ended)


async def _told(connection: Connection, identity: Identity, session_id: UUID) -> None:
    await revoke(connection, identity.tenant, of_session(session_id))
    await audit.record(connection, identity, "session.ended", names.session(session_id))
