"""What surrounds every request: its record, the headers of its response, errors in the API's own shape."""

import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from claude_simulator.bedrock.problems import error_headers, in_aws_words
from claude_simulator.problems import RefusalError, error_body
from claude_simulator.recorder import Exchange, Outcome
from claude_simulator.simulation import Simulation

SIMULATION = web.AppKey("simulation", Simulation)
EXCHANGE = web.RequestKey("exchange", Exchange)
EXTRA_HEADERS = web.RequestKey("extra_headers", dict[str, str])
CUT = web.RequestKey("cut", bool)
SIMULATED = {"x-claude-simulator": "1"}
CONTROL_PLANE = "/_simulator/"
_BEDROCK = "/model/"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def recorded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record a request to the API and how it ended; a client that goes away cancels the handler."""
    if request.path.startswith(CONTROL_PLANE):
        return await refusals(request, handler)
    recorder = request.app[SIMULATION].recorder
    exchange = recorder.open(_request_id(request), request.method, request.path, request.headers)
    request[EXCHANGE], request[EXTRA_HEADERS] = exchange, {}
    outcome = Outcome.ABORTED
    try:
        response = await refusals(request, handler)
        exchange.status = response.status
        outcome = Outcome.CUT if request.get(CUT) else Outcome.ANSWERED
        return response
    finally:
        recorder.close(exchange, outcome)


async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler refuses into the API's error body."""
    try:
        return await handler(request)
    except RefusalError as problem:
        return _refusal(request, problem)
    except web.HTTPNotFound:
        return _refusal(request, RefusalError(404, "Not found"))
    except web.HTTPMethodNotAllowed:
        return _refusal(request, RefusalError(405, "Method not allowed"))


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """The headers every response carries; those a script rule sets win."""
    response.headers.update(SIMULATED)
    if (exchange := request.get(EXCHANGE)) is None:
        return
    if _is_bedrock(request):
        response.headers["x-amzn-requestid"] = exchange.id
    else:
        response.headers["request-id"] = exchange.id
        response.headers["anthropic-organization-id"] = "org_simulator"
        response.headers.update(request.app[SIMULATION].rates.headers())
    response.headers.update(request[EXTRA_HEADERS])


def new_request_id() -> str:
    """What the API calls a request, or an item of a batch."""
    return f"req_sim_{uuid.uuid4().hex[:24]}"


def _request_id(request: web.Request) -> str:
    return str(uuid.uuid4()) if _is_bedrock(request) else new_request_id()


def _is_bedrock(request: web.Request) -> bool:
    return request.path.startswith(_BEDROCK)


def _refusal(request: web.Request, problem: RefusalError) -> web.Response:
    if _is_bedrock(request):
        status, code = in_aws_words(problem.status, problem.code)
        headers = {**problem.headers, **error_headers(code)}
        return web.json_response({"message": problem.message}, status=status, headers=headers)
    exchange = request.get(EXCHANGE)
    body = error_body(problem.status, problem.message, exchange.id if exchange else "")
    return web.json_response(body, status=problem.status, headers=problem.headers)
