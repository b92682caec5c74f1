"""Calls access tokens back: written with the rows that end them, told to every service after the commit."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from service_runtime import outbox
from service_runtime.postgres import Connection
from service_runtime.relay import told
from service_runtime.revocation import Announcer, Revocation

_TOPIC = "token.revoked"


async def revoke(connection: Connection, org_id: UUID, revocation: Revocation) -> None:
    """In the transaction of what ends the access."""
    await outbox.append(connection, org_id, _TOPIC, {"key": revocation.key, "epoch": revocation.epoch})


def deliver(announcer: Announcer | None) -> Callable[[outbox.Event], Awaitable[None]]:
    """What a relay of this service's outbox does with an event. Without Valkey there is nobody to tell."""

    async def delivered(event: outbox.Event) -> None:
        if event.topic == _TOPIC and announcer is not None:
            epoch = event.payload["epoch"]
            await announcer.announce(
                Revocation(str(event.payload["key"]), int(str(epoch)) if epoch is not None else None)
            )
        await told(event)

    return delivered
