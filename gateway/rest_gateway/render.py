"""Writes what the edge runs on, from the environment: `python -m rest_gateway.render --out DIR`."""

import argparse
import json
from pathlib import Path

import yaml

from rest_gateway.api import Api, load_api
from rest_gateway.config import Value
from rest_gateway.envoy import CONFIG_FILE, bootstrap
from rest_gateway.openapi import openapi_document
from rest_gateway.pages import reference_page
from rest_gateway.settings import GatewaySettings
from service_runtime.settings import load


def render(out_dir: Path, settings: GatewaySettings) -> None:
    """Writes envoy.yaml, descriptors.binpb, openapi.json and docs.html; makes the folder if it is missing."""
    api = load_api()
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "descriptors.binpb").write_bytes(api.files.SerializeToString())
    (out_dir / "openapi.json").write_text(_described(api, settings))
    (out_dir / "docs.html").write_text(reference_page())
    config = _located(bootstrap(api, settings), out_dir.resolve())
    (out_dir / CONFIG_FILE).write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


def _described(api: Api, settings: GatewaySettings) -> str:
    return json.dumps(openapi_document(api, settings), ensure_ascii=False, separators=(",", ":"))


def _located(value: Value, folder: Path) -> Value:
    """With the files' places written out: Envoy's own folder of work may be any."""
    if isinstance(value, dict):
        return {key: _file(key, item, folder) or _located(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_located(item, folder) for item in value]
    return value


def _file(key: str, value: Value, folder: Path) -> str | None:
    return str(folder / value) if key in ("filename", "proto_descriptor") and isinstance(value, str) else None


def main() -> None:
    """Reads the settings, or says what is wrong with them, and writes the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    render(parser.parse_args().out, load(GatewaySettings))


if __name__ == "__main__":
    main()
