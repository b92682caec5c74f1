"""The route table, derived from the schema: native gRPC, REST, the pages of the gateway, and what is refused.

A REST request is routed twice: once as it came, which decides what the filters do with it, and again by the
name of its RPC once it is transcoded, which decides where it goes and how long it may take.
"""

from collections.abc import Iterator

from rest_gateway.api import Api, Method
from rest_gateway.config import Config, Value, header, per_route, seconds, typed
from rest_gateway.names import (
    AI_GATEWAY,
    AUTH,
    BACKENDS,
    CORS_FILTER,
    JSON_LIMIT_FILTER,
    RPC_METADATA,
    SCIM,
    SESSION_FILTER,
    STRICT_JSON_FILTER,
    TRANSCODER_FILTER,
    UPLOAD_LIMIT_FILTER,
    WEB,
)
from rest_gateway.pages import pages_csp
from rest_gateway.settings import GatewaySettings

_JSON_MEDIA = r"(?i)application/json\s*(;.*)?"
_SCIM_PREFIX = "/scim/v2/"
_WEB_PREFIX = "/account/"
_GRPC: Config = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}


def route_config(api: Api, settings: GatewaySettings) -> Config:
    """One virtual host for every name the gateway is called by."""
    host: Config = {
        "name": "api",
        "domains": ["*"],
        "routes": [
            _preflight_route(),
            *_own_routes(),
            *_scim_routes(settings),
            *_web_routes(settings),
            *_routes(api, settings),
        ],
        "typed_per_filter_config": {CORS_FILTER: _cors(settings)},
    }
    return {"name": "edge", "virtual_hosts": [host], "max_direct_response_body_size_bytes": 4 * 1024 * 1024}


