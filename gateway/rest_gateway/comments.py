"""The schema's comments, by the full name of what they stand at."""

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet

# Field numbers within FileDescriptorProto, DescriptorProto, ServiceDescriptorProto and EnumDescriptorProto,
# of which the paths in SourceCodeInfo are made.
_MESSAGE, _ENUM, _SERVICE = 4, 5, 6
_FIELD, _NESTED, _NESTED_ENUM = 2, 3, 4
_MEMBER = 2

Path = tuple[int, ...]


def comments(files: FileDescriptorSet) -> dict[str, str]:
    """What stands before each declaration, as one paragraph; declarations without a comment are left out."""
    found: dict[str, str] = {}
    for file in files.file:
        said = {
            tuple(place.path): " ".join(place.leading_comments.split())
            for place in file.source_code_info.location
            if place.leading_comments.strip()
        }
        found |= {name: said[path] for path, name in _names(file) if path in said}
    return found


def _names(file: FileDescriptorProto) -> Iterator[tuple[Path, str]]:
    for index, message in enumerate(file.message_type):
        yield from _in_message((_MESSAGE, index), f"{file.package}.{message.name}", message)
    for index, enum in enumerate(file.enum_type):
        values = [value.name for value in enum.value]
        yield from _with_members((_ENUM, index), f"{file.package}.{enum.name}", values)
    for index, service in enumerate(file.service):
        methods = [method.name for method in service.method]
        yield from _with_members((_SERVICE, index), f"{file.package}.{service.name}", methods)


def _with_members(path: Path, name: str, members: list[str]) -> Iterator[tuple[Path, str]]:
    yield path, name
    for index, member in enumerate(members):
        yield (*path, _MEMBER, index), f"{name}.{member}"


def _in_message(path: Path, name: str, message: DescriptorProto) -> Iterator[tuple[Path, str]]:
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, _FIELD, index), f"{name}.{field.name}"
    for index, enum in enumerate(message.enum_type):
        values = [value.name for value in enum.value]
        yield from _with_members((*path, _NESTED_ENUM, index), f"{name}.{enum.name}", values)
    for index, nested in enumerate(message.nested_type):
        yield from _in_message((*path, _NESTED, index), f"{name}.{nested.name}", nested)
