"""What Envoy connects to: the backends, the check of JSON, the key set, the collector of traces."""

from rest_gateway.config import Config, seconds, socket_address, typed
from rest_gateway.names import AI_GATEWAY, AUTH, CONTRACTS, KEY_SET, SCIM, STRICT_JSON, TRACES, WEB
from rest_gateway.settings import GatewaySettings, is_ip, split_address

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
# A backend counts as gone after two failed checks, and as back after one good one.
_CHECK_SECONDS = 2.0


def clusters(settings: GatewaySettings) -> list[Config]:
    """Every cluster of the bootstrap."""
    backends = {
        AUTH: settings.auth_address,
        CONTRACTS: settings.contracts_address,
        AI_GATEWAY: settings.ai_gateway_address,
    }
    found = [_checked(_grpc_cluster(name, address)) for name, address in backends.items()]
    found += [_grpc_cluster(STRICT_JSON, settings.strict_json_address), _key_set_cluster(settings)]
    if settings.scim_address:
        found.append(_http1_cluster(SCIM, settings.scim_address))
    if settings.web_address:
        found.append(_http1_cluster(WEB, settings.web_address))
    if settings.otel_exporter_otlp_endpoint:
        found.append(_grpc_cluster(TRACES, settings.otel_exporter_otlp_endpoint))
    return found


def _grpc_cluster(name: str, address: str) -> Config:
    host, port = split_address(address)
    return {
        "name": name,
        "type": "STATIC" if is_ip(host) else "STRICT_DNS",
        "connect_timeout": seconds(2),
        "typed_extension_protocol_options": {_HTTP_OPTIONS: _http2()},
        "load_assignment": _endpoint(name, {"address": socket_address(host, port)}),
        # Without it Envoy would send calls to backends that it knows to be down.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "circuit_breakers": {"thresholds": [{"max_requests": 1024, "max_pending_requests": 1024}]},
        "upstream_connection_options": {"tcp_keepalive": {}},
    }


def _http1_cluster(name: str, address: str) -> Config:
    """Not among what makes the edge ready: without it everything else is served."""
    one: Config = typed(
        _HTTP_OPTIONS,
        explicit_http_config={"http_protocol_options": {}},
        # Before the other side closes an idle connection, after five seconds, into a request.
        common_http_protocol_options={"idle_timeout": seconds(3)},
    )
    return {**_grpc_cluster(name, address), "typed_extension_protocol_options": {_HTTP_OPTIONS: one}}


def _http2() -> Config:
    keepalive = {"interval": seconds(30), "timeout": seconds(10)}
    return typed(
        _HTTP_OPTIONS, explicit_http_config={"http2_protocol_options": {"connection_keepalive": keepalive}}
    )


def _checked(cluster: Config) -> Config:
    check: Config = {
        "grpc_health_check": {},
        "timeout": seconds(1),
        "interval": seconds(_CHECK_SECONDS),
        "no_traffic_interval": seconds(_CHECK_SECONDS),
        "no_traffic_healthy_interval": seconds(_CHECK_SECONDS),
        "unhealthy_interval": seconds(0.5),
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
    }
    return {**cluster, "health_checks": [check]}


def _key_set_cluster(settings: GatewaySettings) -> Config:
    """The gateway itself: its REST route turns auth's gRPC answer into the document that Envoy reads."""
    host = "127.0.0.1" if settings.listen_host in ("0.0.0.0", "::") else settings.listen_host  # noqa: S104
    return {
        "name": KEY_SET,
        "type": "STATIC",
        "connect_timeout": seconds(1),
        "load_assignment": _endpoint(KEY_SET, {"address": socket_address(host, settings.port)}),
    }


def _endpoint(name: str, endpoint: Config) -> Config:
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]}
