"""Generates `rest_gateway/wire/` from `protos/`: what is spoken of Envoy's protocol."""

import sys
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]

ROOT = Path(__file__).parent
SCHEMA = "rest_gateway/wire/ext_proc.proto"


def main() -> None:
    """Writes the module and its types; ends the process when the schema does not compile."""
    outputs = (f"--python_out={ROOT}", f"--mypy_out=quiet:{ROOT}")
    if protoc.main(["protoc", f"-I{ROOT / 'protos'}", *outputs, SCHEMA]):
        sys.exit("The schema does not compile; protoc says why above.")


if __name__ == "__main__":
    main()
