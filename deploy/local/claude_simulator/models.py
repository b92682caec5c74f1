"""The models the simulator knows, as data: limits, what they accept and when they end."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from claude_simulator.problems import RefusalError


@dataclass(frozen=True)
class Model:
    """One model. Limits count tokens; `retires` is the first day on which requests are refused.

    `cacheable_from`: the shortest prefix that the prompt cache takes, as published for models up to 5.
    https://platform.claude.com/docs/en/build-with-claude/prompt-caching#cache-limitations
    """

    id: str
    name: str
    line: str
    released: date
    window: int = 1_000_000
    max_output: int = 128_000
    retires: date | None = None
    cacheable_from: int = 1_024
    takes_sampling: bool = False  # temperature, top_p, top_k, on API versions that still carry them
    takes_forced_tools: bool = True


def _earlier(
    name: str, display: str, line: str, released: date, retires: date | None = None, cacheable: int = 1_024
) -> Model:
    """A model of before 4.7: a smaller window, and sampling parameters on API versions that carry them."""
    return Model(name, display, line, released, 200_000, 64_000, retires, cacheable, takes_sampling=True)


CATALOGUE = (
    Model("claude-opus-5-5", "Claude Opus 5.5", "opus", date(2026, 9, 22)),
    Model("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", date(2026, 10, 7), takes_forced_tools=False),
    Model("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", date(2026, 10, 21)),
    Model("claude-fable-5-2", "Claude Fable 5.2", "fable", date(2026, 10, 28)),
    Model("claude-fable-5-1", "Claude Fable 5.1", "fable", date(2026, 8, 18), cacheable_from=512),
    Model("claude-opus-5", "Claude Opus 5", "opus", date(2026, 6, 9), cacheable_from=512),
    Model("claude-sonnet-5", "Claude Sonnet 5", "sonnet", date(2026, 5, 12)),
    _earlier("claude-haiku-4-5", "Claude Haiku 4.5", "haiku", date(2025, 10, 1), cacheable=4_096),
    _earlier("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "haiku", date(2025, 10, 1), cacheable=4_096),
    _earlier("claude-sonnet-4-5", "Claude Sonnet 4.5", "sonnet", date(2025, 9, 29), date(2026, 11, 30)),
    _earlier(
        "claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "sonnet", date(2025, 9, 29), date(2026, 11, 30)
    ),
    _earlier("claude-sonnet-4-0", "Claude Sonnet 4", "sonnet", date(2025, 5, 14), date(2026, 6, 15)),
    _earlier("claude-opus-4-0", "Claude Opus 4", "opus", date(2025, 5, 14), date(2026, 6, 15)),
    _earlier(
        "claude-3-5-sonnet-20241022", "Claude Sonnet 3.5", "sonnet", date(2024, 10, 22), date(2025, 10, 28)
    ),
)
_BY_ID = {model.id: model for model in CATALOGUE}


def find_model(name: str, today: date) -> Model:
    """The model of that name; a 404 RefusalError when it is unknown, or retired by `today` (UTC)."""
    model = _BY_ID.get(name)
    if model is None or is_retired(model, today):
        raise RefusalError(404, f"model: {name}")
    return model


def is_retired(model: Model, today: date) -> bool:
    """Whether requests that name the model are refused on that day."""
    return model.retires is not None and model.retires <= today


def model_info(model: Model, today: date) -> dict[str, object]:
    """The entry `GET /v1/models` lists for a model."""
    lifecycle = "retired" if is_retired(model, today) else "deprecated" if model.retires else "active"
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": _midnight(model.released),
        "lifecycle": lifecycle,
        "retires_at": _midnight(model.retires) if model.retires else None,
        "line": model.line,
        "max_input_tokens": model.window,
        "max_tokens": model.max_output,
    }


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat().replace("+00:00", "Z")
