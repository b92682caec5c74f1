"""The provider as an HTTP server on one port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from oidc_provider import control, routes
from oidc_provider.dns_responder import Records
from oidc_provider.provider import Provider

_SHUTDOWN_GRACE = 0.5  # seconds


@asynccontextmanager
async def serving(
    provider: Provider, records: Records, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve while the context lasts; yields the issuer. Port 0 chooses a free one."""
    app = web.Application(middlewares=[routes.counted])
    app[routes.PROVIDER] = provider
    app[control.RECORDS] = records
    app.add_routes(routes.routes)
    app.add_routes(control.routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_GRACE)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
