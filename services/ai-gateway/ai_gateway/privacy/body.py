"""Which strings of a request are natural text, and which are the form of the request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# In the order in which Claude reads a request: what is behind cannot change the numbers of what is before.
_ORDER = ("tools", "output_config", "system", "messages")
_FORM = frozenset(
    {
        "authorization_token", "encrypted_content", "encrypted_index", "file_id", "id", "media_type", "model",
        "name", "role", "signature", "tool_use_id", "type", "url",
    }
)  # fmt: skip
_SOURCES_UNREAD = frozenset({"base64", "file", "url"})
_DATA_UNREAD = frozenset({"base64", "redacted_thinking"})
# In a JSON Schema: what describes, what is data, and what holds schemas by names of the caller's own.
_SCHEMA_TEXT = frozenset({"description", "title"})
_SCHEMA_DATA = frozenset({"const", "default", "enum", "examples"})
_SCHEMA_NAMES = frozenset({"$defs", "definitions", "properties"})


@dataclass(slots=True)
class Rewriting:
    """Makes a new body. `text` gives what stands for a natural text, `thought` for one that Claude signed;
    `kept` is told each other string.
    """

    text: Callable[[str], str]
    thought: Callable[[str], str]
    kept: Callable[[str], None]
    unread: int = 0

    def body(self, body: Mapping[str, object]) -> dict[str, object]:
        """Raises TypeError for what is not JSON."""
        ordered = [name for name in _ORDER if name in body] + [name for name in body if name not in _ORDER]
        made = {name: self._member(name, body[name], "") for name in ordered}
        return {name: made[name] for name in body}

    def _object(self, value: Mapping[str, object]) -> dict[str, object]:
        kind = value.get("type")
        self.unread += kind in _SOURCES_UNREAD
        return {name: self._member(name, part, kind) for name, part in value.items()}

    def _member(self, name: str, value: object, kind: object) -> object:
        self.kept(name)
        if name == "input":
            return self._data(value)
        if name in ("schema", "input_schema"):
            return self._schema(value)
        if name == "thinking" == kind and isinstance(value, str):
            return self.thought(value)
        if isinstance(value, str) and (name in _FORM or (name == "data" and kind in _DATA_UNREAD)):
            self.kept(value)
            return value
        return self._value(value)

    def _value(self, value: object) -> object:
        if isinstance(value, Mapping):
            return self._object(value)
        if isinstance(value, (list, tuple)):
            return [self._value(part) for part in value]
        return self._single(value)

    def _data(self, value: object) -> object:
        """A tool's input has no form that we know: all of it is text, names included."""
        if isinstance(value, Mapping):
            return {self.text(name): self._data(part) for name, part in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._data(part) for part in value]
        return self._single(value)

    def _schema(self, value: object) -> object:
        if isinstance(value, (list, tuple)):
            return [self._schema(part) for part in value]
        if not isinstance(value, Mapping):
            if isinstance(value, str):
                self.kept(value)
            return value
        return {name: self._schema_member(name, part) for name, part in value.items()}

    def _schema_member(self, name: str, value: object) -> object:
        if name in _SCHEMA_NAMES and isinstance(value, Mapping):
            for own in value:
                self.kept(own)
            return {own: self._schema(part) for own, part in value.items()}
        if name in _SCHEMA_TEXT or name in _SCHEMA_DATA:
            return self._data(value)
        return self._schema(value)

    def _single(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, (bool, int, float)):
            return value
        raise TypeError("not a JSON value")
