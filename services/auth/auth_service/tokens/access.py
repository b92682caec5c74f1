"""Access tokens: short-lived JWTs (RFC 9068) that every service verifies without asking."""

import time
import uuid
from collections.abc import Mapping, Sequence
from uuid import UUID

from joserfc import jwt

from auth_service import granted, names, roles
from auth_service.granted import CustomPermissions
from auth_service.keys.keyring import Keyring
from auth_service.roles import Roles
from auth_service.tokens.authentication import Authentication
from service_runtime.conditions.model import NOTHING, Conditional
from service_runtime.identity import ACCESS_TYPE, AUDIENCE, ISSUER, WORKLOAD_TYPE


class AccessTokens:
    """Signs with the active key. `lifetime` is in seconds."""

    def __init__(self, keyring: Keyring, lifetime: int) -> None:
        self._keyring = keyring
        self.lifetime = lifetime

    def for_subject(
        self,
        subject: str,
        org_id: UUID,
        fixed: Roles,
        custom: CustomPermissions = granted.NONE,
        *,
        epoch: int = 1,
        session: UUID | None = None,
        authentication: Authentication | None = None,
        actor: str = "",
    ) -> str:
        """For `users/…` or `serviceAccounts/…`; `actor` is the workload that asked for it (RFC 8693).

        `custom` is what custom roles grant beside the fixed ones.
        `epoch` is the subject's own: when it grows, this token is called back.
        `authentication` is the session's; a token without one came of no person who was there.
        """
        claims: dict[str, object] = {
            "org": str(org_id),
            "epo": epoch,
            "roles": roles.names(fixed),
            "perms": list(granted.effective(fixed, custom)),
            **granted.conditional(fixed, custom).claims(),
        }
        if session is not None:
            claims["sid"] = str(session)
        if authentication is not None:
            claims["amr"] = list(authentication.methods)
            claims["auth_time"] = int(authentication.at.timestamp())
        if actor:
            claims["act"] = {"sub": actor}
        return self._signed(ACCESS_TYPE, subject, claims)

    def for_key(
        self,
        subject: str,
        org_id: UUID,
        key_id: UUID,
        permissions: Sequence[str],
        conditional: Conditional = NOTHING,
        *,
        epoch: int,
        lifetime: int,
    ) -> str:
        """For the owner of an API key, with these permissions alone; his roles are not the key's."""
        claims = {
            "org": str(org_id), "epo": epoch, "roles": [], "perms": list(permissions), "key": str(key_id),
            **conditional.claims(),
        }  # fmt: skip
        return self._signed(ACCESS_TYPE, subject, claims, lifetime)

    def for_workload(self, client_id: str) -> str:
        """For a service of the mesh: it says who calls, and grants nothing by itself."""
        return self._signed(WORKLOAD_TYPE, names.workload(client_id), {})

    def _signed(
        self, kind: str, subject: str, claims: Mapping[str, object], lifetime: int | None = None
    ) -> str:
        signing, now = self._keyring.signing, int(time.time())
        header = {"alg": signing.algorithm, "typ": kind, "kid": signing.kid}
        every = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "jti": uuid.uuid4().hex,
            "iat": now, "exp": now + (lifetime or self.lifetime),
        }  # fmt: skip
        return str(jwt.encode(header, {**every, **claims}, signing.key, algorithms=[signing.algorithm]))
