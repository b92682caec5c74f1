"""Answers a question as scripted or by the rules: the same for a message, an item of a batch, and Bedrock."""

import asyncio
import uuid
from dataclasses import dataclass

from aiohttp import web

from claude_simulator import answers
from claude_simulator.delivery import deliver_json, deliver_stream
from claude_simulator.endpoints import Call
from claude_simulator.exchange import EXCHANGE, EXTRA_HEADERS, SIMULATION
from claude_simulator.faults import FaultKind
from claude_simulator.prompt_cache import CachePlan
from claude_simulator.request import MessagesRequest
from claude_simulator.script import ScriptRule
from claude_simulator.simulation import Simulation
from claude_simulator.wire import Face, Reply, message_json


@dataclass(frozen=True)
class Asker:
    """Who asks, by a name that keeps prompt caches apart; in which tier; and whether rate limits count it."""

    account: str
    tier: str | None = "standard"
    limited: bool = True


async def respond(request: web.Request, call: Call, asker: Asker, face: Face) -> web.StreamResponse:
    """The whole answer to a question that came by HTTP, plain or streamed."""
    simulation, asked = request.app[SIMULATION], question(call)
    plan = planned(simulation, asked, asker)
    if asker.limited:
        simulation.rates.admit(plan.use.uncached + plan.use.written)
    rule = scripted(request, call)
    await wait_or_fail(rule, simulation, stream=asked.stream)
    reply = answered(simulation, asked, rule, plan, asker)
    if asker.limited:
        simulation.rates.produced(reply.output_tokens)
    request[EXCHANGE].usage = usage(reply)
    if asked.stream:
        return await deliver_stream(request, reply, rule.fault, face)
    for name, value in face.plain_headers(reply).items():
        request[EXTRA_HEADERS].setdefault(name, value)
    return await deliver_json(request, message_json(reply), rule.fault)


def question(call: Call) -> MessagesRequest:
    """What a call asks. Raises ValueError for one that asks nothing."""
    if call.asked is None:
        raise ValueError(f"{call.endpoint} asks nothing")
    return call.asked


def planned(simulation: Simulation, asked: MessagesRequest, asker: Asker) -> CachePlan:
    """What the question will read from the prompt cache and write to it."""
    namespace = f"{asker.account}/{asked.model.id}"
    return simulation.prompt_cache.plan(namespace, asked.blocks, asked.model.cacheable_from)


def answered(
    simulation: Simulation, asked: MessagesRequest, rule: ScriptRule, plan: CachePlan, asker: Asker
) -> Reply:
    """The reply; what it writes to the prompt cache can be read from now on."""
    answer = answers.compose(asked, rule.answer, rule.fault)
    simulation.prompt_cache.begin(plan)
    message_id = f"msg_sim_{uuid.uuid4().hex[:24]}"
    return Reply(message_id, asked.model.id, answer, plan.use, asker.tier, rule.late_usage)


def scripted(request: web.Request, call: Call) -> ScriptRule:
    """The script's rule for a call by HTTP, noted in its record; the empty rule where none speaks."""
    taken = request.app[SIMULATION].script.take(call)
    if taken is None:
        return ScriptRule()
    number, rule = taken
    request[EXCHANGE].rule = number
    request[EXTRA_HEADERS].update(rule.headers)
    return rule


async def wait_or_fail(rule: ScriptRule, simulation: Simulation, *, stream: bool = False) -> None:
    """What comes before the first byte: delay, silence, or a RefusalError."""
    fault = rule.fault
    await asyncio.sleep(simulation.pace.latency + rule.delay)
    if fault is None:
        return
    kind = fault.on_wire(stream=stream)
    if kind is FaultKind.STATUS:
        raise fault.as_problem()
    if kind is FaultKind.SILENT:
        await asyncio.Event().wait()
    if kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)


def usage(reply: Reply) -> dict[str, int]:
    """Tokens as the record counts them."""
    return {
        "input_tokens": reply.use.uncached,
        "cache_creation_input_tokens": reply.use.written,
        "cache_read_input_tokens": reply.use.read,
        "output_tokens": reply.output_tokens,
    }
