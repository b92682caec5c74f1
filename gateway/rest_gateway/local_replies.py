"""What Envoy itself answers, as `google.rpc.Status`: as JSON for REST, as a gRPC status for gRPC."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from rest_gateway.api import Api, Method
from rest_gateway.config import Config, Value, header, typed
from rest_gateway.names import REFUSED_JSON
from rest_gateway.settings import GatewaySettings

DOMAIN = "bloom"
# The transcoder makes REST look like gRPC, and leaves the path there was.
_IS_GRPC = (
    "request.headers['content-type'].startsWith('application/grpc') "
    "&& !('x-envoy-original-path' in request.headers)"
)
_READY_PATHS = "request.url_path in ['/readyz', '/api/health']"
_RETRY_SECONDS = 1
# Code details of what the hosted pages refuse in the name of a session.
_NO_SESSION = "ext_authz_denied"


@dataclass(frozen=True)
class LocalError:
    """One answer of Envoy's own."""

    # A condition in CEL over `request` and `response`.
    when: str
    http_status: int
    code: int
    # Of bloom.errors.v1.ErrorReason, without its prefix.
    reason: str
    # `%LOCAL_REPLY_BODY%` stands for Envoy's own words.
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry: bool = False
    allow: str = ""


def local_reply_config(api: Api, settings: GatewaySettings) -> Config:
    """The mapping of every local reply; the first condition that holds decides."""
    mappers: list[Value] = [*_passed_on()]
    for error in local_errors(api, settings):
        mappers += [_grpc_mapper(error), _json_mapper(error)]
    return {"mappers": mappers}


def local_errors(api: Api, settings: GatewaySettings) -> tuple[LocalError, ...]:
    """Most special first; the last ones take what nobody foresaw."""
    return (
        *_identity_errors(),
        *_size_errors(api, settings),
        *_shape_errors(),
        *_method_errors(api),
        *_waiting_errors(),
        LocalError(
            "response.code >= 500",
            500,
            Code.INTERNAL,
            "INTERNAL",
            "A fault of ours; the request id finds it.",
        ),
        LocalError(
            "response.code >= 400", 400, Code.INVALID_ARGUMENT, "INVALID_FIELD", "The request is malformed."
        ),
    )


def _identity_errors() -> tuple[LocalError, ...]:
    details = "response.code_details.contains('{}')"
    return (
        LocalError(
            details.format("Jwt_is_missing"),
            401,
            Code.UNAUTHENTICATED,
            "TOKEN_MISSING",
            "Send an access token: Authorization: Bearer <token>.",
        ),
        LocalError(
            details.format("Jwt_is_expired"),
            401,
            Code.UNAUTHENTICATED,
            "TOKEN_EXPIRED",
            "The access token has expired; refresh it.",
        ),
        LocalError(
            details.format("Jwks_remote_fetch"),
            503,
            Code.UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "Tokens cannot be verified now; try again.",
            {"dependency": "auth"},
            retry=True,
        ),
        LocalError(
            "response.code == 401 || " + details.format("jwt_authn_access_denied"),
            401,
            Code.UNAUTHENTICATED,
            "TOKEN_INVALID",
            "The access token is malformed, tampered with, or not for this system.",
        ),
    )


def _file_too_large(methods: Sequence[Method], limit: int) -> LocalError:
    paths = [path for method in methods for path in (method.path.text, method.rpc_path)]
    return LocalError(
        f"response.code == 413 && request.url_path in {paths}",
        413,
        Code.INVALID_ARGUMENT,
        "DOCUMENT_TOO_LARGE",
        f"The file is larger than {limit} bytes.",
        {"limit_bytes": str(limit)},
    )


def _size_errors(api: Api, settings: GatewaySettings) -> tuple[LocalError, ...]:
    body = settings.max_json_body_bytes
    archives = [method for method in api.methods if method.takes_archive]
    files = [method for method in api.methods if method.takes_file and not method.takes_archive]
    return (
        _file_too_large(archives, settings.archive_bytes(api.largest_file_mib)),
        _file_too_large(files, settings.max_body_bytes),
        LocalError(
            "response.code == 413",
            413,
            Code.INVALID_ARGUMENT,
            "DOCUMENT_TOO_LARGE",
            f"The body is larger than {body} bytes.",
            {"limit_bytes": str(body)},
        ),
        LocalError(
            "response.code == 431",
            431,
            Code.INVALID_ARGUMENT,
            "INVALID_FIELD",
            "The headers are too large.",
        ),
    )


