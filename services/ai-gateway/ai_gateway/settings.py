"""Settings of the AI gateway. A forbidden destination, or a model that is gone, stops the start."""

from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from ai_gateway.claude import destination
from ai_gateway.claude.destination import CLAUDE, Destination
from ai_gateway.claude.models import find_model, model_ids
from service_runtime.settings import ServiceSettings


class AiGatewaySettings(ServiceSettings):
    """What this service needs beyond the common settings."""

    # Calls wait for Claude, not for us, and equal ones for one another: many may be here.
    max_concurrent_calls: int = Field(default=2000, ge=1)
    # Claude itself, or the same Claude by way of Amazon Bedrock.
    claude_transport: Literal["anthropic", "bedrock"] = "anthropic"
    # Read the key from Secrets Manager, and again every so many seconds and when Claude refuses it.
    enable_aws_secrets_manager: bool = False
    anthropic_api_key_secret: str = Field(default="bloom-energy-anthropic-key", min_length=1)
    anthropic_api_key_reload_seconds: float = Field(default=60, ge=1)
    # Needed by neither Bedrock nor Secrets Manager.
    anthropic_api_key: SecretStr = Field(default=SecretStr(""), validate_default=True)
    aws_region: str = Field(default="", validate_default=True)
    # Empty for Bedrock's public address in the region; else its VPC endpoint.
    bedrock_endpoint_url: str = Field(default="", validate_default=True)
    # The prefix of the models' cross-region inference profiles; most models need one.
    bedrock_inference_profile: Literal["", "global", "us", "us-gov", "eu", "jp", "apac", "au"] = ""
    # Empty for the region's public address, which private DNS also leads to a VPC endpoint.
    aws_endpoint_url_secrets_manager: str = ""
    # The AWS libraries would read these by themselves; where AWS is used they may only be empty.
    aws_profile: str = ""
    aws_bearer_token_bedrock: str = ""
    anthropic_bedrock_base_url: str = ""
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
    # Whether answers are kept and limits shared, at REDIS_URL.
    use_redis: bool = Field(default=True, validate_default=True)
    # What an organization may ask of Claude in a minute, over all replicas; tokens without what is read from
    # the prompt cache.
    org_requests_per_minute: int = Field(default=6_000, ge=1)
    org_tokens_per_minute: int = Field(default=10_000_000, ge=1000)
    # Requests to Claude that a process has under way at once; the others wait their turn.
    upstream_capacity: int = Field(default=500, ge=1)
    # Equal questions that are under way share one call to Claude.
    single_flight: bool = True
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

    @property
    def place(self) -> Destination:
        """Where requests go, and nowhere else."""
        if self.claude_transport == "bedrock":
            ids = model_ids(self.bedrock_inference_profile).values()
            return destination.bedrock(self.bedrock_endpoint_url, self.aws_region, self.environment, ids)
        return destination.destination(self.claude_base_url, self.environment)

    @field_validator("anthropic_api_key")
    @classmethod
    def _is_there(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        if not _uses_aws(info) and not key.get_secret_value():
            raise ValueError("is needed, or ENABLE_AWS_SECRETS_MANAGER=true, or CLAUDE_TRANSPORT=bedrock")
        return key

    @field_validator("aws_region")
    @classmethod
    def _is_a_region(cls, region: str, info: ValidationInfo) -> str:
        if (region or _uses_aws(info)) and not destination.is_region(region):
            raise ValueError("must name a region, such as us-west-2")
        return region

    @field_validator("bedrock_endpoint_url")
    @classmethod
    def _leads_to_bedrock(cls, url: str, info: ValidationInfo) -> str:
        # Without a good region, which is told of by itself, no address is right.
        if not _asks_claude_itself(info) and "aws_region" in info.data:
            destination.bedrock(url, info.data["aws_region"], _environment(info), ())
        return url

    @field_validator("aws_endpoint_url_secrets_manager")
    @classmethod
    def _leads_to_secrets(cls, url: str, info: ValidationInfo) -> str:
        if url and "aws_region" in info.data:
            destination.check_secrets_manager(url, info.data["aws_region"], _environment(info))
        return url

    @field_validator("aws_profile", "aws_bearer_token_bedrock", "anthropic_bedrock_base_url")
    @classmethod
    def _is_left_to_us(cls, value: str, info: ValidationInfo) -> str:
        if value and _uses_aws(info):
            raise ValueError("must not be set; credentials are the task's role or AWS_ACCESS_KEY_ID")
        return value

    @field_validator("anthropic_model", "model_fast", "model_standard", "model_deep")
    @classmethod
    def _is_offered(cls, name: str, info: ValidationInfo) -> str:
        if name:
            find_model(name, bedrock=not _asks_claude_itself(info))
        return name

    @field_validator("claude_base_url")
    @classmethod
    def _is_allowed(cls, url: str, info: ValidationInfo) -> str:
        return destination.destination(url, _environment(info)).url

    @field_validator("anthropic_base_url", "anthropic_custom_headers")
    @classmethod
    def _is_empty(cls, value: str) -> str:
        if value:
            raise ValueError("must not be set; requests go to CLAUDE_BASE_URL, with headers of our own")
        return value

    @field_validator("use_redis")
    @classmethod
    def _has_an_address(cls, wanted: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 pydantic calls it
        url = info.data.get("redis_url")
        if wanted and url is not None and not url.get_secret_value():
            raise ValueError("needs REDIS_URL; or set USE_REDIS=false")
        return wanted


def _environment(info: ValidationInfo) -> str:
    # One that is itself wrong counts as production: nothing but the real services.
    return str(info.data.get("environment", "prod"))


def _asks_claude_itself(info: ValidationInfo) -> bool:
    return info.data.get("claude_transport") == "anthropic"


def _uses_aws(info: ValidationInfo) -> bool:
    return not _asks_claude_itself(info) or bool(info.data.get("enable_aws_secrets_manager"))