def deadline_seconds(method: Method, settings: GatewaySettings) -> int:
    """The longest that a call may take."""
    if method.takes_file:
        return settings.upload_timeout_seconds
    if method.descriptor.server_streaming:
        return settings.stream_timeout_seconds
    if BACKENDS[method.package] == AI_GATEWAY:
        return max(settings.unary_timeout_seconds, -(-settings.ai_request_timeout // 1000))
    return settings.unary_timeout_seconds


def _preflight_route() -> Config:
    """Questions of browsers, answered by the CORS filter, which looks only at requests with a backend."""
    asked: list[Value] = [
        {"name": name, "present_match": True} for name in ("origin", "access-control-request-method")
    ]
    return {
        "name": "preflight",
        "match": {"prefix": "/", "headers": [_method_is("OPTIONS"), *asked]},
        "route": {"cluster": AUTH},
        **_untranscoded(),
    }


def _own_routes() -> Iterator[Config]:
    yield _page("/healthz", "application/json", {"inline_string": '{"status":"SERVING"}'})
    yield _page("/openapi.json", "application/json", {"filename": "openapi.json"})
    csp = header("content-security-policy", pages_csp())
    yield _page("/docs", "text/html; charset=utf-8", {"filename": "docs.html"}, csp)
    yield {
        "name": "home",
        "match": {"path": "/", "headers": [_method_is("GET")]},
        "redirect": {"path_redirect": "/docs", "response_code": "FOUND"},
        **_untranscoded(),
    }
    for path in ("/healthz", "/readyz", "/api/health", "/openapi.json", "/docs", "/"):
        yield _refused({"path": path}, 405, header("allow", "GET"))


def _page(path: str, media_type: str, body: Config, *headers: Config) -> Config:
    cache = header("cache-control", "no-store" if path == "/healthz" else "public, max-age=300")
    return {
        "name": path.strip("/"),
        "match": {"path": path, "headers": [_method_is("GET")]},
        "direct_response": {"status": 200, "body": body},
        "response_headers_to_add": [header("content-type", media_type), cache, *headers],
        **_untranscoded(),
    }


def _scim_routes(settings: GatewaySettings) -> Iterator[Config]:
    """Passed on as it comes, token and all: that process has its callers known by auth."""
    if not settings.scim_address:
        return
    verbs = ("GET", "POST", "PUT", "PATCH", "DELETE")
    known: Config = {"name": ":method", "string_match": {"safe_regex": {"regex": "|".join(verbs)}}}
    yield {
        "name": "scim",
        "match": {"prefix": _SCIM_PREFIX, "headers": [known]},
        "route": {"cluster": SCIM, "timeout": seconds(settings.unary_timeout_seconds)},
        **_untranscoded(),
    }
    yield _refused({"prefix": _SCIM_PREFIX}, 405, header("allow", ", ".join(verbs)))


def _web_routes(settings: GatewaySettings) -> Iterator[Config]:
    """The hosted pages, which know the cookie themselves."""
    if not settings.web_address:
        return
    known: Config = {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD|POST"}}}
    yield {
        "name": "web home",
        "match": {"path": "/account", "headers": [_method_is("GET")]},
        "redirect": {"path_redirect": _WEB_PREFIX, "response_code": "FOUND"},
        **_untranscoded(),
    }
    yield {
        "name": "web",
        "match": {"prefix": _WEB_PREFIX, "headers": [known]},
        "route": {"cluster": WEB, "timeout": seconds(settings.unary_timeout_seconds)},
        "typed_per_filter_config": {
            TRANSCODER_FILTER: _filter(disabled=True),
            SESSION_FILTER: _filter(disabled=True),
        },
    }
    yield _refused({"prefix": _WEB_PREFIX}, 405, header("allow", "GET, HEAD, POST"))


def _routes(api: Api, settings: GatewaySettings) -> Iterator[Config]:
    yield from (_rpc_route(method, settings) for method in api.methods)
    yield _refused({"prefix": "/", "headers": [_GRPC]}, 404)
    for method in api.methods:
        yield from _rest_routes(method)
    yield from _wrong_methods(api)
    yield _refused({"prefix": "/"}, 404)


def _rpc_route(method: Method, settings: GatewaySettings) -> Config:
    longest = seconds(deadline_seconds(method, settings))
    return {
        "name": method.rpc_path.strip("/"),
        "match": {"path": method.rpc_path, "headers": [_GRPC]},
        "decorator": {"operation": method.rpc_path.strip("/")},
        "route": {
            "cluster": BACKENDS[method.package],
            # Envoy tells the service what is left of it as grpc-timeout.
            "timeout": longest,
            "max_stream_duration": {"max_stream_duration": longest, "grpc_timeout_header_max": longest},
            # Only what the backend has not seen: it may have been restarted under an open connection.
            "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 1},
        },
        # It opens a session, and what stands behind needs none.
        "request_headers_to_remove": ["cookie"],
        "typed_per_filter_config": _file_filters(method),
    }


def _rest_routes(method: Method) -> Iterator[Config]:
    match = _rest_match(method)
    if method.takes_file:
        multipart: Config = {
            "name": "content-type",
            "string_match": {"prefix": "multipart/", "ignore_case": True},
        }
        yield _refused({**match, "headers": [_method_is(method.verb), multipart]}, 415)
    if method.takes_json:
        other: Config = {
            "name": "content-type",
            "string_match": {"safe_regex": {"regex": _JSON_MEDIA}},
            "invert_match": True,
        }
        yield _refused({**match, "headers": [_method_is(method.verb), _has_media_type(), other]}, 415)
    yield {
        "name": f"rest {method.rpc_path.strip('/')}",
        "match": match,
        "route": {"cluster": BACKENDS[method.package]},
        "typed_per_filter_config": _body_filters(method),
    }


def _rest_match(method: Method) -> Config:
    path: Config = {"safe_regex": {"regex": method.path.regex}}
    if method.path.is_literal:
        path = {"path": method.path.text}
    return {**path, "headers": [_method_is(method.verb)]}


def _body_filters(method: Method) -> Config:
    """What is special about a body: a file may be large, and JSON is checked for this very method."""
    if method.takes_file:
        return _file_filters(method)
    if not method.takes_json:
        return {}
    rpc: Config = {"key": RPC_METADATA, "value": method.rpc_path}
    strict = per_route("ext_proc.v3.ExtProcPerRoute", overrides={"grpc_initial_metadata": [rpc]})
    return {STRICT_JSON_FILTER: strict}


def _file_filters(method: Method) -> Config:
    """Each kind of body passes those limits alone that are meant for it, or for larger ones."""
    off = (JSON_LIMIT_FILTER, UPLOAD_LIMIT_FILTER) if method.takes_archive else (JSON_LIMIT_FILTER,)
    return {name: _filter(disabled=True) for name in off}


def _wrong_methods(api: Api) -> Iterator[Config]:
    verbs: dict[str, set[str]] = {}
    for method in api.methods:
        verbs.setdefault(method.path.regex, set()).add(method.verb)
    for regex, allowed in verbs.items():
        yield _refused({"safe_regex": {"regex": regex}}, 405, header("allow", ", ".join(sorted(allowed))))


def _refused(match: Config, status: int, *headers: Config) -> Config:
    """An answer without a backend; its words come from the local replies."""
    return {
        "match": match,
        "direct_response": {"status": status},
        "response_headers_to_add": list(headers),
        **_untranscoded(),
    }


def _untranscoded() -> Config:
    """For a route that must be kept: transcoding would route the request anew."""
    return {"typed_per_filter_config": {TRANSCODER_FILTER: _filter(disabled=True)}}


def _filter(*, disabled: bool) -> Config:
    return typed("envoy.config.route.v3.FilterConfig", disabled=disabled)


def _method_is(verb: str) -> Config:
    return {"name": ":method", "string_match": {"exact": verb}}


def _has_media_type() -> Config:
    return {"name": "content-type", "present_match": True}


def _cors(settings: GatewaySettings) -> Config:
    exposed = "x-request-id,retry-after,www-authenticate,grpc-status,grpc-message,grpc-status-details-bin"
    taken = (
        "authorization,content-type,x-request-id,traceparent,tracestate,x-grpc-web,x-user-agent,grpc-timeout"
    )
    return per_route(
        "cors.v3.CorsPolicy",
        allow_origin_string_match=[{"exact": origin} for origin in settings.cors_origins],
        allow_methods="GET,POST,PATCH,DELETE",
        allow_headers=taken,
        expose_headers=exposed,
        max_age="600",
        forward_not_matching_preflights=False,
    )
