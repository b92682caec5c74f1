"""The API as the schema declares it: every method with its route, its policy and the shape of its calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2, status_pb2

from bloom.options.v1 import policy_pb2
from rest_gateway.paths import PathTemplate

HTTP_BODY = "google.api.HttpBody"
VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Method:
    """One RPC that clients may call."""

    descriptor: MethodDescriptor
    policy: policy_pb2.MethodPolicy
    # In capitals: `POST`.
    verb: str
    path: PathTemplate
    # The request's field that the body becomes: "" for none, "*" for the request itself.
    body: str

    @property
    def service(self) -> str:
        """Full name of the service."""
        return str(self.descriptor.containing_service.full_name)

    @property
    def package(self) -> str:
        """Package of the service: `bloom.auth.v1`."""
        return self.service.rpartition(".")[0]

    @property
    def rpc_path(self) -> str:
        """The path of native gRPC: `/bloom.auth.v1.AuthService/Login`."""
        return f"/{self.service}/{self.descriptor.name}"

    @property
    def is_public(self) -> bool:
        """Whether it is called without a token."""
        return bool(self.policy.auth == policy_pb2.AUTH_LEVEL_PUBLIC)

    @property
    def body_message(self) -> Descriptor | None:
        """What the body is read as; None without a body."""
        request: Descriptor = self.descriptor.input_type
        if self.body in ("", "*"):
            return request if self.body else None
        field: FieldDescriptor = request.fields_by_name[self.body]
        return field.message_type

    @property
    def takes_json(self) -> bool:
        """Whether the body is JSON."""
        return self.body_message is not None and not self.takes_file

    @property
    def takes_file(self) -> bool:
        """Whether the body is bytes, taken as they come."""
        return self.body_message is not None and self.body_message.full_name == HTTP_BODY

    @property
    def takes_archive(self) -> bool:
        """Whether the file may be larger than files usually may, as the policy says."""
        return self.takes_file and bool(self.policy.max_body_mib)

    @property
    def gives_file(self) -> bool:
        """Whether the answer is bytes with a media type of their own."""
        return bool(self.descriptor.output_type.full_name == HTTP_BODY)

    @property
    def gives_events(self) -> bool:
        """Whether the answer is a stream of server-sent events."""
        return bool(self.descriptor.server_streaming) and not self.gives_file


@dataclass(frozen=True)
class Api:
    """The schema of everything that is served here."""

    files: FileDescriptorSet

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """Every method, in the schema's order. Raises ValueError for one without policy or route."""
        return tuple(self._methods())

    @cached_property
    def pool(self) -> DescriptorPool:
        """Descriptors of every type in the schema."""
        pool = DescriptorPool()
        for file in self.files.file:
            pool.Add(file)
        return pool

    @property
    def services(self) -> tuple[str, ...]:
        """Full names of the services, in the schema's order."""
        return tuple(dict.fromkeys(method.service for method in self.methods))

    @property
    def largest_file_mib(self) -> int:
        """What the policies declare for archives."""
        return max(int(method.policy.max_body_mib) for method in self.methods)

    def method(self, rpc_path: str) -> Method:
        """The method of a native gRPC path; raises KeyError."""
        return self._by_rpc_path[rpc_path]

    @cached_property
    def _by_rpc_path(self) -> dict[str, Method]:
        return {method.rpc_path: method for method in self.methods}

    def _methods(self) -> Iterator[Method]:
        for file in self.files.file:
            for service in file.service if file.package.startswith("bloom.") else ():
                found = self.pool.FindServiceByName(f"{file.package}.{service.name}")
                yield from (_method(found.methods_by_name[method.name]) for method in service.method)


def load_api() -> Api:
    """The API of the installed schema, with the types of error details that answers may carry."""
    files = FileDescriptorSet.FromString((resources.files("bloom") / "descriptors.binpb").read_bytes())
    known = {file.name for file in files.file}
    for module in (status_pb2, error_details_pb2):
        if module.DESCRIPTOR.name not in known:
            module.DESCRIPTOR.CopyToProto(files.file.add())
    return Api(files)


def _method(descriptor: MethodDescriptor) -> Method:
    options = descriptor.GetOptions()
    if not options.HasExtension(policy_pb2.policy) or not options.HasExtension(annotations_pb2.http):
        raise ValueError(f"{descriptor.full_name} declares no policy or no route")
    rule: HttpRule = options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    if verb not in VERBS or rule.additional_bindings:
        raise ValueError(f"{descriptor.full_name} has a route of a kind that is not served here")
    path = PathTemplate(getattr(rule, verb))
    return Method(descriptor, options.Extensions[policy_pb2.policy], verb.upper(), path, rule.body)
