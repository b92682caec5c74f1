"""Requests to Claude made up at random, and others that differ from them in exactly one thing.

Fast on purpose: a property of the cache's key is worth as much as the number of pairs that it was tried on.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any, Literal
from uuid import UUID

Path = tuple[str | int, ...]
Body = dict[str, Any]

_WORDS = (
    "price", "term", "Käufer", "ﬁve", "10 %", "²", "é", "e\u0301", "Ω", "\u2126", "a\u200bb", "Ａ", "\u00a0",
    "", " ", "\n", "{", '"', "\\", "null", "1", "1.0", "true", "\u202e", "😀", "ſ", "ß", "\x00", "}],[{",
)  # fmt: skip
_SMALL: tuple[Any, ...] = (
    0,
    1,
    -1,
    10,
    4000,
    0.5,
    1.5,
    True,
    False,
    None,
    "",
    "1",
    "true",
    "null",
    [],
    {},
    1e16,
    2**53,
)
_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
# What looks like the first, at least to somebody.
_LOOK_ALIKES = {
    "a": "а", "e": "е", "o": "ο", "A": "Ａ", "1": "１", "ß": "ss", "²": "2", "-": "‐", " ": "\u00a0",
    "Ω": "\u2126", "\u2126": "Ω", "ſ": "s", "\n": "\r\n", "i": "ı",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Everything that an answer depends on."""

    org: UUID
    destination: str
    version: str
    body: Body


def asked(chance: Random) -> Asked:
    """A request as the gateway resolves them, and with fields that it has never heard of."""
    body: Body = {
        "model": chance.choice(("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5")),
        "max_tokens": chance.choice((1, 10, 4000)),
        "system": [_text(chance) for _ in range(chance.randrange(1, 3))],
        "messages": [
            {"role": role, "content": [_block(chance) for _ in range(chance.randrange(1, 4))]}
            for role in ("user", "assistant", "user")[: chance.choice((1, 1, 3))]
        ],
    }
    for name, make in _OPTIONAL.items():
        if chance.random() < 0.3:
            body[name] = make(chance)
    destination = chance.choice(("https://api.anthropic.com", "http://127.0.0.1:8080"))
    return Asked(UUID(int=chance.getrandbits(128)), destination, "2026-10-21", body)


def changes(chance: Random, before: Asked, number: int) -> Iterator[tuple[Asked, object]]:
    """So many requests, in each of which one thing is another one, with their meanings."""
    meant = meaning(before)
    while number:
        after = chance.choice(_CHANGES)(chance, before)
        if (means := meaning(after)) != meant:
            number -= 1
            yield after, means


def reordered(chance: Random, value: Any) -> Any:
    """The same value with the names of every object in another order."""
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: reordered(chance, value[name]) for name in names}
    return [reordered(chance, part) for part in value] if isinstance(value, list) else value


def meaning(request: Asked) -> tuple[object, ...]:
    """Equal exactly for requests that mean the same; written without the code that it judges."""
    return request.org.int, request.destination, request.version, _shape(request.body)


def _shape(value: Any) -> Any:
    """As JSON tells values apart: by their kind, and objects by their names in whatever order."""
    if isinstance(value, dict):
        return "object", *((name, _shape(value[name])) for name in sorted(value))
    if isinstance(value, list):
        return "array", *map(_shape, value)
    return type(value), value


def _words(chance: Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randrange(1, 5)))


def _text(chance: Random) -> Body:
    block: Body = {"type": "text", "text": _words(chance)}
    return {**block, "cache_control": {"type": "ephemeral"}} if chance.random() < 0.2 else block


def _block(chance: Random) -> Body:
    match chance.randrange(4):
        case 0:
            source = {"type": "text", "media_type": "text/plain", "data": _words(chance)}
            return {"type": "document", "source": source, "title": _words(chance)}
        case 1:
            return {"type": _words(chance), "novel": _any(chance, 2)}
        case _:
            return _text(chance)


def _any(chance: Random, depth: int) -> Any:
    match chance.randrange(4 if depth else 2):
        case 0:
            return _words(chance)
        case 1:
            return chance.choice(_SMALL)
        case 2:
            return [_any(chance, depth - 1) for _ in range(chance.randrange(3))]
        case _:
            return {_words(chance): _any(chance, depth - 1) for _ in range(chance.randrange(3))}


def _schema(chance: Random) -> Body:
    names = {_words(chance) for _ in range(2)}
    kinds = {name: {"type": chance.choice(("string", "number", "boolean"))} for name in sorted(names)}
    return {"type": "object", "properties": kinds, "required": sorted(names), "additionalProperties": False}


_OPTIONAL: dict[str, Callable[[Random], Any]] = {
    "output_config": lambda chance: {
        "format": {"type": "json_schema", "schema": _schema(chance)},
        "effort": chance.choice(("low", "high")),
    },
    "thinking": lambda chance: {"type": chance.choice(("adaptive", "enabled", "disabled"))},
    "temperature": lambda chance: chance.choice((0, 0.0, 0.7, 1, 1.0)),
    "stop_sequences": lambda chance: [_words(chance) for _ in range(2)],
    "betas": lambda chance: [chance.choice(("files-2026-01", "context-2026-02"))],
    "of_next_year": lambda chance: _any(chance, 3),
}


def _another_org(chance: Random, before: Asked) -> Asked:
    return replace(before, org=UUID(int=before.org.int ^ (1 << chance.randrange(128))))


def _another_place(chance: Random, before: Asked) -> Asked:
    return replace(before, destination=_another_text(chance, before.destination))


def _another_version(chance: Random, before: Asked) -> Asked:
    return replace(before, version=_another_text(chance, before.version))


def _another_leaf(chance: Random, before: Asked) -> Asked:
    path, value = chance.choice(_all_leaves(before))
    return _with(before, path, _another_value(chance, value))


