"""The Message Batches API's routes: create, retrieve, list, cancel, delete and results."""

import uuid

from aiohttp import web

from claude_simulator import intake
from claude_simulator.answering import scripted, wait_or_fail
from claude_simulator.batches.batch import Batch
from claude_simulator.batches.processing import work
from claude_simulator.batches.reading import read_items
from claude_simulator.delivery import deliver_body, deliver_json
from claude_simulator.endpoints import Call, Endpoint
from claude_simulator.exchange import EXCHANGE, SIMULATION
from claude_simulator.problems import invalid
from claude_simulator.script import ScriptRule

_BATCHES = "/v1/messages/batches"
_BATCH = f"{_BATCHES}/{{id}}"
_PAGE, _LARGEST_PAGE = 20, 1_000

routes = web.RouteTableDef()


@routes.post(_BATCHES)
async def create(request: web.Request) -> web.StreamResponse:
    """A batch that is worked on from now on."""
    simulation = request.app[SIMULATION]
    account, version = intake.account(request), intake.version(request)
    body = await intake.json_object(request.clone(client_max_size=simulation.batch_limits.body))
    request[EXCHANGE].body = body
    items = read_items(body, simulation.batch_limits.requests)
    rule = await _rule(request, Endpoint.BATCH_CREATE)
    batch = Batch(f"msgbatch_sim_{uuid.uuid4().hex[:24]}", account, version, simulation.now(), items)
    if not rule.hold:
        batch.released.set()
    simulation.batches.add(batch, work(simulation, batch))
    return await deliver_json(request, _shown(request, batch), rule.fault)


@routes.get(_BATCHES)
async def list_all(request: web.Request) -> web.StreamResponse:
    """A page of the account's batches, newest first."""
    account = _caller(request)
    rule = await _rule(request, Endpoint.BATCH_LIST)
    query = request.query
    after, before = query.get("after_id"), query.get("before_id")
    if after is not None and before is not None:
        raise invalid("before_id: only one of before_id and after_id may be given")
    page = request.app[SIMULATION].batches.page(account, _limit(request), after, before)
    ids = [batch.id for batch in page.batches]
    shown = {
        "data": [_shown(request, batch) for batch in page.batches],
        "has_more": page.has_more,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
    }
    return await deliver_json(request, shown, rule.fault)


@routes.get(_BATCH)
async def retrieve(request: web.Request) -> web.StreamResponse:
    """A batch as it stands."""
    account = _caller(request)
    rule = await _rule(request, Endpoint.BATCH_RETRIEVE)
    return await deliver_json(request, _shown(request, _named(request, account)), rule.fault)


@routes.post(f"{_BATCH}/cancel")
async def cancel(request: web.Request) -> web.StreamResponse:
    """What has no result yet will get none; a batch that is held stays canceling until it is released."""
    account = _caller(request)
    rule = await _rule(request, Endpoint.BATCH_CANCEL)
    batch = _named(request, account)
    if batch.ended_at is not None:
        raise invalid(f"Batch {batch.id} cannot be canceled: its processing has ended")
    batch.cancel_initiated_at = batch.cancel_initiated_at or request.app[SIMULATION].now()
    return await deliver_json(request, _shown(request, batch), rule.fault)


@routes.delete(_BATCH)
async def delete(request: web.Request) -> web.StreamResponse:
    """Gone, for the account; only once it has ended."""
    account = _caller(request)
    rule = await _rule(request, Endpoint.BATCH_DELETE)
    batch = _named(request, account)
    if batch.ended_at is None:
        raise invalid(f"Batch {batch.id} cannot be deleted while it is being processed: cancel it first")
    batch.deleted = True
    return await deliver_json(request, {"id": batch.id, "type": "message_batch_deleted"}, rule.fault)


@routes.get(f"{_BATCH}/results")
async def results(request: web.Request) -> web.StreamResponse:
    """A line of JSON for each item, once all have ended."""
    account = _caller(request)
    rule = await _rule(request, Endpoint.BATCH_RESULTS)
    batch = _named(request, account)
    if batch.ended_at is None:
        raise invalid(f"Batch {batch.id} has no results yet: it is {batch.status}")
    if batch.is_archived(request.app[SIMULATION].now()):
        raise invalid(f"The results of batch {batch.id} are no longer available")
    lines = b"".join(item.line for item in batch.by_turn())
    return await deliver_body(request, lines, rule.fault, "application/x-jsonl")


def _caller(request: web.Request) -> str:
    intake.version(request)
    return intake.account(request)


async def _rule(request: web.Request, endpoint: Endpoint) -> ScriptRule:
    rule = scripted(request, Call(endpoint))
    await wait_or_fail(rule, request.app[SIMULATION])
    return rule


def _named(request: web.Request, account: str) -> Batch:
    return request.app[SIMULATION].batches.find(request.match_info["id"], account)


def _shown(request: web.Request, batch: Batch) -> dict[str, object]:
    return batch.to_json(f"{request.scheme}://{request.host}", request.app[SIMULATION].now())


def _limit(request: web.Request) -> int:
    try:
        limit = int(request.query.get("limit", _PAGE))
    except ValueError:
        raise invalid("limit: Input should be a valid integer") from None
    if not 1 <= limit <= _LARGEST_PAGE:
        raise invalid(f"limit: Input should be between 1 and {_LARGEST_PAGE}")
    return limit
