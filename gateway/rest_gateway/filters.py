"""The HTTP filters in their order, each with the reason why it stands where it stands."""

from importlib import resources

from rest_gateway import identity
from rest_gateway.api import Api
from rest_gateway.config import Config, Value, header, http_filter, seconds, typed
from rest_gateway.names import (
    AI_GATEWAY,
    ARCHIVE_LIMIT_FILTER,
    AUTH,
    CONTRACTS,
    CORS_FILTER,
    JSON_LIMIT_FILTER,
    SESSION_COOKIE,
    SESSION_FILTER,
    SESSION_METADATA,
    STRICT_JSON,
    STRICT_JSON_FILTER,
    TRANSCODER_FILTER,
    UPLOAD_LIMIT_FILTER,
    WEB,
)
from rest_gateway.settings import GatewaySettings

# What browsers are told about every answer; the pages of the gateway bring their own policy.
_SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_NOT_FOR_CLIENTS = (
    "grpc-accept-encoding",
    "x-envoy-ratelimited",
    "x-envoy-upstream-healthchecked-cluster",
    "x-envoy-degraded",
)


def http_filters(api: Api, settings: GatewaySettings) -> list[Config]:
    """From the outside in."""
    return [
        _answer_headers(),  # first, so that every answer passes it, refusals included
        http_filter("envoy.filters.http.grpc_web", "grpc_web.v3.GrpcWeb"),
        http_filter(
            CORS_FILTER, "cors.v3.Cors"
        ),  # before all refusals: a browser reads them only with its leave
        _readiness(),
        _rate_limit(settings),
        *(_session(settings) if settings.web_address else ()),  # makes the token that is looked at next
        identity.by_request(api),  # before a body is read
        _limit(ARCHIVE_LIMIT_FILTER, settings.archive_bytes(api.largest_file_mib)),
        _limit(UPLOAD_LIMIT_FILTER, settings.max_body_bytes),
        _limit(JSON_LIMIT_FILTER, settings.max_json_body_bytes),
        _strict_json(),  # sees the JSON that the transcoder consumes
        _transcoder(api, settings),
        identity.by_rpc(api),  # the path is an RPC's name from here on
        _hints(),
        _router(),
    ]


def _router() -> Config:
    """The last filter of every chain."""
    return http_filter("envoy.filters.http.router", "router.v3.Router", suppress_envoy_headers=True)


