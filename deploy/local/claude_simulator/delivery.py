"""Brings an answer onto the wire, whole or in the broken ways a fault asks for."""

import asyncio
import json

from aiohttp import web

from claude_simulator.exchange import CUT, EXCHANGE, SIMULATION
from claude_simulator.faults import Fault, FaultKind
from claude_simulator.wire import Face, Reply

_BREAKING_OFF = frozenset({FaultKind.CUT_STREAM, FaultKind.STREAM_ERROR, FaultKind.STALL})


async def deliver_json(request: web.Request, value: object, fault: Fault | None) -> web.StreamResponse:
    """One JSON body."""
    return await deliver_body(request, json.dumps(value, ensure_ascii=False).encode(), fault)


async def deliver_body(
    request: web.Request, body: bytes, fault: Fault | None, content_type: str = "application/json"
) -> web.StreamResponse:
    """One body that is there as a whole."""
    kind = fault.on_wire(stream=False) if fault else None
    if kind is FaultKind.MALFORMED:
        return web.Response(body=body[: len(body) // 2], content_type=content_type)
    if kind not in (FaultKind.CUT_BODY, FaultKind.STALL):
        return web.Response(body=body, content_type=content_type)
    response = web.StreamResponse(headers={"content-type": content_type, "content-length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if kind is FaultKind.STALL:
        await asyncio.Event().wait()
    return _cut(request, response)


async def deliver_stream(
    request: web.Request, reply: Reply, fault: Fault | None, face: Face
) -> web.StreamResponse:
    """The message as events, each written by itself."""
    kind = fault.on_wire(stream=True) if fault else None
    response = web.StreamResponse(headers={"content-type": face.stream_type, "cache-control": "no-cache"})
    await response.prepare(request)
    slow = fault.seconds if fault and kind is FaultKind.SLOW_DELTAS else 0.0
    delay = request.app[SIMULATION].pace.chunk_delay + slow
    for sent, (name, data) in enumerate(face.events(reply)):
        if fault and kind in _BREAKING_OFF and sent >= fault.after_events:
            return await _break_off(request, response, fault, kind, face)
        garbled = kind is FaultKind.GARBAGE_SSE and sent > 0
        await response.write((face.garble if garbled else face.encode)(name, data))
        request[EXCHANGE].events_sent = sent + 1
        if delay:
            await asyncio.sleep(delay)
    await response.write_eof()
    return response


async def _break_off(
    request: web.Request, response: web.StreamResponse, fault: Fault, kind: FaultKind | None, face: Face
) -> web.StreamResponse:
    if kind is FaultKind.CUT_STREAM:
        return _cut(request, response)
    if kind is FaultKind.STALL:
        await asyncio.Event().wait()
    await response.write(face.error(fault.as_problem(529)))
    await response.write_eof()
    return response


def _cut(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    request[CUT] = True
    if request.transport is not None:
        request.transport.close()  # what was written still goes out; nothing follows it
    return response
