"""The other side of the bench: Envoy as a bare transcoder before a handler that returns constants."""

import importlib.resources
import json
import sys
from pathlib import Path

import grpc
import uvloop

from bloom.contracts.v1 import contract_service_pb2, contract_service_pb2_grpc

_FILTERS = "type.googleapis.com/envoy.extensions.filters"


class Constants(contract_service_pb2_grpc.ContractServiceServicer):
    """The same answers as the real service gave, kept in memory."""

    def __init__(self, answers: contract_service_pb2.ListContractsResponse) -> None:
        self.answers = answers

    async def GetContract(self, request, context):  # noqa: N802
        return self.answers.contracts[0]

    async def ListContracts(self, request, context):  # noqa: N802
        return self.answers


def envoy(listen: int, upstream: int, admin: int) -> dict[str, object]:
    """No JWT, no limits, no tracing, no access log: the least that turns JSON into gRPC."""
    transcoder = {
        "@type": f"{_FILTERS}.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "proto_descriptor": str(importlib.resources.files("bloom") / "descriptors.binpb"),
        "services": ["bloom.contracts.v1.ContractService"],
        "print_options": {"always_print_primitive_fields": True, "preserve_proto_field_names": True},
    }
    manager = {
        "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bare",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "bare"}}],
                }
            ]
        },
        "http_filters": [
            {"name": "transcoder", "typed_config": transcoder},
            {"name": "router", "typed_config": {"@type": f"{_FILTERS}.http.router.v3.Router"}},
        ],
    }
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    cluster = {
        "name": "bare",
        "type": "STATIC",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
        "load_assignment": {
            "cluster_name": "bare",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
        },
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "admin": {"address": _address(admin)},
        "static_resources": {
            "listeners": [{"name": "http", "address": _address(listen), "filter_chains": [chain]}],
            "clusters": [cluster],
        },
    }


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


async def serve(answers: bytes, port: int) -> None:
    """Serves the constants until the process is ended."""
    server = grpc.aio.server()
    constants = contract_service_pb2.ListContractsResponse.FromString(answers)
    contract_service_pb2_grpc.add_ContractServiceServicer_to_server(Constants(constants), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


def write_config(path: Path, listen: int, upstream: int, admin: int) -> None:
    """JSON is YAML enough for Envoy."""
    path.write_text(json.dumps(envoy(listen, upstream, admin)))


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]).read_bytes(), int(sys.argv[2])))
