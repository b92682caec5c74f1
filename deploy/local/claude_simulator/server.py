"""The simulator as an HTTP server on one port.

The API is under /v1/, Bedrock under /model/, the control plane under /_simulator/.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from claude_simulator import control, messages, models_routes
from claude_simulator.batches import control as batches_control
from claude_simulator.batches import routes as batches
from claude_simulator.bedrock import routes as bedrock
from claude_simulator.exchange import SIMULATION, add_headers, recorded
from claude_simulator.intake import MAX_BODY
from claude_simulator.simulation import Simulation

_SHUTDOWN_GRACE = 0.5  # seconds; answers under way are cut after it


def build_app(simulation: Simulation) -> web.Application:
    """The application over a simulation's state."""
    app = web.Application(middlewares=[recorded], client_max_size=MAX_BODY)
    app[SIMULATION] = simulation
    for part in (messages, models_routes, batches, bedrock, control, batches_control):
        app.add_routes(part.routes)
    app.on_response_prepare.append(add_headers)
    app.on_cleanup.append(_leave_batches)
    return app


async def _leave_batches(app: web.Application) -> None:
    await app[SIMULATION].batches.clear()


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
