"""What a request brings along: its trace, and how long it may take."""

from opentelemetry import context, propagate
from starlette.types import ASGIApp, Receive, Scope, Send

from service_runtime import deadlines


class WithinTime:
    """Gives each request its trace and its deadline, which calls to auth inherit."""

    def __init__(self, application: ASGIApp, seconds: float) -> None:
        self._application = application
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", [])
        }
        trace = context.attach(propagate.extract(headers))
        deadline = deadlines.set_remaining(self._seconds)
        try:
            await self._application(scope, receive, send)
        finally:
            deadlines.reset(deadline)
            context.detach(trace)
