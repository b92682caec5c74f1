"""Asks an account for a second factor."""

from uuid import UUID

from auth_service.challenges import store as challenges
from auth_service.challenges.model import Purpose
from auth_service.directory.model import User
from auth_service.factors import store
from auth_service.factors.model import PASSKEY, RECOVERY_CODE, TOTP, Asked
from auth_service.factors.passkeys import RelyingParty
from auth_service.organizations.model import INSTALLATION
from service_runtime.postgres import Connection


async def ask(
    connection: Connection,
    org_id: UUID,
    user: User,
    party: RelyingParty,
    purpose: Purpose,
    methods: tuple[str, ...] = (),
) -> Asked | None:
    """A challenge for what the user has; None where he has no factor."""
    kinds = {factor.kind for factor in await store.in_force(connection, org_id, user.id)}
    if not kinds:
        return None
    given = await challenges.give(connection, org_id, purpose, user.id, epoch=user.epoch, methods=methods)
    if await store.codes_left(connection, org_id, user.id):
        kinds.add(RECOVERY_CODE)
    options = None
    if PASSKEY in kinds:
        allowed = await store.passkeys(connection, org_id, user.id)
        options = party.request_options(given.token.for_passkey, allowed)
    return Asked(given, tuple(kind for kind in (TOTP, PASSKEY, RECOVERY_CODE) if kind in kinds), options)


async def ask_anybody(connection: Connection, party: RelyingParty) -> Asked:
    """For a passkey of whomever; in a transaction of the installation."""
    given = await challenges.give(connection, INSTALLATION, Purpose.PASSKEY_SIGN_IN)
    return Asked(given, (PASSKEY,), party.request_options(given.token.for_passkey))
