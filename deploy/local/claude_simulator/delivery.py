"""Brings a reply onto the wire, whole or in the broken ways a fault asks for."""

import asyncio
import json

from aiohttp import web

from claude_simulator.exchange import CUT, SIMULATION
from claude_simulator.faults import Fault, FaultKind
from claude_simulator.problems import error_type
from claude_simulator.wire import Reply, event, message_events, message_json

_OVERLOADED = {"error": {"type": error_type(529), "message": "Overloaded"}}


async def deliver_plain(request: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
    """The message as one JSON body."""
    kind = fault.on_wire(stream=False) if fault else None
    body = json.dumps(message_json(reply), ensure_ascii=False).encode()
    if kind is FaultKind.MALFORMED:
        return web.Response(body=body[: len(body) // 2], content_type="application/json")
    if kind is not FaultKind.CUT_BODY:
        return web.Response(body=body, content_type="application/json")
    response = web.StreamResponse(
        headers={"content-type": "application/json", "content-length": str(len(body))}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    return _cut(request, response)


async def deliver_stream(request: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
    """The message as server-sent events, each written by itself."""
    kind = fault.on_wire(stream=True) if fault else None
    response = web.StreamResponse(
        headers={"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    )
    await response.prepare(request)
    delay = request.app[SIMULATION].pace.chunk_delay
    for sent, chunk in enumerate(message_events(reply)):
        if kind in (FaultKind.CUT_STREAM, FaultKind.STREAM_ERROR) and fault and sent >= fault.after_events:
            return await _break_off(request, response, kind)
        garbled = kind is FaultKind.GARBAGE_SSE and sent > 0
        await response.write(chunk.replace(b'data: {"', b"data: {<") if garbled else chunk)
        if delay:
            await asyncio.sleep(delay)
    await response.write_eof()
    return response


async def _break_off(
    request: web.Request, response: web.StreamResponse, kind: FaultKind
) -> web.StreamResponse:
    if kind is FaultKind.CUT_STREAM:
        return _cut(request, response)
    await response.write(event("error", dict(_OVERLOADED)))
    await response.write_eof()
    return response


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    request[CUT] = True
    if request.transport is not None:
        request.transport.close()  # what was written still goes out; nothing follows it
    return response
