"""The simulator as an HTTP server on one port: the API under /v1/, the control plane under /_simulator/."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from claude_simulator import control, messages
from claude_simulator.exchange import SIMULATION, add_headers, recorded
from claude_simulator.simulation import Simulation

_SHUTDOWN_GRACE = 0.5  # seconds; answers under way are cut after it


def build_app(simulation: Simulation) -> web.Application:
    """The application over a simulation's state."""
    app = web.Application(middlewares=[recorded], client_max_size=messages.MAX_BODY)
    app[SIMULATION] = simulation
    app.add_routes(messages.routes)
    app.add_routes(control.routes)
    app.on_response_prepare.append(add_headers)
    return app


@asynccontextmanager
async def serving(simulation: Simulation, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve while the context lasts; yields the base URL. Port 0 chooses a free one."""
    # Without handler_cancellation a client that hangs up would go unnoticed until the answer is written.
    runner = web.AppRunner(
        build_app(simulation), handler_cancellation=True, access_log=None, shutdown_timeout=_SHUTDOWN_GRACE
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound_port = runner.addresses[0][1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound_port}"
    finally:
        await runner.cleanup()
