"""Why a JSON body is refused, and the `google.rpc.Status` that says so."""

import json

from google.rpc.code_pb2 import Code

MALFORMED = "MALFORMED_JSON"
UNKNOWN = "UNKNOWN_FIELD"


class JsonRefusedError(Exception):
    """A body that is not JSON, or not of the request's shape. `field` is a path in the schema's names."""

    def __init__(self, message: str, *, reason: str = MALFORMED, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.field = field

    def status_json(self) -> bytes:
        """The body of the answer."""
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": self.reason,
            "domain": "bloom",
            "metadata": {"field": self.field} if self.field else {},
        }
        violation = {"field": self.field, "description": self.message}
        bad = {"@type": "type.googleapis.com/google.rpc.BadRequest", "field_violations": [violation]}
        details = [info, bad] if self.field else [info]
        status = {"code": Code.INVALID_ARGUMENT, "message": self.message, "details": details}
        return json.dumps(status, ensure_ascii=False).encode()
