"""What is written for Envoy, and the settings it is written from."""

import subprocess
import sys
from pathlib import Path

import pytest

from rest_gateway.api import load_api
from rest_gateway.envoy import command
from rest_gateway.paths import PathTemplate
from rest_gateway.render import render
from rest_gateway.routes import deadline_seconds
from rest_gateway.settings import GatewaySettings

ADDRESSES = {
    f"{name}_ADDRESS": f"127.0.0.1:{port}"
    for name, port in {"AUTH": 1, "CONTRACTS": 2, "AI_GATEWAY": 3, "STRICT_JSON": 4}.items()
}


def settings(**changes: object) -> GatewaySettings:
    return GatewaySettings.model_validate(
        {name.lower(): value for name, value in ADDRESSES.items()} | changes
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"otel_exporter_otlp_endpoint": "http://collector:4317", "trusted_hops": 1, "cors_origin": ""},
        {"auth_address": "auth.mesh.local:50051", "rate_limit_per_minute": 30},
    ],
    ids=["plain", "in the cloud", "by name"],
)
def test_envoy_accepts_it(tmp_path: Path, changes: dict[str, object]) -> None:
    rendered = settings(**changes)
    render(tmp_path, rendered)
    checked = subprocess.run(
        [*command(tmp_path, rendered), "--mode", "validate"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr[-2000:]
    assert {path.name for path in tmp_path.iterdir()} == {
        "envoy.yaml",
        "descriptors.binpb",
        "openapi.json",
        "docs.html",
    }


def run_render(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    paths = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    arguments = [sys.executable, "-m", "rest_gateway.render", "--out", str(folder)]
    return subprocess.run(arguments, env=paths | environment, capture_output=True, text=True, check=False)


def test_the_command_reads_the_environment(tmp_path: Path) -> None:
    assert run_render(tmp_path, ADDRESSES).returncode == 0
    assert "port_value: 3001" in (tmp_path / "envoy.yaml").read_text()


def test_a_missing_a_wrong_and_a_misspelled_name_stop_it(tmp_path: Path) -> None:
    wrong = {name: value for name, value in ADDRESSES.items() if name != "AUTH_ADDRESS"}
    stopped = run_render(tmp_path, wrong | {"CORS_ORIGIN": "*", "RATE_LIMIT_PER_MINUT": "5"})
    assert stopped.returncode != 0
    assert "AUTH_ADDRESS" in stopped.stderr
    assert "CORS_ORIGIN" in stopped.stderr
    assert "RATE_LIMIT_PER_MINUT is unknown" in stopped.stderr


def test_deadlines_follow_the_kind_of_call() -> None:
    api, patient = load_api(), settings(ai_request_timeout=90_000)
    assert deadline_seconds(api.method("/bloom.auth.v1.AuthService/Login"), patient) == 30
    assert deadline_seconds(api.method("/bloom.ai.v1.AiService/Generate"), patient) == 90
    assert deadline_seconds(api.method("/bloom.contracts.v1.ContractService/UploadContract"), patient) == 300
    assert deadline_seconds(api.method("/bloom.contracts.v1.ContractService/AskContract"), patient) == 600


def test_templates() -> None:
    template = PathTemplate("/v1/{name=contracts/*}:ask")
    assert template.regex == "/v1/contracts/[^/:]+:ask"
    assert template.openapi == "/v1/contracts/{contract}:ask"
    assert template.parameters[0].prefix == "contracts/"
    assert PathTemplate("/v1/me").is_literal
    nested = PathTemplate("/v1/{name=contracts/*/fields/*}:accept")
    assert nested.regex == "/v1/contracts/[^/:]+/fields/[^/:]+:accept"
    assert nested.openapi == "/v1/contracts/{contract}/fields/{field}:accept"
    assert [(one.name, one.prefix) for one in nested.parameters] == [
        ("contract", "contracts/"),
        ("field", "fields/"),
    ]
    only = PathTemplate("/v1/{name=contracts/*/record}")
    assert (only.openapi, len(only.parameters)) == ("/v1/contracts/{contract}/record", 1)
