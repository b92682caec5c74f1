"""Runs the process of the hosted pages: `python -m web_gateway`."""

import uvloop

from http_process.serving import serve
from service_runtime import telemetry
from service_runtime.settings import load
from web_gateway.application import application
from web_gateway.settings import WebSettings


async def run(settings: WebSettings) -> None:
    """Until SIGTERM or SIGINT, then lets running requests end."""
    async with application(settings) as app:
        await serve(app, settings.web_address, settings.drain_seconds)


def main() -> None:
    """Reads the settings, or says what is wrong with them, and serves."""
    settings = load(WebSettings)
    telemetry.set_up(
        "web",
        otlp_endpoint=settings.otel_exporter_otlp_endpoint,
        log_level=settings.log_level,
        environment=settings.environment,
    )
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
