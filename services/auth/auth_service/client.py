"""Who asks, as far as a call tells."""

from typing import Any

import grpc

from auth_service.sessions.model import Client

# Set by the edge, which takes what a caller says of it away.
_ADDRESS = "x-envoy-external-address"
# Set by the hosted pages, which call for a browser; nobody else can say it through the edge.
_BROWSER = "x-bloom-user-agent"


def client_of(context: "grpc.aio.ServicerContext[Any, Any]") -> Client:
    """Of the call that is being answered."""
    told = dict(context.invocation_metadata() or ())
    agent = told.get(_BROWSER) or told.get("user-agent", "")
    return Client(_text(agent), _text(told.get(_ADDRESS, "")))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")
