"""The simulated Claude on a clock that the bench turns: an hour passes in it while a minute passes outside.

`python -m tests.bench.savings_claude PORT`. Claude forgets a prompt five minutes after it was last read, so a
replay in a hurry must not make it remember more than it would. POST /_simulator/clock sets the clock, in
seconds; it never goes back.
"""

import asyncio
import sys

import uvloop
from aiohttp import web

from claude_simulator.server import build_app
from claude_simulator.simulation import Pace, Simulation

# So short that a replay is quick, so long that equal questions meet in flight.
LATENCY_SECONDS = 0.05


class Clock:
    """Seconds since the beginning."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    async def turn(self, request: web.Request) -> web.Response:
        """Forward to what the body says."""
        self.seconds = max(self.seconds, float(await request.text()))
        return web.Response(status=204)


async def _serve(port: int) -> None:
    clock = Clock()
    app = build_app(Simulation(Pace(LATENCY_SECONDS), clock=clock))
    app.router.add_post("/_simulator/clock", clock.turn)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
