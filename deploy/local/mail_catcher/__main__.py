"""`python -m mail_catcher --folder F --port P`: serves until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import json
import signal
from pathlib import Path

import uvloop

from mail_catcher.server import serving


def main() -> None:
    """Prints a JSON line with its URL first."""
    parser = argparse.ArgumentParser(prog="mail_catcher", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the auth service writes mails")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    uvloop.run(_serve(options.folder, options.port))


async def _serve(folder: Path, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(folder, port) as url:
        print(json.dumps({"url": url}), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    main()
