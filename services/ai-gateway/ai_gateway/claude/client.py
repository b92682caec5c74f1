"""The anthropic SDK over aiohttp, so closed in that it can only reach the destination."""

from typing import TYPE_CHECKING

import anthropic
import httpx2
from anthropic import AsyncAnthropic, DefaultAioHttpClient
from pydantic import SecretStr

from ai_gateway.claude.destination import Destination

if TYPE_CHECKING:
    from anthropic import AsyncAnthropicBedrock

_CONNECT_SECONDS = 5.0
_CONNECTIONS = httpx2.Limits(max_connections=500, max_keepalive_connections=100)


class EgressForbiddenError(anthropic.AnthropicError):
    """A request was about to leave for another place. A fault of ours, whatever caused it."""


def open_client(destination: Destination, api_key: SecretStr, seconds: float) -> AsyncAnthropic:
    """Built once; `close` it. `seconds` bounds a silent connection.

    No retries (the gateway has the one retry layer), no proxy or credentials from the environment, no
    redirects, no spans of the SDK's own. Its `api_key` may be set anew: requests read it as they leave.
    """
    return AsyncAnthropic(
        api_key=api_key.get_secret_value(),
        base_url=destination.url,
        max_retries=0,
        http_client=_closed_in(destination, seconds),
        open_telemetry=False,
    )


def open_bedrock_client(destination: Destination, region: str, seconds: float) -> "AsyncAnthropicBedrock":
    """The same for Bedrock, where each request is signed. It has no credentials yet: set them before use."""
    from anthropic import AsyncAnthropicBedrock

    return AsyncAnthropicBedrock(
        # Given, so that it looks for none itself; no request leaves with these.
        aws_access_key="unset",
        aws_secret_key="unset",  # noqa: S106
        aws_region=region,
        base_url=destination.url,
        max_retries=0,
        http_client=_closed_in(destination, seconds),
        open_telemetry=False,
    )


def api_version(client: AsyncAnthropic) -> str:
    """The version of the Messages API that the SDK speaks: `2026-10-21`."""
    return str(client.default_headers["anthropic-version"])


def _closed_in(destination: Destination, seconds: float) -> httpx2.AsyncClient:
    async def only_there(request: httpx2.Request) -> None:
        # The second lock: whatever the settings and the SDK made of the address, this is what is dialled.
        if not destination.admits(str(request.url)):
            raise EgressForbiddenError("A request to a place that is not on the allow-list was stopped.")

    return DefaultAioHttpClient(
        trust_env=False,
        follow_redirects=False,
        limits=_CONNECTIONS,
        timeout=httpx2.Timeout(seconds, connect=_CONNECT_SECONDS),
        event_hooks={"request": [only_there]},
    )
