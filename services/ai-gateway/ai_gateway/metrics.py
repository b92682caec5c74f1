"""What operators watch, by OpenTelemetry's GenAI conventions where there are any. Labels are few and known:
models, kinds and outcomes; never an organization, a person, a task or a word of a question.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from ai_gateway.claude.breaker import Breakers, State
from ai_gateway.flights.flight import Source
from ai_gateway.limits.gate import Gate
from ai_gateway.limits.refused import Limit
from ai_gateway.money.tokens import Spent, Tokens

Labels = dict[str, str]

_meter = metrics.get_meter("ai_gateway")
# Both rows of buckets are the convention's own.
_tokens = _meter.create_histogram(
    "gen_ai.client.token.usage",
    unit="{token}",
    description="Tokens of a request to Claude",
    explicit_bucket_boundaries_advisory=[4**power for power in range(14)],
)
_duration = _meter.create_histogram(
    "gen_ai.client.operation.duration",
    unit="s",
    description="From the sending of a request to Claude until its end",
    explicit_bucket_boundaries_advisory=[0.01 * 2**power for power in range(14)],
)
_cost = _meter.create_counter("bloom.ai.cost", unit="{micro-USD}", description="Paid to Claude")
_saved = _meter.create_counter(
    "bloom.ai.saved", unit="{micro-USD}", description="Not paid, by cache, single-flight and prompt caching"
)
_answers = _meter.create_counter("bloom.ai.answers", unit="{answer}", description="By where they came from")
_refused = _meter.create_counter("bloom.ai.refused", unit="{call}", description="Not let out, by the limit")
_retries = _meter.create_counter("bloom.ai.retries", unit="{request}", description="Asked again")
_lost = _meter.create_counter(
    "bloom.ai.egress.lost", unit="{request}", description="Ended by nobody: their process died"
)
_LEVELS = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}


_gates: list[Gate] = []
_breakers: list[Breakers] = []


@contextmanager
def watched(gate: Gate, breakers: Breakers) -> Iterator[None]:
    """In here these are looked at whenever metrics are read."""
    _gates.append(gate)
    _breakers.append(breakers)
    try:
        yield
    finally:
        _gates.remove(gate)
        _breakers.remove(breakers)


def ended(
    operation: str,
    model: str,
    provider: str,
    outcome: str,
    tokens: Tokens | None,
    spent: Spent,
    seconds: float,
) -> None:
    """A request to Claude; without `outcome` it was answered."""
    labels: Labels = {
        "gen_ai.operation.name": operation, "gen_ai.request.model": model, "gen_ai.provider.name": provider
    }  # fmt: skip
    _duration.record(seconds, {**labels, "error.type": outcome} if outcome else labels)
    if tokens is not None:
        _tokens.record(tokens.prompt, {**labels, "gen_ai.token.type": "input"})
        _tokens.record(tokens.output, {**labels, "gen_ai.token.type": "output"})
        _cost.add(spent.cost, {"gen_ai.request.model": model})


def answered(source: Source, model: str, saved: int) -> None:
    """A caller has an answer; `saved` in micro-USD: beside what it costs at list price."""
    _answers.add(1, {"bloom.ai.served_from": source.name, "gen_ai.request.model": model})
    # Writing to the prompt cache costs more than it saves that time; a counter only grows.
    _saved.add(max(0, saved), {"gen_ai.request.model": model})


def refused(limit: Limit) -> None:
    """A call was not let out."""
    _refused.add(1, {"bloom.ai.limit": limit.value})


def retried(model: str, outcome: str) -> None:
    """A request is made again, for what happened to the last one."""
    _retries.add(1, {"gen_ai.request.model": model, "error.type": outcome})


def lost(calls: int) -> None:
    """Records of calls that nobody could end."""
    _lost.add(calls)


def _active(_: CallbackOptions) -> Iterable[Observation]:
    yield Observation(sum(gate.lanes.active for gate in _gates))


def _waiting(_: CallbackOptions) -> Iterable[Observation]:
    for gate in _gates:
        yield Observation(gate.lanes.waiting, {"bloom.ai.for": "a turn"})
        for model, calls in gate.pace.waiting().items():
            yield Observation(calls, {"bloom.ai.for": "Claude's rate limits", "gen_ai.request.model": model})


def _states(_: CallbackOptions) -> Iterable[Observation]:
    for breakers in _breakers:
        for model, state in breakers.states().items():
            yield Observation(_LEVELS[state], {"gen_ai.request.model": model})


_meter.create_observable_gauge("bloom.ai.calls.active", [_active], unit="{call}", description="Under way")
_meter.create_observable_gauge(
    "bloom.ai.calls.waiting", [_waiting], unit="{call}", description="Not yet sent"
)
_meter.create_observable_gauge(
    "bloom.ai.breaker.state", [_states], description="0 closed, 1 half-open, 2 open: calls are refused"
)
