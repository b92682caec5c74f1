"""Runs the SCIM process: `python -m scim_gateway`."""

import uvloop

from http_process.serving import serve
from scim_gateway.application import application
from scim_gateway.settings import ScimSettings
from service_runtime import telemetry
from service_runtime.settings import load


async def run(settings: ScimSettings) -> None:
    """Until SIGTERM or SIGINT, then lets running requests end."""
    async with application(settings) as app:
        await serve(app, settings.scim_address, settings.drain_seconds)


def main() -> None:
    """Reads the settings, or says what is wrong with them, and serves."""
    settings = load(ScimSettings)
    telemetry.set_up(
        "scim",
        otlp_endpoint=settings.otel_exporter_otlp_endpoint,
        log_level=settings.log_level,
        environment=settings.environment,
    )
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
