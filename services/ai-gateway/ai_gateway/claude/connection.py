"""Opens the way to Claude that the settings ask for, with its key, and closes it again."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pydantic import SecretStr

from ai_gateway.aws import credentials, secret
from ai_gateway.aws.credentials import NoAwsKeysError
from ai_gateway.aws.secret import SecretUnreadableError
from ai_gateway.claude.client import open_bedrock_client, open_client
from ai_gateway.claude.key import RotatedKey
from ai_gateway.claude.models import announce_endings
from ai_gateway.claude.upstream import Upstream
from ai_gateway.settings import AiGatewaySettings


@asynccontextmanager
async def connected(settings: AiGatewaySettings) -> AsyncIterator[Upstream]:
    """The wire, while the context lasts. Ends the process when there is no key, or it cannot be read."""
    announce_endings(settings.aliases.values())
    if settings.claude_transport == "bedrock":
        way = _by_bedrock(settings)
    elif settings.enable_aws_secrets_manager:
        way = _with_rotated_key(settings)
    else:
        way = _with_fixed_key(settings)
    async with way as upstream:
        yield upstream


@asynccontextmanager
async def _with_fixed_key(settings: AiGatewaySettings) -> AsyncIterator[Upstream]:
    place = settings.place
    async with open_client(place, settings.anthropic_api_key, settings.request_seconds) as client:
        yield Upstream(client, simulator=place.simulator)


@asynccontextmanager
async def _with_rotated_key(settings: AiGatewaySettings) -> AsyncIterator[Upstream]:
    place = settings.place
    try:
        read = await asyncio.to_thread(
            secret.secret,
            settings.anthropic_api_key_secret,
            settings.aws_region,
            settings.aws_endpoint_url_secrets_manager,
        )
        first = await asyncio.to_thread(read)
    except SecretUnreadableError as unreadable:
        sys.exit(f"Claude's key cannot be read from Secrets Manager: {unreadable}")
    async with open_client(place, first, settings.request_seconds) as client:

        def use(key: SecretStr) -> None:
            client.api_key = key.get_secret_value()

        key = RotatedKey(read, first, use, every=settings.anthropic_api_key_reload_seconds)
        looking = asyncio.create_task(key.keep_fresh())
        try:
            yield Upstream(client, simulator=place.simulator, key=key)
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            await key.close()


@asynccontextmanager
async def _by_bedrock(settings: AiGatewaySettings) -> AsyncIterator[Upstream]:
    # Here and not above: what this needs of AWS's libraries is not loaded by those who go without.
    from ai_gateway.claude.bedrock import BedrockUpstream

    place = settings.place
    session = await asyncio.to_thread(credentials.session, settings.aws_region)
    try:
        await asyncio.to_thread(credentials.keys, session)
    except NoAwsKeysError as none:
        sys.exit(f"Bedrock cannot be asked: {none}")
    async with open_bedrock_client(place, settings.aws_region, settings.request_seconds) as client:
        yield BedrockUpstream(
            client, session, profile=settings.bedrock_inference_profile, simulator=place.simulator
        )
