"""Who has to come by single sign-on."""

from uuid import UUID

from auth_service import names
from auth_service.directory.model import User
from auth_service.sso import store
from auth_service.sso.model import domain_of
from service_runtime import audit
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


async def must_use_sso(connection: Connection, org_id: UUID, user: User) -> bool:
    """Whether nothing else lets the user in. It always lets owners in: a provider can be away, or wrong."""
    return not user.has_owner_role and await store.is_required(connection, org_id, domain_of(user.email))


async def record_sso_required(connection: Connection, org_id: UUID, user: User) -> None:
    """For who would have come in without it."""
    detail = {"sso_required": True}
    await audit.record(connection, Identity(org_id=org_id), "session.refused", names.user(user.id), detail)
