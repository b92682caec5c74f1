"""The rules of connections and their domains."""

import dataclasses
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from auth_service import names, refusals, roles
from auth_service.custom_roles.granting import require_grantable
from auth_service.directory.me import hold_permitted
from auth_service.roles import Roles
from auth_service.sso import store
from auth_service.sso.domain_records import DomainRecords
from auth_service.sso.model import MOST_CONNECTIONS, MOST_DOMAINS, Domain, SsoConnection
from auth_service.sso.secrets import Secrets
from bloom.options.v1 import policy_pb2
from service_runtime import audit
from service_runtime.errors import etag_mismatch, invalid, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres

_MANAGE = permission_name(policy_pb2.PERMISSION_SSO_MANAGE)
_TXT_BYTES = 24


@dataclass(frozen=True, slots=True)
class Changes:
    """New values; None leaves a field as it is."""

    display_name: str | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    roles: Roles | None = None
    required: bool | None = None


class Connections:
    """What the admins of an organization do with its connections."""

    def __init__(self, postgres: Postgres, secrets_at_rest: Secrets, records: DomainRecords) -> None:
        self._postgres = postgres
        self._secrets = secrets_at_rest
        self._records = records

    async def create(self, identity: Identity, asked: Changes) -> SsoConnection:
        """Every field of `asked` is given. Raises PERMISSION_DENIED, STATE_FORBIDS."""
        org_id, connection_id, now = identity.tenant, new_id(), datetime.now(UTC)
        issuer, granted = asked.issuer or "", asked.roles or ()
        new = SsoConnection(
            id=connection_id,
            display_name=asked.display_name or "",
            issuer=issuer,
            client_id=asked.client_id or "",
            wrapped=self._secrets.wrapped(org_id, connection_id, issuer, asked.client_secret or ""),
            roles=granted,
            required=bool(asked.required),
            version=1,
            created_at=now,
            updated_at=now,
        )
        async with self._postgres.transaction(org_id) as connection:
            await _require_admin(connection, identity, granted)
            if len(await store.every(connection, org_id)) >= MOST_CONNECTIONS:
                raise refusals.sso_full("connections", MOST_CONNECTIONS)
            await store.insert(connection, org_id, new)
            name = names.sso_connection(connection_id)
            await audit.record(connection, identity, "sso_connection.created", name, _told(new))
            return await _existing(connection, identity, name)

    async def get(self, identity: Identity, name: str) -> SsoConnection:
        """Raises NOT_FOUND."""
        async with self._postgres.transaction(identity.tenant) as connection:
            return await _existing(connection, identity, name)

    async def every(self, identity: Identity) -> list[SsoConnection]:
        """Oldest first."""
        async with self._postgres.transaction(identity.tenant) as connection:
            return await store.every(connection, identity.tenant)

    async def update(self, identity: Identity, name: str, etag: str, changes: Changes) -> SsoConnection:
        """Raises NOT_FOUND, ETAG_MISMATCH, PERMISSION_DENIED, INVALID_FIELD."""
        async with self._postgres.transaction(identity.tenant) as connection:
            await _require_admin(connection, identity, changes.roles or ())
            before = await _existing(connection, identity, name)
            if etag and etag != before.etag:
                raise etag_mismatch(name, before.etag)
            after = self._changed(identity.tenant, before, changes)
            if after == before:
                return before
            await store.update(connection, identity.tenant, after)
            detail = _told(after) | {
                "issuer_before": before.issuer,
                "secret": after.wrapped != before.wrapped,
            }
            await audit.record(connection, identity, "sso_connection.updated", name, detail)
            return await _existing(connection, identity, name)

    def _changed(self, org_id: UUID, before: SsoConnection, changes: Changes) -> SsoConnection:
        given = {
            name: value
            for name in ("display_name", "issuer", "client_id", "roles", "required")
            if (value := getattr(changes, name)) is not None
        }
        after = dataclasses.replace(before, **given)
        if changes.client_secret:
            wrapped = self._secrets.wrapped(org_id, before.id, after.issuer, changes.client_secret)
            return dataclasses.replace(after, wrapped=wrapped)
        if after.issuer != before.issuer:
            # The old one would be told to whoever is behind the new issuer.
            raise invalid("connection.client_secret", "another issuer needs its own client_secret")
        return after

    async def delete(self, identity: Identity, name: str) -> None:
        """Raises NOT_FOUND, PERMISSION_DENIED."""
        async with self._postgres.transaction(identity.tenant) as connection:
            await _require_admin(connection, identity)
            found = await _existing(connection, identity, name)
            await store.delete(connection, identity.tenant, found.id)
            await audit.record(connection, identity, "sso_connection.deleted", name, _told(found))

    async def add_domain(self, identity: Identity, name: str, domain: str) -> SsoConnection:
        """Raises NOT_FOUND, PERMISSION_DENIED, STATE_FORBIDS, ALREADY_EXISTS."""
        async with self._postgres.transaction(identity.tenant) as connection:
            await _require_admin(connection, identity)
            found = await _existing(connection, identity, name)
            if domain in {item.domain for item in found.domains}:
                return found
            if len(found.domains) >= MOST_DOMAINS:
                raise refusals.sso_full("domains", MOST_DOMAINS)
            value = f"bloom-verification={secrets.token_urlsafe(_TXT_BYTES)}"
            if not await store.add_domain(connection, identity.tenant, found.id, domain, value):
                raise refusals.sso_domain_present(domain)
            await store.touch(connection, identity.tenant, found.id)
            await audit.record(connection, identity, "sso_domain.added", name, {"domain": domain})
            return await _existing(connection, identity, name)

    async def verify_domain(self, identity: Identity, name: str, domain: str) -> SsoConnection:
        """Raises NOT_FOUND, PERMISSION_DENIED, SSO_DOMAIN_UNVERIFIED."""
        async with self._postgres.transaction(identity.tenant) as connection:
            await _require_admin(connection, identity)
            claimed = _claimed(await _existing(connection, identity, name), domain)
        # No transaction is open while other people's servers are asked.
        if not await self._records.shows(claimed):
            raise refusals.sso_domain_missing(claimed.domain, claimed.txt_name)
        async with self._postgres.transaction(identity.tenant) as connection:
            await _require_admin(connection, identity)
            found = await _existing(connection, identity, name)
            # What was looked up is what is there: it may have been removed and added anew.
            if _claimed(found, domain).txt_value != claimed.txt_value:
                raise refusals.sso_domain_missing(claimed.domain, claimed.txt_name)
            if not await store.take_domain(connection, identity.tenant, domain):
                raise refusals.sso_domain_taken(domain)
            await store.touch(connection, identity.tenant, found.id)
            await audit.record(connection, identity, "sso_domain.verified", name, {"domain": domain})
            return await _existing(connection, identity, name)

    async def remove_domain(self, identity: Identity, name: str, domain: str) -> SsoConnection:
        """Raises NOT_FOUND, PERMISSION_DENIED."""
        async with self._postgres.transaction(identity.tenant) as connection:
            await _require_admin(connection, identity)
            found = await _existing(connection, identity, name)
            if not await store.remove_domain(connection, identity.tenant, found.id, domain):
                return found
            await store.touch(connection, identity.tenant, found.id)
            await audit.record(connection, identity, "sso_domain.removed", name, {"domain": domain})
            return await _existing(connection, identity, name)


async def _require_admin(connection: Connection, identity: Identity, granted: Roles = ()) -> None:
    """Whoever says where people sign in can come in as any but owners, so he has all that admins have."""
    caller = await hold_permitted(connection, identity, _MANAGE)
    await require_grantable(
        connection, identity, caller, roles.ordered((policy_pb2.ROLE_ADMIN, *granted)), ()
    )


async def _existing(connection: Connection, identity: Identity, name: str) -> SsoConnection:
    found = await store.get(connection, identity.tenant, names.id_of(name))
    if found is None:
        raise not_found(name)
    return found


def _claimed(found: SsoConnection, domain: str) -> Domain:
    for item in found.domains:
        if item.domain == domain:
            return item
    raise not_found(domain)


def _told(record: SsoConnection) -> dict[str, str | int | bool]:
    return {
        "issuer": record.issuer,
        "client_id": record.client_id,
        "roles": ",".join(roles.names(record.roles)),
        "required": record.required,
    }