def _shape_errors() -> tuple[LocalError, ...]:
    return (
        LocalError(
            "response.code == 415 && request.headers['content-type'].startsWith('multipart/')",
            415,
            Code.INVALID_ARGUMENT,
            "DOCUMENT_TYPE_UNSUPPORTED",
            "Multipart is not taken. Send the file itself as the body, its name as ?filename=.",
            {"detected": "multipart"},
        ),
        LocalError(
            "response.code == 415",
            415,
            Code.INVALID_ARGUMENT,
            "MALFORMED_JSON",
            "The body must be JSON: Content-Type: application/json.",
        ),
        LocalError(
            "response.code == 400 && response.code_details.contains('grpc_json_transcode_failure')",
            400,
            Code.INVALID_ARGUMENT,
            "INVALID_FIELD",
            "%LOCAL_REPLY_BODY%",
        ),
        LocalError(
            "response.code == 400 && response.code_details == 'path_normalization_failed'",
            400,
            Code.INVALID_ARGUMENT,
            "INVALID_FIELD",
            "The path is malformed; a slash within a part of it cannot be escaped.",
        ),
    )


def _method_errors(api: Api) -> tuple[LocalError, ...]:
    verbs = ", ".join(sorted({method.verb for method in api.methods}))
    return (
        LocalError(
            "response.code == 404",
            404,
            Code.UNIMPLEMENTED,
            "METHOD_UNKNOWN",
            "No such path. /openapi.json lists those that there are.",
        ),
        LocalError(
            "response.code == 405",
            405,
            Code.UNIMPLEMENTED,
            "METHOD_UNKNOWN",
            "This path is not called with this method; Allow names those it has.",
        ),
        LocalError(
            "response.code_details == 'query_missing_content_type'",
            405,
            Code.UNIMPLEMENTED,
            "METHOD_UNKNOWN",
            "QUERY is not served here.",
            allow=verbs,
        ),
    )


def _waiting_errors() -> tuple[LocalError, ...]:
    return (
        LocalError(
            "response.code == 429",
            429,
            Code.RESOURCE_EXHAUSTED,
            "RATE_LIMITED",
            "Too many requests from this address; slow down.",
            retry=True,
        ),
        LocalError(
            "response.code == 504 || response.code == 408",
            504,
            Code.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            "The answer did not come in time.",
        ),
        LocalError(
            f"response.code == 503 && {_READY_PATHS}",
            503,
            Code.UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "Not every service behind this gateway is healthy.",
            retry=True,
        ),
        LocalError(
            "response.code == 503 || response.code == 502",
            503,
            Code.UNAVAILABLE,
            "DEPENDENCY_UNAVAILABLE",
            "A part of the system is not reachable now; try again.",
            retry=True,
        ),
    )


def _passed_on() -> tuple[Config, ...]:
    """Answers whose words are right already, and the good answer of the health check, which has none."""
    told = " || ".join(f"response.code_details.contains('{place}')" for place in (REFUSED_JSON, _NO_SESSION))
    as_it_is: Config = {
        "filter": _condition(told),
        "body_format_override": _words("%LOCAL_REPLY_BODY%"),
    }
    ready: Config = {
        "filter": _condition(f"response.code == 200 && {_READY_PATHS}"),
        "body_format_override": {"json_format": {"status": "SERVING"}},
    }
    return as_it_is, ready


def _words(text: str) -> Config:
    return {"text_format_source": {"inline_string": text}, "content_type": "application/json"}


def _json_mapper(error: LocalError) -> Config:
    mapper: Config = {
        "filter": _condition(error.when),
        "status_code": error.http_status,
        "body_format_override": {"json_format": status_json(error)},
    }
    return {**mapper, "headers_to_add": _headers(error)}


def _grpc_mapper(error: LocalError) -> Config:
    details = base64.b64encode(status_message(error).SerializeToString()).decode().rstrip("=")
    static = "%" not in error.message
    headers = [header("grpc-status-details-bin", details)] if static else []
    return {
        "filter": _condition(f"{_IS_GRPC} && ({error.when})"),
        "status_code": error.http_status,
        "headers_to_add": [*headers, *_headers(error)],
        "body_format_override": {"text_format_source": {"inline_string": error.message}},
    }


def _condition(expression: str) -> Config:
    cel = typed("envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", expression=expression)
    return {"extension_filter": {"name": "envoy.access_loggers.extension_filters.cel", "typed_config": cel}}


def _headers(error: LocalError) -> list[Config]:
    allow = [header("allow", error.allow)] if error.allow else []
    return [*allow, header("retry-after", str(_RETRY_SECONDS))] if error.retry else allow


def status_message(error: LocalError) -> Status:
    """The status that a gRPC client reads from `grpc-status-details-bin`."""
    status = Status(code=error.code, message=error.message)
    status.details.add().Pack(ErrorInfo(domain=DOMAIN, reason=error.reason, metadata=dict(error.metadata)))
    if error.retry:
        status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=_RETRY_SECONDS)))
    return status


def status_json(error: LocalError) -> Config:
    """The same status in JSON, in the field names that the transcoder prints."""
    info: Config = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": error.reason,
        "domain": DOMAIN,
        "metadata": dict(error.metadata),
    }
    delay: Config = {
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retry_delay": f"{_RETRY_SECONDS}s",
    }
    return {
        "code": error.code,
        "message": error.message,
        "details": [info, delay] if error.retry else [info],
    }
