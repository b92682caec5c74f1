"""The control plane for tests, under /_simulator/: lay down a script, see what was asked."""

import json

from aiohttp import web

from claude_simulator.exchange import SIMULATION
from claude_simulator.problems import invalid
from claude_simulator.recorder import Outcome
from claude_simulator.script import read_rule

MAX_WAIT = 30.0  # seconds

routes = web.RouteTableDef()


@routes.get("/_simulator/health")
async def health(_request: web.Request) -> web.Response:
    """The simulator is ready."""
    return web.json_response({"status": "SERVING"})


@routes.post("/_simulator/script")
async def add_rules(request: web.Request) -> web.Response:
    """Add one rule, or a list of rules in order; their ids."""
    try:
        spec = json.loads(await request.read())
    except ValueError:
        raise invalid("a rule, or a list of rules, in JSON") from None
    rules = [read_rule(rule) for rule in (spec if isinstance(spec, list) else [spec])]
    script = request.app[SIMULATION].script
    return web.json_response({"ids": [script.add(rule) for rule in rules]})


@routes.delete("/_simulator/script")
async def clear_rules(request: web.Request) -> web.Response:
    """Forget all rules."""
    request.app[SIMULATION].script.clear()
    return web.json_response({})


@routes.get("/_simulator/requests")
async def list_requests(request: web.Request) -> web.Response:
    """Recorded requests, oldest first.

    `outcome` keeps only those; `at_least` waits for that many, `wait_ms` at most (30,000 is the limit).
    """
    try:
        outcome = Outcome(request.query["outcome"]) if "outcome" in request.query else None
        count, wait = (
            int(request.query.get("at_least", "0")),
            float(request.query.get("wait_ms", "0")) / 1_000,
        )
    except ValueError:
        raise invalid(f"outcome: one of {', '.join(Outcome)}; at_least, wait_ms: numbers") from None
    exchanges = await request.app[SIMULATION].recorder.wait_for(outcome, count, min(wait, MAX_WAIT))
    return web.json_response({"requests": [exchange.to_json() for exchange in exchanges]})


@routes.delete("/_simulator/requests")
async def clear_requests(request: web.Request) -> web.Response:
    """Forget recorded requests, counts and the prompt cache."""
    request.app[SIMULATION].recorder.clear()
    request.app[SIMULATION].prompt_cache.clear()
    return web.json_response({})


@routes.get("/_simulator/stats")
async def stats(request: web.Request) -> web.Response:
    """Counts of requests, outcomes, statuses and tokens, and how often each rule has served."""
    simulation = request.app[SIMULATION]
    return web.json_response({"counts": simulation.recorder.counts(), "rules": simulation.script.used()})