def _fewer(chance: Random, before: Asked) -> Asked:
    """A name or an element is gone."""
    path, holder = _holder(chance, before, dict if chance.random() < 0.7 else list)
    if isinstance(holder, dict):
        gone = chance.choice(list(holder)) if holder else None
        return _with(before, path, {name: part for name, part in holder.items() if name != gone})
    place = chance.randrange(len(holder) + 1)
    return _with(before, path, [*holder[:place], *holder[place + 1 :]])


def _more(chance: Random, before: Asked) -> Asked:
    """There is one more name, whose value may be as little as null."""
    path, holder = _holder(chance, before, dict)
    return _with(before, path, {**holder, chance.choice(("novel", "Model", "", "stream")): _any(chance, 1)})


def _renamed(chance: Random, before: Asked) -> Asked:
    path, holder = _holder(chance, before, dict)
    old = chance.choice(list(holder)) if holder else ""
    new = _another_text(chance, old)
    if new in holder:
        return before
    return _with(before, path, {new if name == old else name: part for name, part in holder.items()})


def _swapped(chance: Random, before: Asked) -> Asked:
    """Two elements, or the values of two names, change places."""
    path, holder = _holder(chance, before, list if chance.random() < 0.6 else dict)
    if len(holder) < 2:
        return before
    after = dict(holder) if isinstance(holder, dict) else list(holder)
    one, other = chance.sample(list(holder) if isinstance(holder, dict) else range(len(holder)), 2)
    after[one], after[other] = holder[other], holder[one]
    return _with(before, path, after)


def _moved_boundary(chance: Random, before: Asked) -> Asked:
    """The same words in a row, cut elsewhere: two blocks for one, or a letter in the next block."""
    place = chance.randrange(len(before.body["messages"]))
    content = before.body["messages"][place]["content"]
    at = chance.randrange(len(content))
    text = content[at].get("text", "")
    if not text:
        return before
    cut = chance.randrange(len(text) + 1)
    parts = [{**content[at], "text": text[:cut]}, {**content[at], "text": text[cut:]}]
    following = content[at + 1] if at + 1 < len(content) else {}
    rest = content[at + 1 :]
    if "text" in following and chance.random() < 0.5:
        parts = [parts[0], {**following, "text": text[cut:] + following["text"]}]
        rest = content[at + 2 :]
    return _with(before, ("messages", place, "content"), [*content[:at], *parts, *rest])


def _moved_to_system(chance: Random, before: Asked) -> Asked:
    """What the user said is said by the system."""
    first = before.body["messages"][0]
    *rest, last = first["content"]
    body = {**before.body, "system": [*before.body["system"], last]}
    return replace(
        before, body={**body, "messages": [{**first, "content": rest}, *before.body["messages"][1:]]}
    )


def _wrapped(chance: Random, before: Asked) -> Asked:
    path, value = chance.choice(_all_leaves(before))
    return _with(before, path, chance.choice(([value], {"": value}, [value, None])))


_CHANGES = (
    _another_org, _another_place, _another_version, _another_leaf, _another_leaf, _another_leaf, _fewer,
    _more, _renamed, _swapped, _moved_boundary, _moved_to_system, _wrapped,
)  # fmt: skip


def _another_value(chance: Random, value: Any) -> Any:
    if isinstance(value, str):
        return chance.choice((_another_text(chance, value), _another_kind(value)))
    if isinstance(value, bool) or value is None:
        return chance.choice(
            (int(value or 0), str(value), str(value).lower(), not value, None, [], {}, "", 0.0)
        )
    if isinstance(value, int | float):
        return chance.choice(
            (value + 1, -value, str(value), float(value), int(value), bool(value), value / 2)
        )
    return chance.choice((None, "", 0, False, [], {}, [None], {"": None}))


def _another_kind(text: str) -> Any:
    """The number, truth or nothing that a text spells."""
    spelled: dict[str, Any] = {"true": True, "false": False, "null": None, "": None}
    if text in spelled:
        return spelled[text]
    return int(text) if text.isdecimal() and text.isascii() else [text]


def _another_text(chance: Random, text: str) -> str:
    form = chance.choice(_FORMS)
    place = chance.randrange(len(text) + 1)
    letter = text[place : place + 1]
    return chance.choice((
        unicodedata.normalize(form, text), text + chance.choice((" ", "\u200b", "\x00", "\ufeff")),
        text[:place] + _LOOK_ALIKES.get(letter, letter.swapcase()) + text[place + 1 :],
        text[:place] + chance.choice((",", '"', "\\", "}", "\u0301")) + text[place:],
        text[:place] + text[place + 1 :], text.upper(), text.strip(), text.casefold(),
    ))  # fmt: skip


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """What holds nothing more."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not parts:
        yield path, value
    for step, part in parts:
        yield from _leaves(part, (*path, step))


@lru_cache(maxsize=1)
def _all_leaves(request: Asked) -> list[tuple[Path, Any]]:
    return [*_leaves(request.body)]


@lru_cache(maxsize=2)
def _all_holders(request: Asked, kind: type) -> list[tuple[Path, Any]]:
    return [*_holders(request.body, kind)]


def _holders(value: Any, kind: type, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, kind):
        yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from _holders(part, kind, (*path, step))


def _holder(chance: Random, before: Asked, kind: type) -> tuple[Path, Any]:
    return chance.choice(_all_holders(before, kind))


def _with(before: Asked, path: Path, value: Any) -> Asked:
    return replace(before, body=_put(before.body, path, value))


def _put(holder: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copy: Any = dict(holder) if isinstance(holder, dict) else list(holder)
    copy[path[0]] = _put(holder[path[0]], path[1:], value)
    return copy
