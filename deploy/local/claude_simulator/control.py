"""The control plane for tests, under /_simulator/: lay down a script, see what was asked."""

import json

from aiohttp import web

from claude_simulator.bedrock.keys import read_keys
from claude_simulator.exchange import SIMULATION
from claude_simulator.problems import invalid
from claude_simulator.rate_limits import RateLimits
from claude_simulator.recorder import Outcome
from claude_simulator.script_reader import read_rule

MAX_WAIT = 30.0  # seconds

routes = web.RouteTableDef()


@routes.get("/_simulator/health")
async def health(_request: web.Request) -> web.Response:
    """The simulator is ready."""
    return web.json_response({"status": "SERVING"})


@routes.post("/_simulator/script")
async def add_rules(request: web.Request) -> web.Response:
    """Add one rule, or a list of rules in order; their ids."""
    spec = await _json(request)
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
    except ValueError:
        raise invalid(f"outcome: one of {', '.join(Outcome)}") from None
    exchanges = await request.app[SIMULATION].recorder.wait_for(outcome, *waiting(request))
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


@routes.post("/_simulator/limits")
async def set_limits(request: web.Request) -> web.Response:
    """Other rate limits, all full: `requests`, `input_tokens`, `output_tokens` a minute; `enforced`."""
    spec = await _json(request)
    known = {"requests": int, "input_tokens": int, "output_tokens": int, "enforced": bool}
    if not isinstance(spec, dict) or not all(type(spec[name]) is known.get(name) for name in spec):
        raise invalid(f"limits: any of {', '.join(known)}")
    if any(value < 1 for name, value in spec.items() if name != "enforced"):
        raise invalid("limits: at least 1")
    request.app[SIMULATION].rates.set(RateLimits(**spec))
    return web.json_response({})


@routes.delete("/_simulator/limits")
async def clear_limits(request: web.Request) -> web.Response:
    """The limits that the simulator began with."""
    simulation = request.app[SIMULATION]
    simulation.rates.set(simulation.limits)
    return web.json_response({})


@routes.post("/_simulator/aws")
async def set_aws_keys(request: web.Request) -> web.Response:
    """Whose signatures are good from now on, on Bedrock: one set of keys, or a list of them."""
    spec = await _json(request)
    keys = [read_keys(one) for one in (spec if isinstance(spec, list) else [spec])]
    accounts = request.app[SIMULATION].aws_accounts
    accounts.clear()
    accounts.update({one.access_key: one for one in keys})
    return web.json_response({"access_keys": sorted(accounts)})


def waiting(request: web.Request) -> tuple[int, float]:
    """`at_least` so many, and `wait_ms`, here in seconds; a 400 RefusalError unless they are numbers."""
    try:
        wait = float(request.query.get("wait_ms", "0")) / 1_000
        return int(request.query.get("at_least", "0")), min(wait, MAX_WAIT)
    except ValueError:
        raise invalid("at_least, wait_ms: numbers") from None


async def _json(request: web.Request) -> object:
    try:
        value: object = json.loads(await request.read())
    except ValueError:
        raise invalid("the control plane takes JSON") from None
    return value
