"""The path of a request, the same in every service.

errors → telemetry → deadline → admission → identity → access → validation → handler. Each stage is a function
around the rest of the call, and one chain serves unary and streamed calls.
"""

from service_runtime.request_path.access import access
from service_runtime.request_path.chain import Call, Proceed, RequestPath, Stage
from service_runtime.request_path.stages import Admission, deadline, errors, identity_stage, telemetry

__all__ = [
    "Admission",
    "Call",
    "Proceed",
    "RequestPath",
    "Stage",
    "access",
    "deadline",
    "errors",
    "identity_stage",
    "telemetry",
]
