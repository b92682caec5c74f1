"""Scripted answers: rules that a test lays down, matched in the order they were added."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claude_simulator.endpoints import Call, Endpoint
from claude_simulator.faults import Fault
from claude_simulator.field_groups import asked_fields
from claude_simulator.problems import invalid
from claude_simulator.request import MessagesRequest
from claude_simulator.schema import properties_of

MAX_RULES = 10_000


@dataclass(frozen=True)
class Match:
    """Which calls a rule serves; everything given must hold. Without an endpoint: all that ask a model."""

    contains: tuple[str, ...] = ()  # each stands in system or messages
    schema_has: str | None = None  # a top-level property of the answer schema, or a field asked for
    model: str | None = None
    endpoint: Endpoint | None = None
    custom_id: str | None = None  # of an item of a batch

    def holds(self, call: Call) -> bool:
        """Whether the rule is for this call."""
        right_way = call.endpoint.asks if self.endpoint is None else self.endpoint is call.endpoint
        if not right_way or self.custom_id not in (None, call.custom_id):
            return False
        if call.asked is None:
            return not self.contains and self.model is None and self.schema_has is None
        return self._is_about(call.asked)

    def _is_about(self, asked: MessagesRequest) -> bool:
        schema = asked.schema
        return (
            all(words in asked.text for words in self.contains)
            and (self.model is None or self.model == asked.model.id)
            and (
                self.schema_has is None
                or (schema is not None and self.schema_has in properties_of(schema, schema))
                or self.schema_has in asked_fields(asked)
            )
        )


@dataclass(frozen=True)
class ScriptedAnswer:
    """What to say: field answers, any JSON value, text, or content blocks. Exactly one is set."""

    fields: Mapping[str, object] | None = None
    over_truth: bool = False  # fields overlay the rules' own answer instead of ABSENT
    text: str | None = None
    json: tuple[object, ...] = ()  # one value, or none
    content: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True)
class ScriptRule:
    """One rule. `times` is how many requests it serves, None for all; `delay` is in seconds."""

    match: Match = field(default_factory=Match)
    times: int | None = None
    answer: ScriptedAnswer | None = None
    fault: Fault | None = None
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)  # set on the response, such as rate limits
    late_usage: bool = False  # a stream tells its input tokens only in `message_delta`
    hold: bool = False  # the batch that is created stays in progress until it is released


class Script:
    """The rules in force, and how often each has served."""

    def __init__(self) -> None:
        self._rules: dict[int, tuple[ScriptRule, int]] = {}
        self._next_id = 1

    def add(self, rule: ScriptRule) -> int:
        """Add a rule after the others; its id."""
        if len(self._rules) >= MAX_RULES:
            raise invalid(f"no more than {MAX_RULES} rules")
        self._rules[self._next_id] = (rule, 0)
        self._next_id += 1
        return self._next_id - 1

    def clear(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    def take(self, call: Call) -> tuple[int, ScriptRule] | None:
        """The first rule that matches and is not used up, counted as used; None where no rule speaks."""
        for number, (rule, used) in self._rules.items():
            if (rule.times is None or used < rule.times) and rule.match.holds(call):
                self._rules[number] = (rule, used + 1)
                return number, rule
        return None

    def used(self) -> dict[int, int]:
        """How many requests each rule has served, by rule id."""
        return {number: used for number, (_, used) in self._rules.items()}
