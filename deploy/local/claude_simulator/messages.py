"""The Messages API's routes: create and count_tokens."""

from aiohttp import web

from claude_simulator import intake
from claude_simulator.answering import Asker, question, respond, scripted, wait_or_fail
from claude_simulator.endpoints import Call, Endpoint
from claude_simulator.exchange import EXCHANGE, SIMULATION
from claude_simulator.request import read_request
from claude_simulator.wire import MESSAGES_FACE

routes = web.RouteTableDef()


@routes.post("/v1/messages")
async def create_message(request: web.Request) -> web.StreamResponse:
    """Answer one request, plain or streamed, as scripted or by the rules."""
    asker = Asker(intake.account(request))
    return await respond(request, await _call(request, Endpoint.MESSAGES), asker, MESSAGES_FACE)


@routes.post("/v1/messages/count_tokens")
async def count_tokens(request: web.Request) -> web.StreamResponse:
    """The size of a prompt in tokens; the same count `usage` adds up to."""
    intake.account(request)
    call = await _call(request, Endpoint.COUNT_TOKENS)
    await wait_or_fail(scripted(request, call), request.app[SIMULATION])
    return web.json_response({"input_tokens": question(call).input_tokens})


async def _call(request: web.Request, endpoint: Endpoint) -> Call:
    version = intake.version(request)
    body = await intake.json_object(request)
    request[EXCHANGE].body = body
    today = request.app[SIMULATION].now().date()
    asked = read_request(body, version, today, counting=endpoint is Endpoint.COUNT_TOKENS)
    return Call(endpoint, asked)
