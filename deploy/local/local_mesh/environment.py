"""The environment of each process: what it needs, and nothing of what the supervisor happens to have."""

from __future__ import annotations

import json
import os

from local_mesh import bootstrap, valkey
from local_mesh.site import Site
from local_mesh.state import REPOSITORY

# The machine's own facts. Above all ANTHROPIC_API_KEY is not among them: one process gets it.
_PASSED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
# By name, not by prefix: a developer's machine may have variables of other tools that begin alike.
_AI_SETTINGS = (
    "ANTHROPIC_MODEL", "MODEL_FAST", "MODEL_STANDARD", "MODEL_DEEP", "ANTHROPIC_MAX_TOKENS",
    "ANTHROPIC_TEMPERATURE", "AI_REQUEST_TIMEOUT", "CACHE_TTL", "DEFAULT_AI_PROVIDER",
)  # fmt: skip

# Where the members of the workspace lie, so that a checkout runs without being installed.
_SOURCE_ROOTS = (
    "protos/generated", "services/runtime", "services/auth", "services/contracts", "services/ai-gateway",
    "gateway", "deploy/local",
)  # fmt: skip

# gRPC's handlers of fork crash the child of a uvloop process before it can exec (SIGSEGV, in about one of
# two starts of the process that reads documents). Nobody here forks without exec, so they are not needed.
_NO_FORK_HANDLERS = {"GRPC_ENABLE_FORK_SUPPORT": "0"}

_DRAIN_SECONDS = "5"
# A killed worker leaves its jobs to its successor after so long.
_HEARTBEAT_SECONDS = "5"
_SIMULATOR_KEY = "simulated"


def plain(site: Site) -> dict[str, str]:
    """For programs that are not ours."""
    return {name: site.environment[name] for name in _PASSED if name in site.environment}


def python(site: Site) -> dict[str, str]:
    """For our own programs."""
    roots = os.pathsep.join(str(REPOSITORY / root) for root in _SOURCE_ROOTS)
    return plain(site) | {"PYTHONPATH": roots, "PYTHONUNBUFFERED": "1"} | _NO_FORK_HANDLERS


def service(site: Site, name: str, database: str, *, listen: str | None = None) -> dict[str, str]:
    """What every gRPC service is told."""
    return python(site) | {
        "ENVIRONMENT": "local",
        "LISTEN_ADDRESS": site.address(listen or name),
        "REDIS_URL": valkey.url(site.ports["valkey"], site.credentials.valkey),
        "DATABASE_URL": bootstrap.app_dsn(site.cluster, site.credentials, database),
        "OTEL_EXPORTER_OTLP_ENDPOINT": site.url("collector"),
        "LOG_LEVEL": site.environment.get("LOG_LEVEL", "info"),
        "DRAIN_SECONDS": _DRAIN_SECONDS,
    }


def public_url(site: Site) -> str:
    """Where a browser finds the hosted pages."""
    return f"http://localhost:{site.ports['gateway']}"


def oidc(site: Site) -> dict[str, str]:
    """For the provider that people sign in with locally."""
    return python(site) | {"OIDC_CLIENT_SECRET": site.credentials.oidc}


def auth(site: Site) -> dict[str, str]:
    return service(site, "auth", "auth") | {
        "JWT_SECRET": site.credentials.jwt,
        "WORKLOAD_SECRETS": json.dumps(site.credentials.workloads),
        # Browsers make passkeys for names only: by its number 127.0.0.1 has none.
        "WEBAUTHN_ORIGINS": json.dumps([f"http://localhost:{site.ports['gateway']}"]),
        "PUBLIC_URL": public_url(site),
        "MAIL_FOLDER": str(site.state.mails),
        "SSO_INSECURE_ISSUERS": json.dumps([site.url("oidc")]),
        "SSO_DNS_SERVERS": json.dumps([site.address("oidc")]),
        **site.overrides,
    }


def contracts(site: Site, *, listen: str = "contracts") -> dict[str, str]:
    """For the service and for its worker."""
    return (
        service(site, "contracts", "contracts", listen=listen)
        | _workload(site, "contracts")
        | {
            "JOB_HEARTBEAT_SECONDS": _HEARTBEAT_SECONDS,
            "AI_GATEWAY_ADDRESS": site.address("ai-gateway"),
            "OBJECT_STORE_URL": site.state.objects.as_uri(),
            **site.overrides,
        }
    )


def ai_gateway(site: Site) -> dict[str, str]:
    """The only process that learns the key, and the only one that is told where Claude is."""
    wanted = {name: site.environment[name] for name in _AI_SETTINGS if name in site.environment}
    return (
        service(site, "ai-gateway", "ai")
        | _workload(site, "ai-gateway")
        | wanted
        | {"USE_REDIS": "true"}
        | _claude(site)
        | dict(site.overrides)
    )


def strict_json(site: Site) -> dict[str, str]:
    """For the check of JSON bodies beside Envoy."""
    return python(site) | {
        "ENVIRONMENT": "local",
        "STRICT_JSON_ADDRESS": site.address("strict-json"),
        "LOG_LEVEL": site.environment.get("LOG_LEVEL", "info"),
    }


def scim(site: Site) -> dict[str, str]:
    """For SCIM beside Envoy."""
    return python(site) | {
        "ENVIRONMENT": "local",
        "SCIM_ADDRESS": site.address("scim"),
        "AUTH_ADDRESS": site.address("auth"),
        "PUBLIC_URL": site.url("gateway"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": site.url("collector"),
        "LOG_LEVEL": site.environment.get("LOG_LEVEL", "info"),
    }


def web(site: Site) -> dict[str, str]:
    """For the hosted pages and web sessions."""
    return python(site) | {
        "ENVIRONMENT": "local",
        "WEB_ADDRESS": site.address("web"),
        "AUTH_ADDRESS": site.address("auth"),
        "REDIS_URL": valkey.url(site.ports["valkey"], site.credentials.valkey),
        "PUBLIC_URL": public_url(site),
        "OTEL_EXPORTER_OTLP_ENDPOINT": site.url("collector"),
        "LOG_LEVEL": site.environment.get("LOG_LEVEL", "info"),
        "DRAIN_SECONDS": _DRAIN_SECONDS,
        **site.overrides,
    }


def _workload(site: Site, client: str) -> dict[str, str]:
    return {
        "AUTH_ADDRESS": site.address("auth"),
        "WORKLOAD_CLIENT_ID": client,
        "WORKLOAD_CLIENT_SECRET": site.credentials.workloads[client],
    }


def _claude(site: Site) -> dict[str, str]:
    if not site.simulated:
        return {"ANTHROPIC_API_KEY": site.environment["ANTHROPIC_API_KEY"]}
    return {"ANTHROPIC_API_KEY": _SIMULATOR_KEY, "CLAUDE_BASE_URL": site.url("simulator")}
