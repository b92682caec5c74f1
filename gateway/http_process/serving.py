"""Runs a web application until it is told to stop."""

import asyncio
import signal

import uvicorn
from starlette.types import ASGIApp

# Connections; Envoy keeps the rest waiting.
_MOST_REQUESTS = 256


async def serve(application: ASGIApp, address: str, drain_seconds: float) -> None:
    """At `host:port`, until SIGTERM or SIGINT; then running requests get `drain_seconds`."""
    host, _, port = address.rpartition(":")
    config = uvicorn.Config(
        application,
        host=host.strip("[]"),
        port=int(port),
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        lifespan="off",
        h11_max_incomplete_event_size=64 * 1024,
        proxy_headers=False,
        limit_concurrency=_MOST_REQUESTS,
        timeout_graceful_shutdown=int(drain_seconds),
    )
    # uvicorn raises the signal that ended it once more, when it has ended: it must not end us as well.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    await uvicorn.Server(config).serve()
