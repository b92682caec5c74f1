"""The Messages API's routes: create, count_tokens, and the list of models."""

import asyncio
import hashlib
import json
import uuid

from aiohttp import web

from claude_simulator import answers
from claude_simulator.delivery import deliver_plain, deliver_stream
from claude_simulator.exchange import EXCHANGE, EXTRA_HEADERS, SIMULATION
from claude_simulator.faults import FaultKind
from claude_simulator.models import CATALOGUE, model_info
from claude_simulator.problems import RefusalError, invalid
from claude_simulator.request import MessagesRequest, read_request
from claude_simulator.script import ScriptRule
from claude_simulator.simulation import Simulation
from claude_simulator.wire import Reply

MAX_BODY = 32 * 1024 * 1024

routes = web.RouteTableDef()


@routes.post("/v1/messages")
async def create_message(request: web.Request) -> web.StreamResponse:
    """Answer one request, plain or streamed, as scripted or by the rules."""
    simulation = request.app[SIMULATION]
    asked = await _asked(request)
    rule = _rule_for(asked, request)
    plan = simulation.prompt_cache.plan(f"{_account(request)}/{asked.model.id}", asked.blocks)
    await _wait_or_fail(rule, simulation)
    answer = answers.compose(asked, rule.answer, rule.fault)
    reply = Reply(f"msg_sim_{uuid.uuid4().hex[:24]}", asked.model.id, answer, plan.use)
    simulation.prompt_cache.begin(plan)
    _meter(request, reply)
    deliver = deliver_stream if asked.stream else deliver_plain
    return await deliver(request, reply, rule.fault)


@routes.post("/v1/messages/count_tokens")
async def count_tokens(request: web.Request) -> web.StreamResponse:
    """The size of a prompt in tokens; the same count `usage` adds up to."""
    asked = await _asked(request, counting=True)
    await _wait_or_fail(_rule_for(asked, request), request.app[SIMULATION])
    return web.json_response({"input_tokens": asked.input_tokens})


@routes.get("/v1/models")
async def list_models(request: web.Request) -> web.StreamResponse:
    """The models in service, newest first; retired ones only where asked for."""
    _account(request)
    today = request.app[SIMULATION].now().date()
    wanted = request.query.getall("lifecycle[]", request.query.getall("lifecycle", ["active", "deprecated"]))
    listed = [model_info(model, today) for model in CATALOGUE]
    data = [info for info in listed if info["lifecycle"] in wanted]
    ids = [info["id"] for info in data]
    return web.json_response(
        {
            "data": data,
            "has_more": False,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        }
    )


@routes.get("/v1/models/{model}")
async def get_model(request: web.Request) -> web.StreamResponse:
    """One model, in service or retired."""
    _account(request)
    today = request.app[SIMULATION].now().date()
    for model in CATALOGUE:
        if model.id == request.match_info["model"]:
            return web.json_response(model_info(model, today))
    raise RefusalError(404, f"model: {request.match_info['model']}")


async def _asked(request: web.Request, *, counting: bool = False) -> MessagesRequest:
    _account(request)
    version = request.headers.get("anthropic-version")
    if not version:
        raise invalid("anthropic-version: header is required")
    body = await _body(request)
    request[EXCHANGE].body = body
    return read_request(body, version, request.app[SIMULATION].now().date(), counting=counting)


async def _body(request: web.Request) -> dict[str, object]:
    try:
        body = json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise RefusalError(413, "Request exceeds the maximum allowed number of bytes.") from None
    except ValueError:
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object.")
    return body


def _account(request: web.Request) -> str:
    """A name for whoever holds the key, which does not reveal it; 401 without a key."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    key = bearer or request.headers.get("x-api-key", "").strip()
    if not key:
        raise RefusalError(401, "x-api-key or authorization header is required")
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _rule_for(asked: MessagesRequest, request: web.Request) -> ScriptRule:
    taken = request.app[SIMULATION].script.take(asked)
    if taken is None:
        return ScriptRule()
    number, rule = taken
    request[EXCHANGE].rule = number
    request[EXTRA_HEADERS].update(rule.headers)
    return rule


async def _wait_or_fail(rule: ScriptRule, simulation: Simulation) -> None:
    fault = rule.fault
    await asyncio.sleep(simulation.pace.latency + rule.delay)
    if fault is None:
        return
    if fault.kind is FaultKind.STATUS:
        raise fault.as_problem()
    if fault.kind is FaultKind.SILENT:
        await asyncio.Event().wait()
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)


def _meter(request: web.Request, reply: Reply) -> None:
    use = reply.use
    request.app[SIMULATION].rates.count(
        input_tokens=use.uncached + use.written, output_tokens=reply.output_tokens
    )
    request[EXCHANGE].usage = {
        "input_tokens": use.uncached,
        "cache_creation_input_tokens": use.written,
        "cache_read_input_tokens": use.read,
        "output_tokens": reply.output_tokens,
    }
