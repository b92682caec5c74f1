"""Works on a batch: after a while, and not before it is released, each item is answered as a message is."""

import asyncio

from claude_simulator.answering import Asker, answered, planned, usage
from claude_simulator.batches.batch import Batch, Item, ItemOutcome
from claude_simulator.endpoints import Call, Endpoint
from claude_simulator.exchange import new_request_id
from claude_simulator.faults import FaultKind
from claude_simulator.problems import RefusalError, error_body, invalid
from claude_simulator.request import MessagesRequest, read_request
from claude_simulator.script import ScriptRule
from claude_simulator.simulation import Simulation
from claude_simulator.wire import message_json

_AT_ONCE = 50  # items, between which other requests get their turn
# A connection breaks in these; behind a batch there is none, and Claude tells of its own failure.
_BROKEN = frozenset(
    {
        FaultKind.CUT_BODY,
        FaultKind.CUT_STREAM,
        FaultKind.STREAM_ERROR,
        FaultKind.GARBAGE_SSE,
        FaultKind.MALFORMED,
    }
)
_NEVER_REACHED = frozenset({FaultKind.EXPIRE, FaultKind.SILENT, FaultKind.STALL})


async def work(simulation: Simulation, batch: Batch) -> None:
    """To the end of the batch."""
    await asyncio.sleep(simulation.batch_limits.seconds)
    await batch.released.wait()
    for number, item in enumerate(batch.unsettled()):
        if batch.status != "in_progress":
            break
        answer(simulation, batch, item)
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    if batch.ended_at is None:
        batch.end(simulation.now(), ItemOutcome.CANCELED)
    simulation.batches.changes.tell()


def answer(simulation: Simulation, batch: Batch, item: Item) -> None:
    """Gives an item its result and counts it."""
    _answer(simulation, batch, item)
    simulation.recorder.count({f"batch_items_{item.outcome}": 1})
    simulation.recorder.count({f"batch_{name}": amount for name, amount in item.usage.items()})


def _answer(simulation: Simulation, batch: Batch, item: Item) -> None:
    try:
        asked = _read(simulation, batch, item)
        rule = _rule(simulation, asked, item)
        if rule.fault is not None and rule.fault.kind in _NEVER_REACHED:
            item.settle(ItemOutcome.EXPIRED)
            return
        _check(rule)
    except RefusalError as problem:
        error = error_body(problem.status, problem.message, new_request_id())
        item.settle(ItemOutcome.ERRORED, error=error)
        return
    asker = Asker(batch.account, "batch", limited=False)
    reply = answered(simulation, asked, rule, planned(simulation, asked, asker), asker)
    item.usage = usage(reply)
    item.settle(ItemOutcome.SUCCEEDED, message=message_json(reply))


def _read(simulation: Simulation, batch: Batch, item: Item) -> MessagesRequest:
    asked = read_request(dict(item.params), batch.version, simulation.now().date())
    if asked.stream:
        raise invalid("stream: streaming is not supported in a batch")
    if asked.max_tokens == 0:
        raise invalid("max_tokens: Input should be greater than or equal to 1 in a batch")
    return asked


def _rule(simulation: Simulation, asked: MessagesRequest, item: Item) -> ScriptRule:
    taken = simulation.script.take(Call(Endpoint.BATCH_ITEM, asked, item.custom_id))
    if taken is None:
        return ScriptRule()
    item.rule, rule = taken
    return rule


def _check(rule: ScriptRule) -> None:
    fault = rule.fault
    if fault is None:
        return
    if fault.kind is FaultKind.STATUS:
        raise fault.as_problem()
    if fault.kind in _BROKEN:
        raise RefusalError(500, "Internal server error")
