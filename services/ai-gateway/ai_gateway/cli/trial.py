"""`bloom-ai try`: one question, its answer as it comes, and what it cost."""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import grpc

from ai_gateway.cli.connection import Connect, Gateway
from ai_gateway.cli.egress import find_record
from ai_gateway.cli.figures import count, dollars, span
from ai_gateway.cli.problems import CommandError
from ai_gateway.cli.question import content
from ai_gateway.cli.terminal import Terminal, harmless
from bloom.ai.v1 import ai_pb2, ai_service_pb2

INTERRUPTED = 130
# A call that was given up is billed a moment later, with what had come by then.
_BILL_SECONDS = 3.0
_BILL_EVERY = 0.1
# And one that was just leaving is recorded within this.
_BEGIN_SECONDS = 0.5
_LATER = "what it cost will be in `bloom-ai usage`"
_SERVED_FROM = {
    ai_pb2.SERVED_FROM_UPSTREAM: "Claude",
    ai_pb2.SERVED_FROM_CACHE: "the cache",
    ai_pb2.SERVED_FROM_COALESCED: "an equal question that was under way",
}
_ENDS = {
    ai_pb2.STOP_REASON_MAX_TOKENS: "cut at --max-tokens",
    ai_pb2.STOP_REASON_REFUSAL: "Claude declined to answer",
}


@dataclass(slots=True)
class _Clock:
    """When it was asked, and when the first words came."""

    began: float
    first: float | None = None

    def tick(self) -> None:
        if self.first is None:
            self.first = time.monotonic()

    def end_line(self, terminal: Terminal) -> None:
        """Where words came."""
        if self.first is not None:
            terminal.stream("\n")

    def __str__(self) -> str:
        ended = time.monotonic()
        first = f"{self._since(self.first)} to the first words, " if self.first is not None else ""
        return f"{first}{self._since(ended)} in all"

    def _since(self, moment: float) -> str:
        return span(timedelta(seconds=moment - self.began))


def try_question(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """The command; Ctrl-C ends the question, and what it costs."""
    request = ai_service_pb2.StreamGenerateRequest(prompt=_prompt(options), request_id=str(uuid4()))
    with connect(asks=True) as gateway:
        clock = _Clock(time.monotonic())
        call = gateway.stub.StreamGenerate(request, metadata=gateway.metadata, timeout=gateway.seconds)
        try:
            completion = _answer(call, clock, terminal)
        except KeyboardInterrupt:
            call.cancel()
            clock.end_line(terminal)
            terminal.note(_given_up(gateway, request.request_id, clock))
            return INTERRUPTED
        except grpc.RpcError:
            clock.end_line(terminal)
            raise
        clock.end_line(terminal)
        for line in _summary(completion, clock, _proof(gateway, request.request_id, completion)):
            terminal.note(line)
    return 0


def _prompt(options: argparse.Namespace) -> ai_service_pb2.Prompt:
    message = ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=content(options.question, options.file))
    policy = (
        ai_service_pb2.CACHE_POLICY_BYPASS if options.no_cache else ai_service_pb2.CACHE_POLICY_UNSPECIFIED
    )
    return ai_service_pb2.Prompt(
        task=options.task,
        model=options.model,
        system=options.system,
        messages=[message],
        max_tokens=options.max_tokens,
        cache_policy=policy,
    )


def _answer(
    call: Iterator[ai_service_pb2.StreamGenerateResponse], clock: _Clock, terminal: Terminal
) -> ai_service_pb2.Completion:
    for event in call:
        if event.HasField("completion"):
            return event.completion
        clock.tick()
        terminal.stream(event.text_delta)
    raise CommandError("The answer broke off.")


def _summary(completion: ai_service_pb2.Completion, clock: _Clock, proof: str) -> list[str]:
    used = completion.usage
    written = used.cache_write_5m_tokens + used.cache_write_1h_tokens
    tokens = f"{count(used.input_tokens + written)} in, {count(used.output_tokens)} out"
    if used.cache_read_tokens:
        tokens += f", {count(used.cache_read_tokens)} from the prompt cache"
    by = f"{harmless(completion.model)}{' (simulated)' if completion.simulated else ''}"
    parts = [
        f"from {_SERVED_FROM.get(completion.served_from, 'elsewhere')}, {by}",
        f"tokens {tokens}",
        f"cost {dollars(completion.cost_micro_usd)}, list {dollars(completion.list_cost_micro_usd)}",
        str(clock),
    ]
    if completion.stop_reason in _ENDS:
        parts.append(_ENDS[completion.stop_reason])
    return [" · ".join(parts), proof]


def _proof(gateway: Gateway, request_id: str, completion: ai_service_pb2.Completion) -> str:
    """The request, and its record where one was made and the caller may see it."""
    told = f"request {request_id}"
    if completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM:
        try:
            record = find_record(gateway, request_id)
        except grpc.RpcError:
            return told
        if record is not None:
            return f"{told} · egress record {record.seq}, {record.id}"
    return f"{told} · nothing left for Claude"


def _given_up(gateway: Gateway, request_id: str, clock: _Clock) -> str:
    try:
        record = _billed(gateway, request_id)
    except grpc.RpcError:
        cost = _LATER
    else:
        cost = "nothing had left for Claude" if record is None else _LATER
        if record is not None and record.HasField("end_time"):
            cost = f"cost {dollars(record.cost_micro_usd)}"
    return f"given up · {cost} · {clock} · request {request_id}"


def _billed(gateway: Gateway, request_id: str) -> ai_pb2.EgressRecord | None:
    """The record with its end, or what there is when the time is over."""
    began = time.monotonic()
    while True:
        record = find_record(gateway, request_id)
        patience = _BEGIN_SECONDS if record is None else _BILL_SECONDS
        if (record is not None and record.HasField("end_time")) or time.monotonic() - began > patience:
            return record
        time.sleep(_BILL_EVERY)
