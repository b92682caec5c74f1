"""What an analysis will ask, take and cost: ranges, with what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from bloom.ai.v1 import ai_pb2, ai_service_pb2, ai_service_pb2_grpc
from contracts_service.analysis.plan import Ask
from contracts_service.fields import GROUPS
from contracts_service.prompts.answer_form import SCHEMA
from contracts_service.prompts.reading import RULES
from contracts_service.sections.tokens import fewest_tokens, most_tokens
from service_runtime.clients import answers_of

_MODEL = "standard"
# What EstimateCost takes at once.
_MOST_CALLS = 1_000
# Models cache no prefix that is shorter; the longest such limit of any.
_CACHED_FROM = 4_096
# Output tokens. A field that is absent takes about 20, one with a quote about 150; an absent kind of a list
# about 4, an entry with its attributes about 250.
_FIELD_LOW, _FIELD_HIGH = 15, 200
_KIND_LOW, _ENTRIES_HIGH = 3, 25
_ENTRY = 250
# The AI gateway's notice, roles, titles and markers around the blocks.
_AROUND_LOW, _AROUND_HIGH = 20, 600
# Seconds until the first token, and for each hundred thousand tokens that must be read before it; tokens a
# second after that. Assumed, with room on both sides; the simulator says nothing about them.
_FIRST_LOW, _FIRST_HIGH, _READ_HIGH = 0.5, 3.0, 20.0
_SPEED_LOW, _SPEED_HIGH = 60, 120
_BATCH_LOW, _BATCH_HIGH = timedelta(minutes=2), timedelta(hours=24)
ASSUMPTIONS = (
    "Tokens are estimated from the text: three to five bytes each.",
    "The first question about a part writes it into Claude's prompt cache, the others read it there.",
    "The upper cost has short parts uncached, and in a batch all of them.",
    "Lower figures have most fields absent and no entries, upper ones a quote each and 25 entries a list.",
    "No answer is asked for again. What comes from the AI gateway's answer cache is free, and not foreseen.",
    "Prices are those of today's price sheet. A batch may take up to 24 hours.",
)


@dataclass(frozen=True, slots=True)
class Range:
    """From the least to the most."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and micro-USD of all requests together."""

    requests: int
    input_tokens: Range
    output_tokens: Range
    cost: Range
    batch_cost: Range
    duration: tuple[timedelta, timedelta]
    batch_duration: tuple[timedelta, timedelta]
    model: str


@dataclass(frozen=True, slots=True)
class _Call:
    """One request: the prefix that its part's questions share, the rest of its input, its output."""

    prefix: Range
    rest: Range
    output: Range


async def estimate(
    ai: ai_service_pb2_grpc.AiServiceAsyncStub, text: str, asks: Sequence[Ask], parallel: int
) -> Estimate:
    """The cost is the AI gateway's to say. Raises DomainError where it cannot be asked."""
    parts = _calls(text, asks)
    low, high, uncached = (
        _usages(parts, high=False, cached=True),
        _usages(parts, high=True, cached=True),
        _usages(parts, high=True, cached=False),
    )
    least, most, dearest = [await _cost(ai, usages) for usages in (low, high, uncached)]
    every = [call for calls in parts for call in calls]
    return Estimate(
        requests=len(every),
        input_tokens=_sum([Range(c.prefix.low + c.rest.low, c.prefix.high + c.rest.high) for c in every]),
        output_tokens=_sum([call.output for call in every]),
        cost=Range(least.single, most.single),
        batch_cost=Range(least.batch, dearest.batch),
        duration=_duration(parts, parallel),
        batch_duration=(_BATCH_LOW, _BATCH_HIGH) if every else (timedelta(), timedelta()),
        model=most.model,
    )


