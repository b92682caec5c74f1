"""Every part of the mesh, with what it waits for. The order of the start follows from that alone."""

from __future__ import annotations

import signal
import sys
from collections.abc import Awaitable, Callable

from contracts_service import queue
from local_mesh import bootstrap, environment, gateway, probes, valkey
from local_mesh.component import Component, Part, Step
from local_mesh.credentials import DATABASES
from local_mesh.demo_account import sign_up
from local_mesh.demo_sso import CLIENT_ID, DOMAIN, connect
from local_mesh.migrations import Migrations
from local_mesh.postgres import SUPERUSER
from local_mesh.site import Site


def parts(site: Site) -> tuple[Part, ...]:
    """The whole mesh."""
    return (
        *_stores(site),
        *([_simulator(site)] if site.simulated else []),
        _oidc(site),
        _mail(site),
        *_services(site),
        *gateway.parts(site),
        Step(
            "edge",
            lambda: gateway.until_open(site),
            ("gateway", "contracts", "ai-gateway", "strict-json", "scim", "web"),
        ),
        Step(
            "demo-login",
            lambda: sign_up(site.url("gateway"), site.credentials.demo_password, site.url("mail")),
            ("edge", "mail"),
        ),
        Step(
            "demo-sso",
            lambda: connect(
                site.url("gateway"), site.credentials.demo_password, site.url("oidc"), site.credentials.oidc
            ),
            ("demo-login", "oidc"),
        ),
    )


def _stores(site: Site) -> tuple[Part, ...]:
    credentials, cluster = site.credentials, site.cluster
    configuration = site.state.run / "valkey.conf"
    return (
        Step("postgres-data", lambda: cluster.make(credentials.postgres)),
        Component(
            "postgres",
            cluster.command,
            probes.answers_sql(cluster.dsn(SUPERUSER, credentials.postgres, "postgres")),
            env=environment.plain(site),
            depends_on=("postgres-data",),
            colour="blue",
            chatty=True,
            # Fast shutdown: SIGTERM would wait for every client to leave.
            stop_signal=signal.SIGINT,
            # Our own probe is told so while it starts.
            unremarkable=("the database system is starting up", "not yet accepting connections"),
            hint="its data lies in postgres/ of the state directory; is the disk full?",
        ),
        Step("databases", lambda: bootstrap.bootstrap(cluster, credentials), ("postgres",)),
        *(Step(f"migrate-{name}", _migration(site, name), ("databases",)) for name in DATABASES),
        Step("job-queue", lambda: _queue(site), ("migrate-contracts",)),
        Step(
            "valkey-settings",
            lambda: valkey.configure(configuration, site.ports["valkey"], credentials.valkey),
        ),
        Component(
            "valkey",
            valkey.command(configuration),
            probes.answers_ping(site.ports["valkey"], credentials.valkey),
            env=environment.plain(site),
            depends_on=("valkey-settings",),
            colour="red",
            chatty=True,
            unremarkable=("Memory overcommit",),  # about snapshots, which it is told not to make
        ),
    )


def _migration(site: Site, database: str) -> Callable[[], Awaitable[str]]:
    dsn = bootstrap.owner_dsn(site.cluster, site.credentials, database)
    return lambda: Migrations.of(database).apply(dsn)


async def _queue(site: Site) -> str:
    await queue.install(bootstrap.owner_dsn(site.cluster, site.credentials, "contracts"))
    return "installed"


def _simulator(site: Site) -> Component:
    return Component(
        "simulator",
        _module("claude_simulator", "--port", str(site.ports["simulator"])),
        probes.accepts_tcp(site.ports["simulator"]),
        env=environment.python(site),
        colour="bright_black",
    )


def _oidc(site: Site) -> Component:
    """It also answers for DNS, over UDP on the same port."""
    callback = f"{environment.public_url(site)}/account/sso/callback"
    return Component(
        "oidc",
        _module(
            "oidc_provider", "--port", str(site.ports["oidc"]), "--client-id", CLIENT_ID,
            "--redirect-uri", callback, "--domain", DOMAIN,
        ),
        probes.accepts_tcp(site.ports["oidc"]),
        env=environment.oidc(site),
        colour="bright_black",
    )  # fmt: skip


def _mail(site: Site) -> Component:
    return Component(
        "mail",
        _module("mail_catcher", "--folder", str(site.state.mails), "--port", str(site.ports["mail"])),
        probes.accepts_tcp(site.ports["mail"]),
        env=environment.python(site),
        colour="bright_black",
    )


def _services(site: Site) -> tuple[Component, ...]:
    settings_hint = (
        "a message about settings names the variable that this service misses (local_mesh/environment.py)"
    )
    return (
        Component(
            "auth",
            _module("auth_service"),
            probes.serves_grpc(site.ports["auth"]),
            env=environment.auth(site),
            depends_on=("migrate-auth", "valkey"),
            colour="magenta",
            hint=settings_hint,
        ),
        Component(
            "ai-gateway",
            _module("ai_gateway"),
            probes.serves_grpc(site.ports["ai-gateway"]),
            env=environment.ai_gateway(site),
            colour="green",
            hint=settings_hint,
            depends_on=("migrate-ai", "valkey", *(["simulator"] if site.simulated else [])),
        ),
        Component(
            "contracts",
            _module("contracts_service"),
            probes.serves_grpc(site.ports["contracts"]),
            env=environment.contracts(site),
            depends_on=("job-queue", "valkey"),
            colour="cyan",
            hint=settings_hint,
        ),
        Component(
            "contracts-worker",
            _module("contracts_service.worker"),
            probes.serves_grpc(site.ports["contracts-worker"]),
            env=environment.contracts(site, listen="contracts-worker"),
            depends_on=("job-queue", "valkey"),
            colour="bright_cyan",
            hint=settings_hint,
        ),
    )


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
