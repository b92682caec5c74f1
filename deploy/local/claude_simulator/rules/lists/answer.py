"""The answer to a question for a list: entries by keywords, the other kinds absent."""

from collections.abc import Iterable, Iterator

from claude_simulator.rules.instructions import instructions_to_reader
from claude_simulator.rules.lists.asked import AskedList
from claude_simulator.rules.lists.attributes import attribute
from claude_simulator.rules.lists.clauses import CLAUSES
from claude_simulator.rules.lists.front import opening
from claude_simulator.rules.lists.kinds import KINDS_OF
from claude_simulator.rules.lists.sentences import LONGEST, sentences

_MOST_OF_A_KIND = 8
_SINGLE = frozenset({"list_document_type"})


def listed(asked: AskedList, documents: Iterable[str]) -> dict[str, object]:
    """What the wire's form wants: entries, absent kinds, and what addresses the reader."""
    texts = list(documents)
    said = [sentence for text in texts for sentence in sentences(text)]
    found = [(kind, quote) for kind in asked.kinds for quote in _passages(asked.name, kind, texts, said)]
    if asked.name in _SINGLE:
        found = found[:1] or [(asked.kinds[-1], sentence) for sentence in said[:1]]
    present = {kind for kind, _ in found}
    return {
        "answers": [],
        "entries": [_entry(asked, kind, quote) for kind, quote in found],
        "absent": [kind for kind in asked.kinds if kind not in present],
        "instructions_to_reader": [line for text in texts for line in instructions_to_reader(text)],
    }


def _passages(name: str, kind: str, texts: list[str], said: list[str]) -> list[str]:
    at_the_front = [quote for text in texts for quote in opening(kind, text)]
    by_words = [] if at_the_front else list(_by_words(name, kind, said))
    return list(dict.fromkeys([*at_the_front, *by_words]))[:_MOST_OF_A_KIND]


def _by_words(name: str, kind: str, said: list[str]) -> Iterator[str]:
    holds, without = CLAUSES.get(kind, (None, None)) if name.startswith("list_clauses") else (None, None)
    words = holds or KINDS_OF.get(name, {}).get(kind)
    for sentence in said:
        if words and words.search(sentence) and not (without and without.search(sentence)):
            yield sentence[:LONGEST]


def _entry(asked: AskedList, kind: str, quote: str) -> dict[str, object]:
    stated = [found for name, _ in asked.attributes if (found := attribute(name, quote))]
    named = {found["name"] for found in stated}
    return {
        "kind": kind,
        "text": "The passage speaks of this." if asked.with_text else "",
        "grade": asked.grades[len(asked.grades) // 2] if asked.grades else "",
        "quote": quote,
        "attributes": stated,
        "absent": [name for name, _ in asked.attributes if name not in named],
    }
