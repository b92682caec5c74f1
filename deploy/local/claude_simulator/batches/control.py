"""The control plane's view of batches: what was created, and letting go of what is held."""

import itertools

from aiohttp import web

from claude_simulator import intake
from claude_simulator.batches.batch import Batch, ItemOutcome
from claude_simulator.batches.processing import answer
from claude_simulator.control import waiting
from claude_simulator.exchange import SIMULATION
from claude_simulator.problems import RefusalError, invalid

_BATCHES = "/_simulator/batches"

routes = web.RouteTableDef()


@routes.get(_BATCHES)
async def list_batches(request: web.Request) -> web.Response:
    """All batches with their items, oldest first, also deleted ones.

    `status` keeps only those of that processing status; `at_least` and `wait_ms` are as for requests.
    """
    batches = await request.app[SIMULATION].batches.wait_for(request.query.get("status"), *waiting(request))
    return web.json_response({"batches": [_shown(request, batch) for batch in batches]})


@routes.delete(_BATCHES)
async def clear(request: web.Request) -> web.Response:
    """Forget all batches."""
    await request.app[SIMULATION].batches.clear()
    return web.json_response({})


@routes.post(f"{_BATCHES}/release")
async def release_all(request: web.Request) -> web.Response:
    """Let go of all that are held."""
    for batch in request.app[SIMULATION].batches.known():
        batch.released.set()
    return web.json_response({})


@routes.post(f"{_BATCHES}/{{id}}/release")
async def release(request: web.Request) -> web.Response:
    """Let go of one; with `{"items": n}` only so many more of its items are answered, and it stays held."""
    simulation = request.app[SIMULATION]
    batch = next((one for one in simulation.batches.known() if one.id == request.match_info["id"]), None)
    if batch is None:
        raise RefusalError(404, f"Message batch not found: {request.match_info['id']}")
    count = (await intake.json_object(request)).get("items") if request.can_read_body else None
    if count is None:
        batch.released.set()
    elif isinstance(count, int) and batch.status == "in_progress":
        for item in list(itertools.islice(batch.unsettled(), count)):
            answer(simulation, batch, item)
    else:
        raise invalid("items: how many, of a batch that is in progress")
    return web.json_response(_shown(request, batch))


def _shown(request: web.Request, batch: Batch) -> dict[str, object]:
    now = request.app[SIMULATION].now()
    return {
        **batch.to_json(f"{request.scheme}://{request.host}", now),
        "held": not batch.released.is_set(),
        "deleted": batch.deleted,
        "outcomes": {outcome.value: _count(batch, outcome) for outcome in ItemOutcome},
        "items": [
            {"custom_id": item.custom_id, "params": item.params, "outcome": item.outcome, "rule": item.rule,
             "usage": item.usage}
            for item in batch.items
        ],
    }  # fmt: skip


def _count(batch: Batch, outcome: ItemOutcome) -> int:
    return sum(item.outcome is outcome for item in batch.items)
