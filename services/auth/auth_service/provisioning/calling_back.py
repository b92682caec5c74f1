"""Ends what a user holds, when groups or an identity provider change what he may do."""

from collections.abc import Collection
from uuid import UUID

from auth_service import names, roles
from auth_service.provisioning.groups import store
from auth_service.revoking import revoke
from auth_service.sessions import store as sessions
from service_runtime import audit
from service_runtime.identity import Identity
from service_runtime.postgres import Connection
from service_runtime.revocation import of_subject


async def call_back(connection: Connection, org_id: UUID, user_id: UUID, epoch: int) -> None:
    """Sessions end, and tokens older than `epoch` are refused everywhere."""
    await sessions.end_all(connection, org_id, user_id, "provisioned")
    await revoke(connection, org_id, of_subject(org_id, names.user(user_id), epoch))


async def regroup(connection: Connection, identity: Identity, user_ids: Collection[UUID]) -> None:
    """After a change of memberships or of a group's roles, in its transaction. The organization is held."""
    for user in await store.regroup(connection, identity.tenant, user_ids):
        if user.access_changed:
            await call_back(connection, identity.tenant, user.user_id, user.epoch)
        detail = {"roles": ",".join(roles.names(user.group_roles))}
        if user.group_custom_roles:
            detail["custom_roles"] = names.joined(user.group_custom_roles)
        await audit.record(connection, identity, "user.regrouped", names.user(user.user_id), detail)
