"""Every answer that an operation may have, for the OpenAPI document."""

from rest_gateway.api import Method
from rest_gateway.config import Config, Value
from rest_gateway.schemas import Schemas
from rest_gateway.settings import GatewaySettings

_STATUS: Config = {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
_REQUEST_ID: Config = {
    "X-Request-Id": {"description": "Finds the call in logs and traces.", "schema": {"type": "string"}}
}
_RETRY: Config = {
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer"}}
}
_CHALLENGE: Config = {"WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}}


def shared_answers(settings: GatewaySettings) -> Config:
    """The errors, each once; the operations refer to them by their number."""
    limit = settings.max_json_body_bytes
    said = {
        "400": "The request cannot be meant so, or the resource's state forbids it: INVALID_FIELD, "
        "MALFORMED_JSON, UNKNOWN_FIELD, PAGE_TOKEN_INVALID, STATE_FORBIDS and others.",
        "401": "Nobody is signed in: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, CREDENTIALS_INVALID.",
        "403": "The caller may not: PERMISSION_DENIED, WORKLOAD_REQUIRED.",
        "404": "No such thing in the caller's organization: NOT_FOUND.",
        "409": "Somebody was faster, or it is there: ETAG_MISMATCH, ALREADY_EXISTS, REQUEST_ID_REUSED.",
        "413": f"The body is too large: DOCUMENT_TOO_LARGE. JSON may have {limit} bytes.",
        "415": "The body is of a kind that is not taken: MALFORMED_JSON, DOCUMENT_TYPE_UNSUPPORTED.",
        "429": "Too much at once: RATE_LIMITED, OVERLOADED, AI_RATE_LIMITED.",
        "500": "A fault of ours: INTERNAL. The request id finds it.",
        "503": "A part of the system is not reachable: DEPENDENCY_UNAVAILABLE, AI_UNAVAILABLE.",
        "504": "The answer did not come in time: DEADLINE_EXCEEDED, AI_TIMEOUT.",
    }
    headers = {"401": _CHALLENGE, "429": _RETRY, "503": _RETRY}
    return {
        number: {
            "description": text,
            "headers": {**_REQUEST_ID, **headers.get(number, {})},
            "content": _STATUS,
        }
        for number, text in said.items()
    }


def answers(method: Method, schemas: Schemas) -> Config:
    """The good answer and every error that applies to the method."""
    numbers = ["400", "401", "429", "500", "503", "504"]
    if not method.is_public:
        numbers.append("403")
    if method.path.parameters or not method.is_public:
        numbers.append("404")
    if method.verb != "GET":
        numbers.append("409")
    if method.body:
        numbers += ["413", "415"]
    errors: dict[str, Value] = {
        number: {"$ref": f"#/components/responses/{number}"} for number in sorted(numbers)
    }
    return {"200": _good_answer(method, schemas), **errors}


def _good_answer(method: Method, schemas: Schemas) -> Config:
    if method.path.text.endswith(".json"):
        return _answer("A JSON document.", {"application/json": {"schema": {"type": "object"}}})
    if method.gives_file:
        binary: Config = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
        return _answer("The bytes, with their own media type, as they come.", binary)
    message = schemas.message(method.descriptor.output_type)
    if method.gives_events:
        data: Config = {"type": "string", "contentMediaType": "application/json", "contentSchema": message}
        event: Config = {"type": "object", "properties": {"data": data}, "required": ["data"]}
        text = "Server-sent events: each `data:` is one message."
        return _answer(text, {"text/event-stream": {"schema": event}})
    return _answer("Done.", {"application/json": {"schema": message}})


def _answer(text: str, content: Config) -> Config:
    return {"description": text, "headers": dict(_REQUEST_ID), "content": content}


def health_paths() -> Config:
    """The gateway's own health."""
    serving: Config = {
        "type": "object",
        "properties": {"status": {"const": "SERVING"}},
        "required": ["status"],
        "additionalProperties": False,
    }
    good = _answer("It works.", {"application/json": {"schema": serving}})
    unready: Config = {"503": {"$ref": "#/components/responses/503"}}
    limited: Config = {"429": {"$ref": "#/components/responses/429"}}
    said = {
        "/healthz": ("Alive", "Whether the process lives.", {"200": good, **limited}),
        "/readyz": ("Ready", "Whether every service behind it is healthy.", {"200": good, **unready}),
        "/api/health": (
            "Health",
            "The same as `/readyz`, by the name that load balancers ask for.",
            {"200": good, **unready},
        ),
    }
    return {path: {"get": _health(path, *told)} for path, told in said.items()}


def _health(path: str, summary: str, description: str, found: Config) -> Config:
    return {
        "operationId": "Health_" + path.strip("/").replace("/", "_"),
        "tags": ["Health"],
        "summary": summary,
        "description": description,
        "security": [],
        "responses": found,
        "x-auth": "public",
    }
