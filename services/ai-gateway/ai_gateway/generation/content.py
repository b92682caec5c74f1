"""The content blocks of an answer, where they are more than its text: on their way to who asked."""

import json as json_text
from collections.abc import Mapping

from ai_gateway.claude.reply import Reply
from ai_gateway.privacy.vault import Vault

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
# Names and numbers by which a block is known, and what is signed.
_FORM = frozenset({"id", "type", "name", "tool_use_id", "signature", "data", "encrypted_content"})


def restored(content: str, vault: Vault, *, json: bool) -> list[dict[str, object]]:
    """With the values that were withheld, `json` where the text of the answer is JSON.

    Thoughts stay as they are, with their marks: changed, they would not be taken back.
    """
    if not content:
        return []
    blocks: list[dict[str, object]] = json_text.loads(content)
    if not vault.values:
        return blocks
    return [block if block["type"] in _THOUGHTS else _block(block, vault, json=json) for block in blocks]


def has(reply: Reply, words: str) -> bool:
    """Whether the answer says these words; what Claude thought is no answer."""
    if words in reply.text:
        return True
    if words not in reply.content:
        return False
    blocks = json_text.loads(reply.content)
    return any(words in json_text.dumps(block) for block in blocks if block["type"] not in _THOUGHTS)


def _block(block: Mapping[str, object], vault: Vault, *, json: bool) -> dict[str, object]:
    return {
        name: vault.restore(part, json=json)
        if name == "text" and isinstance(part, str)
        else _restored(name, part, vault)
        for name, part in block.items()
    }


def _restored(name: str, value: object, vault: Vault) -> object:
    if isinstance(value, Mapping):
        return {own: _restored(own, part, vault) for own, part in value.items()}
    if isinstance(value, list):
        return [_restored(name, part, vault) for part in value]
    return vault.restore(value) if isinstance(value, str) and name not in _FORM else value
