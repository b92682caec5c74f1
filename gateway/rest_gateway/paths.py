"""The path templates of `google.api.http`: as Envoy's regular expressions and as OpenAPI paths."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_VARIABLE = re.compile(r"\{([^}=]+)(?:=([^}]*))?\}")


@dataclass(frozen=True)
class PathParameter:
    """One `*` of a template: a part of the field's resource name."""

    # As OpenAPI shows it: `contract`.
    name: str
    # The request's field it is part of: `contract.name`.
    field: str
    # The collection that stands before it: `contracts/`.
    prefix: str
    # Which of the name's parts it is, from 0.
    position: int


@dataclass(frozen=True)
class PathTemplate:
    """A template such as `/v1/{name=contracts/*}:analyze`."""

    text: str

    @property
    def regex(self) -> str:
        """Matches exactly the paths of the template; a segment holds neither a slash nor a verb's colon."""
        plain = _VARIABLE.sub(lambda found: found[2] or "*", self.text)
        return "".join("[^/:]+" if piece == "*" else re.escape(piece) for piece in re.split(r"(\*)", plain))

    @property
    def is_literal(self) -> bool:
        """Whether the template is one single path."""
        return "{" not in self.text and "*" not in self.text

    @property
    def openapi(self) -> str:
        """With one named parameter for each `*`: `/v1/contracts/{contract}:analyze`."""
        return _VARIABLE.sub(lambda found: _as_openapi(found[1], found[2] or "*"), self.text)

    @property
    def parameters(self) -> tuple[PathParameter, ...]:
        """The parameters, in the order of the path."""
        return tuple(self._parameters())

    def _parameters(self) -> Iterator[PathParameter]:
        for field, pattern in _VARIABLE.findall(self.text):
            pieces = (pattern or "*").split("/")
            for position, piece in enumerate(pieces):
                if piece == "*":
                    prefix = f"{pieces[position - 1]}/" if position else ""
                    yield PathParameter(_parameter_name(field, prefix), field, prefix, position)


def _as_openapi(field: str, pattern: str) -> str:
    pieces = pattern.split("/")
    for position, piece in enumerate(pieces):
        if piece == "*":
            name = _parameter_name(field, f"{pieces[position - 1]}/" if position else "")
            pieces[position] = "{" + name + "}"
    return "/".join(pieces)


def _parameter_name(field: str, prefix: str) -> str:
    """`contracts/` → `contract`; a variable without a collection keeps its field's name."""
    return prefix.rstrip("/").removesuffix("s") or field.replace(".", "_")