def _calls(text: str, asks: Sequence[Ask]) -> list[list[_Call]]:
    """By part, in order; a part is measured once."""
    return [
        [_call(prefix, ask) for ask in of_part]
        for part, of_part in groupby(asks, key=lambda ask: ask.part)
        for prefix in [_prefix(text[part.start : part.end])]
    ]


def _prefix(part: str) -> Range:
    around = f"{RULES}{SCHEMA}"
    return Range(
        fewest_tokens(part) + fewest_tokens(around) + _AROUND_LOW,
        most_tokens(part) + most_tokens(around) + _AROUND_HIGH,
    )


def _call(prefix: Range, ask: Ask) -> _Call:
    words = ask.question.words()
    rest = Range(fewest_tokens(words), most_tokens(words) + _AROUND_HIGH)
    return _Call(prefix, rest, _output(ask, prefix.high))


def _output(ask: Ask, most_read: int) -> Range:
    spec = ask.question.spec
    if spec is None:
        fields = len(GROUPS[ask.question.name])
        return Range(_FIELD_LOW * fields, _FIELD_HIGH * fields)
    # Entries quote what they are about: a short part has no long list.
    return Range(_KIND_LOW * len(spec.kinds), min(_ENTRY * _ENTRIES_HIGH, most_read))


def _usages(parts: Sequence[Sequence[_Call]], *, high: bool, cached: bool) -> list[ai_pb2.Usage]:
    return [
        _usage(call, high=high, cached=cached, first=place == 0)
        for calls in parts
        for place, call in enumerate(calls)
    ]


def _usage(call: _Call, *, high: bool, cached: bool, first: bool) -> ai_pb2.Usage:
    prefix, rest, output = (one.high if high else one.low for one in (call.prefix, call.rest, call.output))
    if high and (not cached or call.prefix.low < _CACHED_FROM):
        # What is written and never read costs most.
        return ai_pb2.Usage(input_tokens=rest, cache_write_5m_tokens=prefix, output_tokens=output)
    written, read = (prefix, 0) if first else (0, prefix)
    return ai_pb2.Usage(
        input_tokens=rest, cache_write_5m_tokens=written, cache_read_tokens=read, output_tokens=output
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    single: int = 0
    batch: int = 0
    model: str = ""


async def _cost(ai: ai_service_pb2_grpc.AiServiceAsyncStub, usages: Sequence[ai_pb2.Usage]) -> _Cost:
    calls = [ai_service_pb2.EstimatedCalls(usage=usage, count=1) for usage in usages]
    # Where nothing is left to ask, the model is still worth knowing.
    calls = calls or [ai_service_pb2.EstimatedCalls(usage=ai_pb2.Usage(), count=0)]
    total = _Cost()
    for start in range(0, len(calls), _MOST_CALLS):
        request = ai_service_pb2.EstimateCostRequest(model=_MODEL, calls=calls[start : start + _MOST_CALLS])
        with answers_of("ai-gateway"):
            said = await ai.EstimateCost(request)
        total = _Cost(total.single + said.cost_micro_usd, total.batch + said.batch_cost_micro_usd, said.model)
    return total


def _duration(parts: Sequence[Sequence[_Call]], parallel: int) -> tuple[timedelta, timedelta]:
    """The first question about each part, then the others, `parallel` at once over all parts."""
    every = [call for calls in parts for call in calls]
    if not every:
        return timedelta(), timedelta()
    least = sum(_FIRST_LOW + call.output.low / _SPEED_HIGH for call in every) / parallel
    most = sum(_FIRST_HIGH + call.output.high / _SPEED_LOW for call in every) / parallel
    reading = sum(calls[0].prefix.high for calls in parts) / 100_000 * _READ_HIGH
    slowest = max(_FIRST_HIGH + call.output.high / _SPEED_LOW for call in every)
    return timedelta(seconds=round(least)), timedelta(seconds=round(most + reading + slowest))


def _sum(ranges: Sequence[Range]) -> Range:
    return Range(sum(one.low for one in ranges), sum(one.high for one in ranges))
