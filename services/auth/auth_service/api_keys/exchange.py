"""An API key changed for a short access token."""

import hmac
from datetime import timedelta

from auth_service import granted, refusals, roles
from auth_service.api_keys import store
from auth_service.api_keys.model import ApiKey, KeyText, Owner
from auth_service.sessions.model import TokenPair
from auth_service.tokens.access import AccessTokens
from service_runtime import audit
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres


class KeyExchange:
    """Gives tokens for keys; none of them comes with a refresh token."""

    def __init__(self, postgres: Postgres, tokens: AccessTokens) -> None:
        self._postgres = postgres
        self._tokens = tokens

    async def issue(self, text: str) -> TokenPair:
        """Raises CREDENTIALS_INVALID, alike for every cause.

        The token is signed while key and owner are held: who has deleted the key, or disabled its owner,
        knows that no token is given after that.
        """
        key = KeyText.parse(text)
        if key is None:
            raise refusals.api_key_invalid()
        async with self._postgres.transaction(key.org_id) as connection:
            pair = await self._answer(connection, key)
        # Raised after the commit: the refusal must stay in the audit chain.
        if pair is None:
            raise refusals.api_key_invalid()
        return pair

    async def _answer(self, connection: Connection, text: KeyText) -> TokenPair | None:
        held = await store.held(connection, text.org_id, text.id)
        if held is None:
            return None
        key, remaining = held
        owner = await store.held_owner(connection, text.org_id, key.owner)
        caller = Identity(subject=key.owner, org_id=text.org_id)
        why = _refused(key, text, owner, remaining)
        if owner is None or why:
            # Who does not hold the secret is not the key's owner.
            refused = Identity(org_id=text.org_id) if why == "secret" else caller
            await audit.record(connection, refused, "api_key.refused", text.name, {"why": why})
            return None
        if await store.used(connection, text.org_id, text.id):
            await audit.record(connection, caller, "api_key.used", text.name)
        return self._pair(key, owner, text, remaining)

    def _pair(self, key: ApiKey, owner: Owner, text: KeyText, remaining: timedelta) -> TokenPair:
        has = granted.effective(owner.roles, owner.custom_permissions)
        scopes = roles.permission_names(item for item in key.scopes if item not in roles.OWNERS_ALONE)
        conditional = granted.conditional(owner.roles, owner.custom_permissions).within(frozenset(scopes))
        lifetime = min(self._tokens.lifetime, max(1, int(remaining.total_seconds())))
        access = self._tokens.for_key(
            key.owner,
            text.org_id,
            text.id,
            [name for name in scopes if name in has],
            conditional,
            epoch=owner.epoch,
            lifetime=lifetime,
        )
        return TokenPair(access, lifetime)


def _refused(key: ApiKey, text: KeyText, owner: Owner | None, remaining: timedelta) -> str:
    """Why, for the audit chain alone; empty for a good key."""
    if not hmac.compare_digest(key.secret_hash, text.hash):
        return "secret"
    if remaining <= timedelta(0):
        return "expired"
    return "owner" if owner is None or owner.disabled else ""
