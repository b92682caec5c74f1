"""`python -m oidc_provider`: prints a JSON line with its URL, then serves; TXT by UDP on the same port."""

import argparse
import asyncio
import json
import os
import signal

import uvloop

from oidc_provider.dns_responder import Records, responding
from oidc_provider.people import demo_people
from oidc_provider.provider import Client, Provider
from oidc_provider.server import serving

# Not an argument: everybody on the machine sees those.
_SECRET = "OIDC_CLIENT_SECRET"  # noqa: S105 the name of the variable


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="oidc_provider", description="An OpenID Connect provider.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--redirect-uri", required=True)
    parser.add_argument("--domain", required=True, help="of the people's e-mails")
    options = parser.parse_args()
    provider = Provider()
    provider.add_client(Client(options.client_id, os.environ[_SECRET], (options.redirect_uri,)))
    provider.add_people(*demo_people(options.domain))
    uvloop.run(_serve(provider, options.host, options.port))


async def _serve(provider: Provider, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    records = Records()
    async with responding(records, host, port), serving(provider, records, host, port) as url:
        print(json.dumps({"url": url}), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    main()
