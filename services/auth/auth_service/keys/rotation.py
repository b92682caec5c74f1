"""New signing keys: made when it is time, or when an operator says so; published before they sign."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from joserfc.jwk import ECKey, OKPKey

from auth_service.keys import store
from auth_service.keys.store import NewKey
from auth_service.keys.wrapping import KeyWrap
from auth_service.organizations.model import INSTALLATION
from service_runtime import audit
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

Algorithm = Literal["ES256", "EdDSA"]
# Clocks of two hosts differ by less.
_LEEWAY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A key signs for `signs`, is `published` for so long before; its last token lives for `tokens_live`."""

    algorithm: Algorithm = "ES256"
    signs: timedelta = timedelta(days=30)
    published: timedelta = timedelta(minutes=15)
    tokens_live: timedelta = timedelta(minutes=10)


async def ensure(postgres: Postgres, wrap: KeyWrap, schedule: Schedule) -> None:
    """There is a key that signs."""
    async with postgres.transaction(INSTALLATION) as connection:
        await store.take_turns(connection)
        if not await store.known(connection):
            await _make(connection, wrap, schedule, timedelta(0))


async def rotate_when_due(postgres: Postgres, wrap: KeyWrap, schedule: Schedule) -> bool:
    """Whether a key was made. Processes that find it due at once make one."""
    async with postgres.transaction(INSTALLATION) as connection:
        if not await store.is_due(connection, schedule.signs):
            return False
        await store.take_turns(connection)
        if not await store.is_due(connection, schedule.signs):
            return False
        await _succeed(connection, wrap, schedule)
    return True


async def rotate(postgres: Postgres, wrap: KeyWrap, schedule: Schedule) -> bool:
    """The same before it is time; not while a new key is already on its way."""
    async with postgres.transaction(INSTALLATION) as connection:
        await store.take_turns(connection)
        if await store.is_coming(connection):
            return False
        await _succeed(connection, wrap, schedule)
    return True


async def replace_leaked(postgres: Postgres, wrap: KeyWrap, schedule: Schedule) -> None:
    """No older key is good any more, and a new one signs at once: every access token ends.

    Verifiers know within their own time for keys; until then they may refuse what the new key signs.
    """
    async with postgres.transaction(INSTALLATION) as connection:
        await store.take_turns(connection)
        await store.retire(connection, timedelta(0))
        await _make(connection, wrap, schedule, timedelta(0))


async def _succeed(connection: Connection, wrap: KeyWrap, schedule: Schedule) -> None:
    await store.retire(connection, schedule.published + schedule.tokens_live + _LEEWAY)
    await _make(connection, wrap, schedule, schedule.published)


async def _make(connection: Connection, wrap: KeyWrap, schedule: Schedule, published: timedelta) -> None:
    key = _generated(wrap, schedule.algorithm)
    await store.add(connection, key, published=published)
    made_by = Identity(org_id=INSTALLATION)
    await audit.record(
        connection, made_by, "key.made", f"signingKeys/{key.kid}", {"algorithm": schedule.algorithm}
    )


def _generated(wrap: KeyWrap, algorithm: Algorithm) -> NewKey:
    key: ECKey | OKPKey = (
        ECKey.generate_key("P-256", private=True)
        if algorithm == "ES256"
        else OKPKey.generate_key("Ed25519", private=True)
    )
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": algorithm}
    private = json.dumps(key.as_dict(private=True)).encode()
    return NewKey(kid, public, wrap.wrap(private, kid))
