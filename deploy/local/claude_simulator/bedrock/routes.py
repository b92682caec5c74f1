"""Bedrock's routes: InvokeModel and InvokeModelWithResponseStream, for requests that are signed."""

from aiohttp import web

from claude_simulator import intake
from claude_simulator.answering import Asker, respond
from claude_simulator.bedrock.body import read_body
from claude_simulator.bedrock.face import BEDROCK_FACE
from claude_simulator.bedrock.keys import AwsKeys
from claude_simulator.endpoints import Call, Endpoint
from claude_simulator.exchange import EXCHANGE, SIMULATION

routes = web.RouteTableDef()


@routes.post("/model/{id}/invoke")
async def invoke(request: web.Request) -> web.StreamResponse:
    """A plain answer."""
    return await _answer(request, stream=False)


@routes.post("/model/{id}/invoke-with-response-stream")
async def invoke_with_response_stream(request: web.Request) -> web.StreamResponse:
    """The events of an answer, each in a chunk of AWS's event stream."""
    return await _answer(request, stream=True)


async def _answer(request: web.Request, *, stream: bool) -> web.StreamResponse:
    simulation = request.app[SIMULATION]
    keys = await _signer(request)
    body = await intake.json_object(request)
    request[EXCHANGE].body = body
    asked = read_body(body, request.match_info["id"], simulation.now().date(), stream=stream)
    asker = Asker(f"aws/{keys.access_key}", tier=None, limited=False)
    return await respond(request, Call(Endpoint.BEDROCK, asked), asker, BEDROCK_FACE)


async def _signer(request: web.Request) -> AwsKeys:
    # Imported for the first that asks: it costs half of the simulator's start.
    from claude_simulator.bedrock.signature import Signed, verify

    signed = Signed(
        request.method,
        f"{request.scheme}://{request.host}{request.raw_path}",
        request.headers,
        await intake.body(request),
    )
    simulation = request.app[SIMULATION]
    return verify(signed, simulation.aws_accounts, simulation.now())