def _transcoder(api: Api, settings: GatewaySettings) -> Config:
    """REST ⇄ gRPC, in the schema's own field names, and with every field there, even if empty."""
    return http_filter(
        TRANSCODER_FILTER,
        "grpc_json_transcoder.v3.GrpcJsonTranscoder",
        proto_descriptor="descriptors.binpb",
        services=list(api.services),
        convert_grpc_status=True,
        print_options={
            "preserve_proto_field_names": True,
            "always_print_primitive_fields": True,
            "stream_sse_style_delimited": True,
        },
        request_validation_options={
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        query_param_unescape_plus=True,  # as forms and most clients write a space
        max_request_body_size=settings.max_json_body_bytes,
        max_response_body_size=settings.max_response_bytes,
    )


def _answer_headers() -> Config:
    mutations: list[Value] = [
        {"append": header(name, value, "ADD_IF_ABSENT")} for name, value in _SECURITY_HEADERS.items()
    ]
    mutations.append({"append": header("cache-control", "no-store", "ADD_IF_ABSENT")})
    mutations += [{"remove": name} for name in _NOT_FOR_CLIENTS]
    return http_filter(
        "bloom.answer_headers",
        "header_mutation.v3.HeaderMutation",
        mutations={"response_mutations": mutations},
    )


def _readiness() -> Config:
    """Ready while every backend passes its health checks, and not any more once draining begins."""
    path: Config = {
        "name": ":path",
        "string_match": {"safe_regex": {"regex": r"/(readyz|api/health)(\?.*)?"}},
    }
    get: Config = {"name": ":method", "string_match": {"exact": "GET"}}
    return http_filter(
        "envoy.filters.http.health_check",
        "health_check.v3.HealthCheck",
        pass_through_mode=False,
        cluster_min_healthy_percentages={name: {"value": 100} for name in (AUTH, CONTRACTS, AI_GATEWAY)},
        headers=[path, get],
    )


def _rate_limit(settings: GatewaySettings) -> Config:
    """One token bucket for each client address; the least recently seen are forgotten."""
    everyone: Config = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    per_client: Config = {
        "entries": [{"key": "remote_address"}],
        "token_bucket": _bucket(settings.rate_limit_per_minute),
    }
    return http_filter(
        "envoy.filters.http.local_ratelimit",
        "local_ratelimit.v3.LocalRateLimit",
        stat_prefix="edge",
        filter_enabled=everyone,
        filter_enforced=everyone,
        rate_limits=[{"actions": [{"remote_address": {}}]}],
        descriptors=[per_client],
        max_dynamic_descriptors=10_000,
        token_bucket={"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": seconds(1)},
        always_consume_default_token_bucket=False,
        rate_limited_as_resource_exhausted=True,
    )


def _bucket(per_minute: int) -> Config:
    """A minute's requests at once at most, and refilled by the second where that gives any."""
    each_second = per_minute // 60
    if each_second:
        return {"max_tokens": per_minute, "tokens_per_fill": each_second, "fill_interval": seconds(1)}
    return {"max_tokens": per_minute, "tokens_per_fill": per_minute, "fill_interval": seconds(60)}


def _session(settings: GatewaySettings) -> tuple[Config, ...]:
    """A session cookie becomes a token; a request with a token, or without a cookie, asks nobody."""
    return (
        http_filter(
            "bloom.session_or_token",
            "header_to_metadata.v3.Config",
            request_rules=[
                {"cookie": SESSION_COOKIE, "on_header_present": _noted("cookie")},
                {"header": "authorization", "on_header_present": _noted("token")},
            ],
        ),
        http_filter(
            SESSION_FILTER,
            "ext_authz.v3.ExtAuthz",
            stat_prefix="session",
            http_service={
                "server_uri": {
                    "uri": "http://web",
                    "cluster": WEB,
                    "timeout": seconds(settings.unary_timeout_seconds),
                },
                "path_prefix": "/handover",
                "authorization_response": {
                    "allowed_upstream_headers": _exactly("authorization"),
                    "allowed_client_headers": _exactly("content-type"),
                },
            },
            allowed_headers=_exactly(
                "cookie", "origin", "sec-fetch-site", "x-bloom-csrf", "traceparent", "tracestate"
            ),
            filter_enabled_metadata={
                "filter": SESSION_METADATA,
                "path": [{"key": "shown"}],
                "value": {"string_match": {"exact": "cookie"}},
            },
            failure_mode_allow=False,
            status_on_error={"code": "ServiceUnavailable"},
        ),
    )


def _noted(what: str) -> Config:
    """The last of the rules that holds counts."""
    return {"metadata_namespace": SESSION_METADATA, "key": "shown", "value": what}


def _exactly(*names: str) -> Config:
    return {"patterns": [{"exact": name} for name in names]}


def _limit(name: str, limit: int) -> Config:
    return http_filter(name, "body_size_limit.v3.BodySizeLimit", max_request_bytes=limit)


def _strict_json() -> Config:
    """Off, but for the routes that take JSON; a body that cannot be checked does not pass."""
    check = http_filter(
        STRICT_JSON_FILTER,
        "ext_proc.v3.ExternalProcessor",
        grpc_service={"envoy_grpc": {"cluster_name": STRICT_JSON}, "timeout": seconds(5)},
        processing_mode={
            "request_header_mode": "SKIP",
            "request_body_mode": "BUFFERED",
            "request_trailer_mode": "SKIP",
            "response_header_mode": "SKIP",
            "response_body_mode": "NONE",
            "response_trailer_mode": "SKIP",
        },
        message_timeout=seconds(2),
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
    )
    return {**check, "disabled": True}


def _hints() -> Config:
    """Runs on the way back before the transcoder, where a refusal still is a gRPC status."""
    source = (resources.files("rest_gateway") / "hints.lua").read_text()
    return http_filter("bloom.hints", "lua.v3.Lua", default_source_code={"inline_string": source})


def early_mutations(settings: GatewaySettings) -> list[Config]:
    """Before anything reads them: headers that only the mesh, or a proxy of ours, may say."""
    forged = [
        "x-bloom-workload",
        "x-bloom-user-agent",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-client-cert",
        "forwarded",
    ]
    if not settings.trusted_hops:
        forged += ["x-forwarded-for", "x-forwarded-proto"]
    mutations: list[Config] = [{"remove": name} for name in [*forged, "x-real-ip", "x-original-url"]]
    mutations.append({"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}})
    mutations.append({"append": {**_only_a_uuid(), "keep_empty_value": True}})
    return [
        {
            "name": "bloom.only_ours",
            "typed_config": typed(
                "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                mutations=mutations,
            ),
        }
    ]


def _only_a_uuid() -> Config:
    """An outside request id is kept if it is a UUID, since logs and services repeat it; else it is ours."""
    uuid = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    given = "request.headers['x-request-id']"
    return header("x-request-id", f"%CEL({given}.matches('{uuid}') ? {given} : '')%", "OVERWRITE_IF_EXISTS")
