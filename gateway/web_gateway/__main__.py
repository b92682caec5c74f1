"""Runs the process of the hosted pages: `python -m web_gateway`."""

import asyncio
import signal

import uvicorn
import uvloop

from service_runtime import telemetry
from service_runtime.settings import load
from web_gateway.application import application
from web_gateway.settings import WebSettings

# Connections; Envoy keeps the rest waiting.
_MOST_REQUESTS = 256


async def serve(settings: WebSettings) -> None:
    """Until SIGTERM or SIGINT, then lets running requests end."""
    host, _, port = settings.web_address.rpartition(":")
    async with application(settings) as app:
        config = uvicorn.Config(
            app,
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
            timeout_graceful_shutdown=int(settings.drain_seconds),
        )
        # uvicorn raises the signal that ended it once more, when it has ended: it must not end us as well.
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        await uvicorn.Server(config).serve()


def main() -> None:
    """Reads the settings, or says what is wrong with them, and serves."""
    settings = load(WebSettings)
    telemetry.set_up(
        "web",
        otlp_endpoint=settings.otel_exporter_otlp_endpoint,
        log_level=settings.log_level,
        environment=settings.environment,
    )
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
