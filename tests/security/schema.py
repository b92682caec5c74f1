"""What the schema declares, read here once more, so that the code under test does not judge itself."""

import importlib
import importlib.resources
import re
from dataclasses import dataclass

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from bloom.options.v1 import policy_pb2
from bloom.options.v1.policy_pb2 import MethodPolicy, Permission, Role
from tests.security.callers import Caller

ROLES = {value.name: value.number for value in policy_pb2.Role.DESCRIPTOR.values if value.number}
PERMISSIONS = {value.number: value for value in policy_pb2.Permission.DESCRIPTOR.values if value.number}


@dataclass(frozen=True)
class Rpc:
    """One method with its policy and its route."""

    descriptor: MethodDescriptor
    policy: MethodPolicy
    # In capitals; empty without a route.
    verb: str
    path: str
    # The request's field that the body becomes: "" for none, "*" for all.
    body: str

    @property
    def name(self) -> str:
        return str(self.descriptor.name)

    @property
    def service(self) -> str:
        return str(self.descriptor.containing_service.full_name)

    @property
    def package(self) -> str:
        return self.service.rpartition(".")[0]

    @property
    def is_public(self) -> bool:
        return bool(self.policy.auth == policy_pb2.AUTH_LEVEL_PUBLIC)

    @property
    def needs_subject(self) -> bool:
        return self.policy.auth in (policy_pb2.AUTH_LEVEL_AUTHENTICATED, policy_pb2.AUTH_LEVEL_PERMISSION)

    @property
    def needs_workload(self) -> bool:
        return bool(self.policy.workload or self.policy.auth == policy_pb2.AUTH_LEVEL_WORKLOAD)

    def __str__(self) -> str:
        return f"{self.service.removeprefix('bloom.')}.{self.name}"


def declared() -> list[Rpc]:
    """Every method of every service in the descriptor set; one that is added is here by itself."""
    described = importlib.resources.files("bloom").joinpath("descriptors.binpb").read_bytes()
    found = []
    for file in descriptor_pb2.FileDescriptorSet.FromString(described).file:
        if file.package.startswith("bloom."):
            importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
            found += [f"{file.package}.{service.name}" for service in file.service]
    pool = descriptor_pool.Default()
    return [_rpc(method) for name in found for method in pool.FindServiceByName(name).methods]


def _rpc(method: MethodDescriptor) -> Rpc:
    options = method.GetOptions()
    rule = options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    path = getattr(rule, verb) if verb else ""
    return Rpc(method, options.Extensions[policy_pb2.policy], (verb or "").upper(), path, rule.body)


def permissions_of(*roles: str) -> frozenset[int]:
    """The union of what the schema grants to these roles."""
    wanted = {Role.Value(role) for role in roles}
    return frozenset(
        number
        for number, value in PERMISSIONS.items()
        if wanted & set(value.GetOptions().Extensions[policy_pb2.granted_to])
    )


def expected_refusal(rpc: Rpc, caller: Caller, *, at_the_edge: bool = False) -> str:
    """The reason with which the declared policy refuses this caller; empty where it lets it through."""
    if caller.bearer_refused or caller.workload_refused:
        return caller.bearer_refused or caller.workload_refused
    if rpc.is_public:
        return ""
    if at_the_edge and not caller.is_subject:
        return "TOKEN_MISSING"  # strangers are turned away before it is asked what the method needs
    if rpc.needs_subject and not caller.is_subject:
        return "TOKEN_MISSING"
    if rpc.needs_workload and not caller.is_workload:
        return "WORKLOAD_REQUIRED"
    scopes = {Permission.Value(scope) for scope in caller.scopes}
    if rpc.policy.permission and rpc.policy.permission not in permissions_of(*caller.roles) | scopes:
        return "PERMISSION_DENIED"
    return "STEP_UP_REQUIRED" if _is_shown_too_long_ago(rpc, caller) else ""


def _is_shown_too_long_ago(rpc: Rpc, caller: Caller) -> bool:
    if not rpc.policy.step_up_seconds or caller.is_program:
        return False
    since = caller.seconds_since_shown
    return since is None or since > rpc.policy.step_up_seconds


def path_fields(rpc: Rpc) -> list[str]:
    """`contract.name` of `/v1/{contract.name=contracts/*}`."""
    return re.findall(r"\{([\w.]+)=[^}]*\}", rpc.path)


METHODS = declared()
