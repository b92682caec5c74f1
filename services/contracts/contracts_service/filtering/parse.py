"""Reads the filter language of AIP-160: `capacity_kw > 1000 AND (state = ACTIVE OR NOT tags : "old")`.

As the AIP has it, OR binds closer than AND, and words beside each other are joined by AND. A word or phrase
alone is looked for in the documents.
"""

import re
from dataclasses import dataclass

from contracts_service.filtering.errors import broken

_TOKEN = re.compile(
    r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(<=|>=|!=|=|<|>|:)|([()])|(-(?=[^\s\d]))|([^\s"'=<>!:()]+))"""
)
_COMPARATORS = frozenset({"=", "!=", "<", "<=", ">", ">=", ":"})
# Deeper than anybody nests by hand; it bounds what a caller can make of the stack.
_MAX_DEPTH = 20
_MAX_RESTRICTIONS = 40


@dataclass(frozen=True, slots=True)
class Token:
    """`quoted` words are values, never operators."""

    position: int
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Restriction:
    """`name operator value`; without an operator, `name` is looked for in the documents."""

    name: Token
    operator: str
    value: Token


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class Both:
    """All of them."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them."""

    parts: tuple["Expression", ...]


Expression = Restriction | Not | Both | Either


def parse(text: str) -> Expression | None:
    """None for an empty filter. Raises FILTER_INVALID with the position."""
    reader = _Reader(_tokens(text), len(text))
    if reader.at_end:
        return None
    expression = reader.expression()
    if not reader.at_end:
        raise broken(reader.position, "a parenthesis closes nothing, or a word is too much")
    return expression


def _tokens(text: str) -> list[Token]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise broken(position, "a quote is not closed, or a character does not belong here")
        double, single, *others = match.groups()
        quoted = double if double is not None else single
        word = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else next(filter(None, others))
        if "\0" in word:
            raise broken(match.start(), "a value cannot hold a NUL character")
        tokens.append(Token(match.end() - len(match[0].lstrip()), word, quoted is not None))
        position = match.end()
    return tokens


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token], end: int) -> None:
        self._tokens, self._end = tokens, end
        self._next = self._depth = self._restrictions = 0

    @property
    def at_end(self) -> bool:
        return self._next == len(self._tokens)

    @property
    def position(self) -> int:
        return self._end if self.at_end else self._tokens[self._next].position

    def expression(self) -> Expression:
        parts = [self._either()]
        while not self.at_end and not self._is(")"):
            self._take("AND")
            parts.append(self._either())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _either(self) -> Expression:
        parts = [self._term()]
        while self._take("OR"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _term(self) -> Expression:
        if self._take("NOT") or self._take("-"):
            return Not(self._simple())
        return self._simple()

    def _simple(self) -> Expression:
        if not self._take("("):
            return self._restriction()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise broken(self.position, f"more than {_MAX_DEPTH} parentheses inside each other")
        inner = self.expression()
        if not self._take(")"):
            raise broken(self.position, "a parenthesis is not closed")
        self._depth -= 1
        return inner

    def _restriction(self) -> Expression:
        self._restrictions += 1
        if self._restrictions > _MAX_RESTRICTIONS:
            raise broken(self.position, f"more than {_MAX_RESTRICTIONS} comparisons")
        name = self._word("a field, a word or a parenthesis")
        if (
            self.at_end
            or self._tokens[self._next].quoted
            or self._tokens[self._next].text not in _COMPARATORS
        ):
            return Restriction(name, "", name)
        operator = self._tokens[self._next].text
        self._next += 1
        return Restriction(name, operator, self._word(f"a value after {name.text} {operator}"))

    def _word(self, expected: str) -> Token:
        if self.at_end:
            raise broken(self._end, f"expected {expected}")
        token = self._tokens[self._next]
        operator = token.text in _COMPARATORS or token.text in ("(", ")", "AND", "OR", "NOT", "-")
        if operator and not token.quoted:
            raise broken(token.position, f"expected {expected}, not {token.text}")
        self._next += 1
        return token

    def _is(self, word: str) -> bool:
        token = None if self.at_end else self._tokens[self._next]
        return token is not None and token.text == word and not token.quoted

    def _take(self, word: str) -> bool:
        found = self._is(word)
        self._next += found
        return found
