"""Reads script rules from JSON, strictly: an unknown name or a wrong type is refused where it is posted."""

from collections.abc import Mapping

from claude_simulator.endpoints import Endpoint
from claude_simulator.faults import read_fault
from claude_simulator.field_groups import INSTRUCTIONS
from claude_simulator.problems import invalid
from claude_simulator.script import Match, ScriptedAnswer, ScriptRule


def read_rule(spec: object) -> ScriptRule:
    """A rule from its JSON form; a 400 RefusalError on unknown names or wrong types."""
    rule = _object("rule", spec, "match", "times", "answer", "fault", "delay_ms", "headers", "usage", "hold")
    times, delay = rule.get("times"), rule.get("delay_ms", 0)
    usage, hold = rule.get("usage", "early"), rule.get("hold", False)
    if times is not None and (not isinstance(times, int) or times < 1):
        raise invalid("rule.times: a positive number or null")
    if not isinstance(delay, int | float):
        raise invalid("rule.delay_ms: a number of milliseconds")
    if usage not in ("early", "late") or not isinstance(hold, bool):
        raise invalid("rule.usage: 'early' or 'late'; rule.hold: true or false")
    return ScriptRule(
        match=_read_match(rule.get("match", {})),
        times=times,
        answer=_read_answer(rule["answer"]) if rule.get("answer") is not None else None,
        fault=read_fault(rule["fault"]) if rule.get("fault") is not None else None,
        delay=delay / 1_000,
        headers={name: str(value) for name, value in _object("headers", rule.get("headers", {})).items()},
        late_usage=usage == "late",
        hold=hold,
    )


def _read_match(spec: object) -> Match:
    match = _object("match", spec, "contains", "schema_has", "model", "endpoint", "custom_id")
    contains = match.get("contains", [])
    words = [contains] if isinstance(contains, str) else contains
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise invalid("match.contains: a string or a list of strings")
    endpoint = match.get("endpoint")
    if endpoint not in (None, *Endpoint):
        raise invalid(f"match.endpoint: one of {', '.join(Endpoint)}")
    return Match(
        contains=tuple(words),
        schema_has=_text_or_none(match, "schema_has"),
        model=_text_or_none(match, "model"),
        endpoint=Endpoint(str(endpoint)) if endpoint is not None else None,
        custom_id=_text_or_none(match, "custom_id"),
    )


def _read_answer(spec: object) -> ScriptedAnswer:
    answer = _object("answer", spec, "fields", "json", "text", "content", "mode")
    if len(answer.keys() & {"fields", "json", "text", "content"}) != 1:
        raise invalid("answer: exactly one of fields, json, text and content")
    if answer.get("mode", "absent") not in ("absent", "truth"):
        raise invalid("answer.mode: 'absent' or 'truth'")
    if "fields" in answer:
        return ScriptedAnswer(_read_fields(answer["fields"]), over_truth=answer.get("mode") == "truth")
    if "json" in answer:
        return ScriptedAnswer(json=(answer["json"],))
    if "content" in answer:
        return ScriptedAnswer(content=_read_content(answer["content"]))
    return ScriptedAnswer(text=_text_or_none(answer, "text") or "")


def _read_content(spec: object) -> tuple[Mapping[str, object], ...]:
    if not isinstance(spec, list) or not spec:
        raise invalid("answer.content: a list of blocks")
    return tuple(_object(f"answer.content.{index}", block) for index, block in enumerate(spec))


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
