"""The one place that requests may go to: Claude itself, or outside production its simulator."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

CLAUDE = "https://api.anthropic.com"
PATHS = frozenset({"/v1/messages", "/v1/messages/count_tokens"})

# Matched as a whole and without a URL parser: what this does not spell out (user info, paths, escapes,
# another scheme, whitespace) cannot be said.
_SIMULATOR = re.compile(r"http://(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):(\d{1,5})/?", re.ASCII)


class DestinationForbiddenError(ValueError):
    """The address is neither Claude's nor the simulator's; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Scheme, host and port of the one server that may be called."""

    url: str
    host: str
    port: int
    simulator: bool

    def admits(self, url: str) -> bool:
        """Whether a request to `url` is one of ours."""
        parts = urlsplit(url)
        return (
            f"{parts.scheme}://{parts.netloc}" == self.url
            and parts.path in PATHS
            and not parts.query
            and not parts.fragment
        )


def destination(base_url: str, environment: str) -> Destination:
    """The destination that `CLAUDE_BASE_URL` names. Raises DestinationForbiddenError for any other place."""
    if base_url.removesuffix("/") == CLAUDE:
        return Destination(CLAUDE, "api.anthropic.com", 443, simulator=False)
    simulator = _SIMULATOR.fullmatch(base_url)
    if simulator is None or not _is_loopback(simulator[1]) or not 0 < int(simulator[2]) < 65536:
        raise DestinationForbiddenError(
            f"must be {CLAUDE}, or the simulator as http://127.0.0.1:PORT; nothing else may be asked"
        )
    if environment == "prod":
        raise DestinationForbiddenError(
            f"must be {CLAUDE} in production; the simulator is for other environments"
        )
    return Destination(
        base_url.removesuffix("/"), simulator[1].strip("[]"), int(simulator[2]), simulator=True
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
