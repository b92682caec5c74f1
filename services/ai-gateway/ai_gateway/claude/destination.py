"""The one place that requests may go to: Claude, Claude on Bedrock, or outside production the simulator."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

CLAUDE = "https://api.anthropic.com"
PATHS = frozenset({"/v1/messages", "/v1/messages/count_tokens"})
BATCHES = "/v1/messages/batches"
# The format of Claude's names may change, so more is admitted than is given today; it is one path segment.
_BATCH_ID = r"msgbatch_[A-Za-z0-9_-]{1,100}"
_BATCH_PATH = re.compile(
    rf"{BATCHES}(?:\?limit=[0-9]{{1,4}}(?:&after_id={_BATCH_ID})?|/{_BATCH_ID}(?:/cancel|/results)?)?",
    re.ASCII,
)

# Matched as a whole and without a URL parser: what this does not spell out (user info, paths, escapes,
# another scheme, whitespace) cannot be said.
_SIMULATOR = re.compile(r"http://(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):(\d{1,5})/?", re.ASCII)
_BEDROCK = "aws.bedrock"
_REGION = re.compile(r"[a-z]{2}(-[a-z]{2,10}){1,2}-\d{1,2}", re.ASCII)
# `vpce-ID-RANDOM`, and for the address in one zone that zone's name after it.
_VPC_ENDPOINT = r"https://(vpce-[0-9a-f]{{8,17}}-[0-9a-z]{{8}}(?:-{region}[a-z])?\.{service}\.{region}\.vpce\.amazonaws\.com)/?"


class DestinationForbiddenError(ValueError):
    """The address is not on the allow-list; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Scheme, host and port of the one server that may be called, and the paths that may be asked there."""

    url: str
    host: str
    port: int
    simulator: bool
    paths: frozenset[str] = PATHS
    # Whether batches may be asked for, too.
    batches: bool = False
    # Whose service it is, by OpenTelemetry's name.
    provider: str = "anthropic"

    def admits(self, url: str) -> bool:
        """Whether a request to `url` is one of ours."""
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self.url:
            return False
        if self.batches and _BATCH_PATH.fullmatch(url.removeprefix(self.url)):
            return True
        return parts.path in self.paths and not parts.query and not parts.fragment


def destination(base_url: str, environment: str) -> Destination:
    """The destination that `CLAUDE_BASE_URL` names. Raises DestinationForbiddenError for any other place."""
    if base_url.removesuffix("/") == CLAUDE:
        return Destination(CLAUDE, "api.anthropic.com", 443, simulator=False, batches=True)
    host, port = _simulator(base_url, environment, CLAUDE)
    return Destination(base_url.removesuffix("/"), host, port, simulator=True, batches=True)


def is_batch_id(name: str) -> bool:
    """Whether Claude could have given that name to a batch: only such a one is put into a path."""
    return re.fullmatch(_BATCH_ID, name, re.ASCII) is not None


def bedrock(endpoint_url: str, region: str, environment: str, model_ids: Iterable[str]) -> Destination:
    """Bedrock in `region`, or what `BEDROCK_ENDPOINT_URL` names: its VPC endpoint, or the simulator.

    Only these models may be invoked. Raises DestinationForbiddenError for any other place.
    """
    paths = frozenset(path for model_id in model_ids for path in invoke_paths(model_id))
    public = f"bedrock-runtime.{region}.amazonaws.com"
    ours = endpoint_url.removesuffix("/") in ("", f"https://{public}")
    host = public if ours else _vpc_endpoint_host(endpoint_url, "bedrock-runtime", region)
    if host is not None:
        return Destination(f"https://{host}", host, 443, simulator=False, paths=paths, provider=_BEDROCK)
    host, port = _simulator(endpoint_url, environment, f"https://{public} or its VPC endpoint")
    return Destination(
        endpoint_url.removesuffix("/"), host, port, simulator=True, paths=paths, provider=_BEDROCK
    )


def invoke_paths(model_id: str) -> tuple[str, str]:
    """Where a model is asked on Bedrock: for a plain answer, and for a stream."""
    return f"/model/{model_id}/invoke", f"/model/{model_id}/invoke-with-response-stream"


def is_region(name: str) -> bool:
    """Whether AWS could have a region of that name."""
    return _REGION.fullmatch(name) is not None


def check_secrets_manager(endpoint_url: str, region: str, environment: str) -> None:
    """For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. Raises DestinationForbiddenError for any other place."""
    public = f"https://secretsmanager.{region}.amazonaws.com"
    if endpoint_url.removesuffix("/") == public or _vpc_endpoint_host(endpoint_url, "secretsmanager", region):
        return
    _simulator(endpoint_url, environment, f"{public} or its VPC endpoint")


def _vpc_endpoint_host(url: str, service: str, region: str) -> str | None:
    pattern = _VPC_ENDPOINT.format(service=re.escape(service), region=re.escape(region))
    found = re.fullmatch(pattern, url, re.ASCII)
    return found[1] if found else None


def _simulator(url: str, environment: str, real: str) -> tuple[str, int]:
    found = _SIMULATOR.fullmatch(url)
    if found is None or not _is_loopback(found[1]) or not 0 < int(found[2]) < 65536:
        raise DestinationForbiddenError(
            f"must be {real}, or the simulator as http://127.0.0.1:PORT; nothing else may be asked"
        )
    if environment == "prod":
        raise DestinationForbiddenError(
            f"must be {real} in production; the simulator is for other environments"
        )
    return found[1].strip("[]"), int(found[2])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
