"""The content blocks of an answer, whole or gathered from a stream. What they are for is not known here."""

import json
from collections.abc import Mapping, Sequence

_PLAIN = frozenset({"type", "text"})


class Blocks:
    """Kept beside the text of an answer, and told only where there is more than text."""

    def __init__(self) -> None:
        self._blocks: list[dict[str, object]] = []
        # Of those that come in pieces: where the text of each begins among the parts, and its input so far.
        self._begins: list[int] = []
        self._inputs: dict[int, str] = {}

    def take(self, blocks: Sequence[Mapping[str, object]]) -> None:
        """All of a whole answer."""
        self._blocks = [dict(block) for block in blocks]

    def begin(self, block: Mapping[str, object], parts: int) -> None:
        """The next one of a stream, when so many parts of text have come."""
        self._blocks.append(dict(block))
        self._begins.append(parts)

    def add(self, index: object, delta: Mapping[str, object]) -> None:
        """More of the block with that index, other than text. Raises ValueError where there is none.

        What a delta names grows: words are put behind words, and a citation is one more of them.
        """
        if not isinstance(index, int) or not 0 <= index < len(self._blocks):
            raise ValueError("no such block")
        block = self._blocks[index]
        for name, more in delta.items():
            if name == "partial_json":
                self._inputs[index] = self._inputs.get(index, "") + str(more)
            elif name == "citation":
                before = block.get("citations")
                block["citations"] = [*(before if isinstance(before, list) else ()), more]
            elif name not in _PLAIN:
                before = block.get(name)
                together = isinstance(before, str) and isinstance(more, str)
                block[name] = f"{before}{more}" if together else more

    def as_json(self, parts: Sequence[str]) -> str:
        """The blocks; nothing where they are text and nothing else. Raises ValueError for a broken input."""
        if all(_is_plain(block) for block in self._blocks):
            return ""
        for index, text in self._inputs.items():
            self._blocks[index]["input"] = json.loads(text) if text else {}
        if self._begins:
            ends = [*self._begins[1:], len(parts)]
            for block, begin, end in zip(self._blocks, self._begins, ends, strict=True):
                if block["type"] == "text":
                    block["text"] = "".join(parts[begin:end])
        text = json.dumps(self._blocks, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        # Halves of characters, which JSON can name, are no text.
        return text.encode(errors="replace").decode()


def _is_plain(block: Mapping[str, object]) -> bool:
    """Nothing but text; citations that are off come as null."""
    return block.get("type") == "text" and all(
        name in _PLAIN or (name == "citations" and not value) for name, value in block.items()
    )
