"""Where the edge listens and what it connects to: places of its settings, named when it starts."""

import json
from pathlib import Path
from typing import Any

import yaml

from rest_gateway.render import render
from rest_gateway.settings import GatewaySettings

PLACES = {"auth": 1, "contracts": 2, "ai_gateway": 3, "strict_json": 4}


def rendered(folder: Path) -> dict[str, Any]:
    addresses = {f"{name}_address": f"10.0.0.9:{port}" for name, port in PLACES.items()}
    render(folder, GatewaySettings.model_validate({**addresses, "otel_exporter_otlp_endpoint": "10.0.0.9:5"}))
    read: dict[str, Any] = yaml.safe_load((folder / "envoy.yaml").read_text())
    return read


def test_no_request_chooses_where_it_goes(tmp_path: Path) -> None:
    """No proxy for any host, no cluster taken from a header, nothing that is found out later."""
    config = rendered(tmp_path)
    text = json.dumps(config)
    for open_door in (
        "dynamic_forward_proxy",
        "ORIGINAL_DST",
        "cluster_header",
        "dynamic_resources",
        "ads_config",
    ):
        assert open_door not in text
    reached = set()
    for cluster in config["static_resources"]["clusters"]:
        assert cluster["type"] in ("STATIC", "STRICT_DNS")
        for group in cluster["load_assignment"]["endpoints"]:
            for endpoint in group["lb_endpoints"]:
                place = endpoint["endpoint"]["address"]["socket_address"]
                reached.add((place["address"], place["port_value"]))
    # Its own listener too: it reads the key set through itself.
    assert reached == {("10.0.0.9", port) for port in range(1, 6)} | {("127.0.0.1", 3001)}


def test_operators_come_in_on_the_machine_alone(tmp_path: Path) -> None:
    config = rendered(tmp_path)
    assert config["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"
    (listener,) = config["static_resources"]["listeners"]
    assert listener["address"]["socket_address"]["port_value"] == 3001


def test_nothing_is_upgraded_to_another_protocol(tmp_path: Path) -> None:
    """So there are no WebSockets, and no requests hidden behind one."""
    assert "upgrade_configs" not in json.dumps(rendered(tmp_path))
