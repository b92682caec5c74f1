"""Settings of the AI gateway. A forbidden destination, or a model that is gone, stops the start."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from ai_gateway.claude.destination import CLAUDE, destination
from ai_gateway.claude.models import find_model
from service_runtime.settings import ServiceSettings


class AiGatewaySettings(ServiceSettings):
    """What this service needs beyond the common settings."""

    anthropic_api_key: SecretStr = Field(min_length=1)
    # What `standard` means, and a prompt that names no model.
    anthropic_model: str = "claude-sonnet-5-5"
    model_fast: str = "claude-haiku-5-5"
    model_standard: str = ""
    model_deep: str = "claude-opus-5-5"
    anthropic_max_tokens: int = Field(default=4000, ge=1, le=128_000)
    # Sent only to models, and by API versions, that take it.
    anthropic_temperature: float = Field(default=0.7, ge=0, le=1)
    # Milliseconds that Claude has for an answer, all attempts together.
    ai_request_timeout: int = Field(default=30_000, ge=1)
    default_ai_provider: Literal["anthropic"] = "anthropic"
    claude_base_url: str = CLAUDE
    # The SDK would read these two by itself; here they may only be empty.
    anthropic_base_url: str = ""
    anthropic_custom_headers: str = ""
    use_redis: bool = True
    # Holds a password.
    redis_url: SecretStr = Field(default=SecretStr(""), validate_default=True)
    # Seconds that an answer is kept.
    cache_ttl: int = Field(default=3600, ge=1)

    @property
    def aliases(self) -> dict[str, str]:
        """The model that each alias stands for."""
        standard = self.model_standard or self.anthropic_model
        return {"fast": self.model_fast, "standard": standard, "deep": self.model_deep}

    @property
    def request_seconds(self) -> float:
        """`AI_REQUEST_TIMEOUT` in seconds."""
        return self.ai_request_timeout / 1000

    @field_validator("anthropic_model", "model_fast", "model_standard", "model_deep")
    @classmethod
    def _is_offered(cls, name: str) -> str:
        if name:
            find_model(name)
        return name

    @field_validator("claude_base_url")
    @classmethod
    def _is_allowed(cls, url: str, info: ValidationInfo) -> str:
        # An environment that is itself wrong counts as production: nothing but Claude.
        return destination(url, info.data.get("environment", "prod")).url

    @field_validator("anthropic_base_url", "anthropic_custom_headers")
    @classmethod
    def _is_empty(cls, value: str) -> str:
        if value:
            raise ValueError("must not be set; requests go to CLAUDE_BASE_URL, with headers of our own")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_given(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("use_redis", True) and not url.get_secret_value().startswith(
            ("redis://", "rediss://")
        ):
            raise ValueError("needs redis://… or rediss://…, or set USE_REDIS=false")
        return url
