"""The answer cache, as batches use it: looked into before anything is sent, and filled from results."""

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

from ai_gateway.batches.batch import Asked
from ai_gateway.batches.tools import Tools
from ai_gateway.cache.answers import key_of
from ai_gateway.claude.reply import Reply
from ai_gateway.flights.board import Route
from ai_gateway.generation.question import Caching

_AT_ONCE = 32


async def kept(tools: Tools, org_id: UUID, items: Sequence[Asked]) -> dict[int, Reply]:
    """The answers that there are already, by the items' ordinals."""
    asked = [item for item in items if item.caching is Caching.USE]
    found: dict[int, Reply] = {}
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        replies = await asyncio.gather(*(_kept(tools, _route(tools, org_id, item)) for item in some))
        found |= {item.ordinal: reply for item, reply in zip(some, replies, strict=True) if reply}
    return found


async def keep(tools: Tools, org_id: UUID, answers: Sequence[tuple[Asked, Reply]]) -> None:
    """For whoever asks the same later."""
    good = [(item, reply) for item, reply in answers if item.caching is not Caching.BYPASS]
    for start in range(0, len(good), _AT_ONCE):
        await asyncio.gather(
            *(
                tools.board.land(_route(tools, org_id, item), "", reply, keep=True)
                for item, reply in good[start : start + _AT_ONCE]
            )
        )


async def _kept(tools: Tools, route: Route) -> Reply | None:
    claimed = await tools.board.claim(route)
    if claimed.leads:
        # A batch takes an hour: whoever asks the same meanwhile must not wait for it.
        await tools.board.leave(route, claimed.token)
    return claimed.hit


def _route(tools: Tools, org_id: UUID, item: Asked) -> Route:
    return Route(key_of(org_id, tools.destination, tools.api_version, json.loads(item.params)))
