"""Puts withheld values back into an answer, whole or as it streams."""

import json as json_text
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ai_gateway.privacy.placeholders import PLACEHOLDER, settled_length
from ai_gateway.privacy.seal import SealBrokenError


@dataclass(frozen=True, slots=True)
class Vault:
    """What each placeholder of one request stands for. It does not print."""

    values: Mapping[str, str] = field(repr=False)

    def restore(self, text: str, *, json: bool = False) -> str:
        """`text` with its values; `json` when it is JSON text, where they stand inside strings."""
        if not self.values:
            return text

        def value(mark: re.Match[str]) -> str:
            # What Claude made up stands for nothing and stays.
            kept = self.values.get(mark[0])
            if kept is None:
                return mark[0]
            return json_text.dumps(kept, ensure_ascii=False)[1:-1] if json else kept

        return PLACEHOLDER.sub(value, text)

    def stream(self, *, json: bool = False, seal: str = "") -> "Restorer":
        """For an answer that comes in pieces, and must not have `seal`."""
        return Restorer(self, json=json, seal=seal)


class Restorer:
    """Gives the same text as `Vault.restore`, wherever it was cut; it keeps back a few characters at most."""

    def __init__(self, vault: Vault, *, json: bool, seal: str) -> None:
        self._vault = vault
        self._json = json
        self._seal = seal
        self._held = ""

    def feed(self, delta: str) -> str:
        """What is settled by now; it may be nothing. Raises SealBrokenError before the seal is given."""
        if not self._vault.values and not self._seal:
            return delta
        text = self._held + delta
        settled = settled_length(text)
        self._held = text[settled:]
        if self._seal and self._seal in text[:settled]:
            raise SealBrokenError
        return self._vault.restore(text[:settled], json=self._json)

    def end(self) -> str:
        """The rest, after the last piece."""
        rest, self._held = self._held, ""
        return rest
