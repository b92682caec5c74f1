"""Runs the AI gateway: `python -m ai_gateway`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ai_gateway.app import opened
from ai_gateway.settings import AiGatewaySettings
from service_runtime import clients, server
from service_runtime.server import Parts
from service_runtime.settings import load


def main() -> None:
    """Serves until SIGTERM."""
    settings = load(AiGatewaySettings)

    @asynccontextmanager
    async def build() -> AsyncIterator[Parts]:
        channel = clients.connect(settings.auth_address, "bloom.auth.v1.AuthService")
        async with channel, opened(settings, clients.RemoteKeys(channel)) as parts:
            yield parts

    server.serve("ai-gateway", settings, build)


if __name__ == "__main__":
    main()
