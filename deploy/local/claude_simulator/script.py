"""Scripted answers: rules that a test lays down, matched in the order they were added."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claude_simulator.faults import Fault, read_fault
from claude_simulator.field_groups import INSTRUCTIONS, asked_fields
from claude_simulator.problems import invalid
from claude_simulator.request import MessagesRequest
from claude_simulator.schema import properties_of

MAX_RULES = 10_000


@dataclass(frozen=True)
class Match:
    """Which requests a rule serves; everything given must hold."""

    contains: tuple[str, ...] = ()  # each stands in system or messages
    schema_has: str | None = None  # a top-level property of the answer schema, or a field asked for
    model: str | None = None

    def holds(self, asked: MessagesRequest) -> bool:
        """Whether the rule is for this request."""
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
    """What to say: field answers, any JSON value, or text. Exactly one is set."""

    fields: Mapping[str, object] | None = None
    over_truth: bool = False  # fields overlay the rules' own answer instead of ABSENT
    text: str | None = None
    json: tuple[object, ...] = ()  # one value, or none


@dataclass(frozen=True)
class ScriptRule:
    """One rule. `times` is how many requests it serves, None for all; `delay` is in seconds."""

    match: Match = field(default_factory=Match)
    times: int | None = None
    answer: ScriptedAnswer | None = None
    fault: Fault | None = None
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)  # set on the response, such as rate limits


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

    def take(self, asked: MessagesRequest) -> tuple[int, ScriptRule] | None:
        """The first rule that matches and is not used up, counted as used; None where no rule speaks."""
        for number, (rule, used) in self._rules.items():
            if (rule.times is None or used < rule.times) and rule.match.holds(asked):
                self._rules[number] = (rule, used + 1)
                return number, rule
        return None

    def used(self) -> dict[int, int]:
        """How many requests each rule has served, by rule id."""
        return {number: used for number, (_, used) in self._rules.items()}


def read_rule(spec: object) -> ScriptRule:
    """A rule from its JSON form; a 400 RefusalError on unknown names or wrong types."""
    rule = _object("rule", spec, "match", "times", "answer", "fault", "delay_ms", "headers")
    times, delay = rule.get("times"), rule.get("delay_ms", 0)
    if times is not None and (not isinstance(times, int) or times < 1):
        raise invalid("rule.times: a positive number or null")
    if not isinstance(delay, int | float):
        raise invalid("rule.delay_ms: a number of milliseconds")
    return ScriptRule(
        match=_read_match(rule.get("match", {})),
        times=times,
        answer=_read_answer(rule["answer"]) if rule.get("answer") is not None else None,
        fault=read_fault(rule["fault"]) if rule.get("fault") is not None else None,
        delay=delay / 1_000,
        headers={name: str(value) for name, value in _object("headers", rule.get("headers", {})).items()},
    )


def _read_match(spec: object) -> Match:
    match = _object("match", spec, "contains", "schema_has", "model")
    contains = match.get("contains", [])
    words = [contains] if isinstance(contains, str) else contains
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise invalid("match.contains: a string or a list of strings")
    return Match(tuple(words), _text_or_none(match, "schema_has"), _text_or_none(match, "model"))


def _read_answer(spec: object) -> ScriptedAnswer:
    answer = _object("answer", spec, "fields", "json", "text", "mode")
    if len(answer.keys() & {"fields", "json", "text"}) != 1:
        raise invalid("answer: exactly one of fields, json and text")
    if answer.get("mode", "absent") not in ("absent", "truth"):
        raise invalid("answer.mode: 'absent' or 'truth'")
    if "fields" in answer:
        return ScriptedAnswer(_read_fields(answer["fields"]), over_truth=answer.get("mode") == "truth")
    if "json" in answer:
        return ScriptedAnswer(json=(answer["json"],))
    return ScriptedAnswer(text=_text_or_none(answer, "text") or "")


def _read_fields(spec: object) -> Mapping[str, object]:
    fields = _object("answer.fields", spec)
    for name, said in fields.items():
        if name != INSTRUCTIONS:
            _object(f"answer.fields.{name}", said)
        elif not isinstance(said, list):
            raise invalid(f"answer.fields.{name}: a list")
    return fields


def _object(name: str, value: object, *known: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise invalid(f"{name}: an object")
    if known and (unknown := value.keys() - set(known)):
        raise invalid(f"{name}: unknown {', '.join(sorted(unknown))}")
    return value


def _text_or_none(spec: Mapping[str, object], name: str) -> str | None:
    value = spec.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"{name}: a string")
    return value
