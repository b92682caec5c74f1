"""The path of a request, the same in every service.

errors → telemetry → deadline → admission → identity → access → validation → handler. Each stage is an async
context manager around the rest of the call, so that one piece of code serves unary and streamed calls.
"""

from service_runtime.request_path.access import access
from service_runtime.request_path.chain import Call, RequestPath, Stage
from service_runtime.request_path.stages import Admission, deadline, errors, identity_stage, telemetry

__all__ = [
    "Admission",
    "Call",
    "RequestPath",
    "Stage",
    "access",
    "deadline",
    "errors",
    "identity_stage",
    "telemetry",
]
