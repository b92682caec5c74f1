"""Generates messages, stubs, types and the one descriptor set from the schema into `generated/`.

The descriptor set (`generated/bloom/descriptors.binpb`, with imports and comments) feeds Envoy, OpenAPI,
the policy of each server, log redaction and the tests.
"""

import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

from google.longrunning import operations_proto_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
)
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb  # the wheel embeds the schema of its rules

ROOT = Path(__file__).parent
GENERATED = ROOT / "generated"
SITE_PACKAGES = sysconfig.get_path("purelib")
VALIDATE = "buf/validate/validate.proto"
WELL_KNOWN = (any_pb2, descriptor_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2)


def imported_schema() -> descriptor_pb2.FileDescriptorSet:
    """The imports that no installed `.proto` file holds: well-known types, operations, validation."""
    files = descriptor_pb2.FileDescriptorSet()
    # The last is installed under another file name than the one that its module registers.
    for module in (*WELL_KNOWN, operations_proto_pb2):
        module.DESCRIPTOR.CopyToProto(files.file.add())
    files.file.append(descriptor_pb2.FileDescriptorProto.FromString(validate_pb._DESC.proto.to_binary()))
    return files


def protoc_or_exit(imports: Path, *arguments: str) -> None:
    """Runs protoc; ends the process when the schema does not compile (protoc says why)."""
    if protoc.main(
        ["protoc", f"-I{SITE_PACKAGES}", f"-I{ROOT}", f"--descriptor_set_in={imports}", *arguments]
    ):
        sys.exit("The schema does not compile; protoc says why above.")


def main() -> None:
    """Replaces `generated/` as a whole, so that nothing stale stays."""
    own = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "bloom").rglob("*.proto"))
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".generated-") as scratch:
        imports, built = Path(scratch) / "imports.binpb", Path(scratch) / "generated"
        imports.write_bytes(imported_schema().SerializeToString())
        (built / "bloom").mkdir(parents=True)
        descriptors = built / "bloom" / "descriptors.binpb"
        protoc_or_exit(
            imports, "--include_imports", "--include_source_info", f"--descriptor_set_out={descriptors}", *own
        )
        outputs = ("python_out=", "grpc_python_out=", "mypy_out=quiet:", "mypy_grpc_out=quiet:")
        protoc_or_exit(imports, *(f"--{output}{built}" for output in outputs), *own, VALIDATE)
        shutil.rmtree(GENERATED, ignore_errors=True)
        built.rename(GENERATED)


if __name__ == "__main__":
    main()
