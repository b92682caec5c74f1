"""The gateway's parts: Envoy, its configuration, and the check of JSON bodies beside it."""

from __future__ import annotations

import asyncio
import sys

from local_mesh import environment, probes
from local_mesh.component import Component, Part, Step
from local_mesh.ports import LOOPBACK
from local_mesh.site import Site
from rest_gateway.envoy import command
from rest_gateway.render import render
from rest_gateway.settings import GatewaySettings

EDGE_SECONDS = 20.0
_EDGE_EVERY = 0.05


class EdgeClosedError(Exception):
    """The gateway runs, and what stands behind it does not answer it."""


def parts(site: Site) -> tuple[Part, ...]:
    """Envoy fetches the key set as it starts, and tries again only a second later: auth goes first."""
    settings, directory = _settings(site), site.state.run / "envoy"

    async def configure() -> str:
        await asyncio.to_thread(render, directory, settings)
        return "written"

    return (
        Step("envoy-settings", configure),
        Component(
            "strict-json",
            (sys.executable, "-m", "rest_gateway.strict_json"),
            probes.serves_grpc(site.ports["strict-json"]),
            env=environment.strict_json(site),
            colour="yellow",
        ),
        Component(
            "scim",
            (sys.executable, "-m", "scim_gateway"),
            probes.answers_http(f"{site.url('scim')}/healthz"),
            env=environment.scim(site),
            colour="bright_magenta",
        ),
        Component(
            "web",
            (sys.executable, "-m", "web_gateway"),
            probes.answers_http(f"{site.url('web')}/healthz"),
            env=environment.web(site),
            depends_on=("valkey",),
            colour="bright_blue",
        ),
        Component(
            "gateway",
            tuple(command(directory, settings)),
            probes.answers_http(f"{site.url('gateway')}/healthz"),
            env=environment.plain(site),
            depends_on=("envoy-settings", "auth"),
            colour="bright_yellow",
            unremarkable=("GET /healthz", "configured limit to the number", "caught ENVOY_SIGTERM"),
            hint="its configuration is in run/envoy/ of the state directory",
        ),
    )


async def until_open(site: Site) -> str:
    """Until Envoy's own health checks have seen every service: before, it answers 503 for them.

    Raises EdgeClosedError after EDGE_SECONDS.
    """
    ready = probes.answers_http(f"{site.url('gateway')}/readyz")
    try:
        async with asyncio.timeout(EDGE_SECONDS):
            # Envoy tells nobody: it is asked.
            while not await ready():  # noqa: ASYNC110
                await asyncio.sleep(_EDGE_EVERY)
    except TimeoutError as late:
        raise EdgeClosedError(
            f"the gateway does not reach every service within {EDGE_SECONDS:.0f} s"
        ) from late
    return "open"


def _settings(site: Site) -> GatewaySettings:
    """Open to this machine alone; browsers may call from the usual port of a console in development."""
    return GatewaySettings(
        listen_host=LOOPBACK,
        port=site.ports["gateway"],
        admin_port=site.ports["gateway-admin"],
        auth_address=site.address("auth"),
        contracts_address=site.address("contracts"),
        ai_gateway_address=site.address("ai-gateway"),
        strict_json_address=site.address("strict-json"),
        scim_address=site.address("scim"),
        web_address=site.address("web"),
        cors_origin=site.environment.get("CORS_ORIGIN", "http://localhost:3000"),
        otel_exporter_otlp_endpoint=site.address("collector"),
        trace_sample_percent=float(site.overrides.get("TRACE_SAMPLE_PERCENT", "100")),
        rate_limit_per_minute=int(site.overrides.get("RATE_LIMIT_PER_MINUTE", "1200")),
        log_level="warning",
    )
