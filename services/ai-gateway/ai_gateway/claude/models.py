"""The models that may be asked: their limits, when they end, and what replaces those that are gone."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from anthropic.resources.messages.messages import DEPRECATED_MODELS

_log = logging.getLogger("bloom.ai.claude")
# How long before its end a configured model is spoken of at start.
_NOTICE = timedelta(days=90)
# From this version of the API on no model takes `temperature`, `top_p` or `top_k`.
_NO_SAMPLING_SINCE = "2026-10-21"
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
         "November", "December"), start=1,
    )
}  # fmt: skip
_END = re.compile(r"(\w+) (\d{1,2})(?:st|nd|rd|th), (\d{4})")


@dataclass(frozen=True, slots=True)
class Model:
    """A model by the name the API knows. `max_output` is in tokens."""

    name: str
    max_output: int = 128_000
    takes_sampling: bool = False

    def takes_temperature(self, api_version: str) -> bool:
        """Whether `temperature` may be sent to it; models from 4.7 on refuse it on any version."""
        return self.takes_sampling and api_version < _NO_SAMPLING_SINCE

    @property
    def on_bedrock(self) -> bool:
        """Whether Bedrock serves it by the API version that we speak: models from 4.7 on, as with sampling.

        https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy
        """
        return not self.takes_sampling


class ModelUnavailableError(ValueError):
    """No such model, or not any more, or not here; `replacement` is of the same line. `why` is a clause."""

    def __init__(self, model: str, replacement: str, why: str = "is unknown or has no known price") -> None:
        super().__init__(f"{model} {why}; use {replacement}")
        self.model = model
        self.replacement = replacement


# Models with a price on the sheet; one without could not be metered. `claude-fable-5-2` waits for its price.
_CATALOGUE: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model("claude-fable-5-1"),
        Model("claude-opus-5-5"),
        Model("claude-opus-5"),
        Model("claude-opus-4-8"),
        Model("claude-opus-4-7"),
        Model("claude-opus-4-6", 64_000, takes_sampling=True),
        Model("claude-opus-4-5", 64_000, takes_sampling=True),
        Model("claude-sonnet-5-5"),
        Model("claude-sonnet-5"),
        Model("claude-sonnet-4-6", 64_000, takes_sampling=True),
        Model("claude-sonnet-4-5", 64_000, takes_sampling=True),
        Model("claude-sonnet-4-5-20250929", 64_000, takes_sampling=True),
        Model("claude-haiku-5-5"),
        Model("claude-haiku-4-5", 64_000, takes_sampling=True),
        Model("claude-haiku-4-5-20251001", 64_000, takes_sampling=True),
    )
}
_LINES = {"opus": "claude-opus-5-5", "haiku": "claude-haiku-5-5", "fable": "claude-fable-5-1"}


def known_models() -> tuple[Model, ...]:
    """All that were ever on our list, also those that have ended since."""
    return tuple(_CATALOGUE.values())


def find_model(name: str, today: date | None = None, *, bedrock: bool = False) -> Model:
    """The model of that name. Raises ModelUnavailableError when there is none, or none any more by `today`.

    `bedrock`: it must also be one that Bedrock serves by our version of the API.
    """
    end = retirement(name)
    if end is not None and end <= (today or datetime.now(UTC).date()):
        raise ModelUnavailableError(name, _replacement(name), f"was retired on {end}")
    model = _CATALOGUE.get(name)
    if model is None:
        raise ModelUnavailableError(name, _replacement(name))
    if bedrock and not model.on_bedrock:
        raise ModelUnavailableError(name, _replacement(name), "is too old for Bedrock by this API version")
    return model


def model_ids(profile: str) -> dict[str, str]:
    """Bedrock's name for each model that it serves us; `profile` is an inference profile's prefix, or empty.

    From 4.7 on the name is the model's own after `anthropic.`, without a version.
    """
    prefix = f"{profile}.anthropic." if profile else "anthropic."
    return {model.name: prefix + model.name for model in _CATALOGUE.values() if model.on_bedrock}


def announce_endings(names: Iterable[str], today: date | None = None) -> None:
    """One line in the log for each of these models that will soon be refused, with what replaces it."""
    now = today or datetime.now(UTC).date()
    for name in sorted(set(names)):
        end = retirement(name)
        if end is not None and end - now <= _NOTICE:
            _log.warning(
                "A configured model ends soon",
                extra={"model": name, "ends_on": end.isoformat(), "replacement": _replacement(name)},
            )


def retirement(name: str) -> date | None:
    """The day on which requests begin to be refused, as the SDK knows it; None while no end is announced."""
    end = _END.fullmatch(DEPRECATED_MODELS.get(name, ""))
    return date(int(end[3]), _MONTHS[end[1]], int(end[2])) if end else None


def _replacement(name: str) -> str:
    lines = (replacement for line, replacement in _LINES.items() if line in name)
    return next(lines, "claude-sonnet-5-5")
