"""What the schema declares about a method: who may call it, and what a repeated call does."""

from dataclasses import dataclass
from functools import cache

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from bloom.options.v1 import policy_pb2

# Infrastructure that operators and load balancers call; it has no tenant data.
OPEN_SERVICES = frozenset(
    {
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }
)


class UndeclaredPolicyError(Exception):
    """A method declares no policy, or one that says nothing; the server must not start."""


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC as the request path sees it; `full_name` is `bloom.ai.v1.AiService.Generate`."""

    full_name: str
    service: str
    name: str
    auth: "policy_pb2.AuthLevel.ValueType"
    permission: str
    # Whether the method asks the conditions under which a caller may have the permission.
    conditional: bool
    workload: bool
    idempotency: "policy_pb2.Idempotency.ValueType"
    # How long ago a person may have shown who he is; 0 for no matter.
    step_up_seconds: int
    client_streaming: bool
    server_streaming: bool

    @property
    def path(self) -> str:
        """As on the wire: `/bloom.contracts.v1.ContractService/GetContract`."""
        return f"/{self.service}/{self.name}"


def permission_name(permission: "policy_pb2.Permission.ValueType") -> str:
    """As tokens carry it: PERMISSION_CONTRACTS_READ is `contracts.read`; unspecified is empty."""
    return _permission_name(policy_pb2.Permission.Name(permission)) if permission else ""


@cache
def permissions_of(role: "policy_pb2.Role.ValueType") -> frozenset[str]:
    """What the schema grants to a role."""
    values = policy_pb2.Permission.DESCRIPTOR.values
    return frozenset(
        _permission_name(value.name)
        for value in values
        if role in value.GetOptions().Extensions[policy_pb2.granted_to]
    )


@cache
def conditional_permissions() -> "frozenset[policy_pb2.Permission.ValueType]":
    """Those that a custom role may grant under conditions."""
    values = policy_pb2.Permission.DESCRIPTOR.values
    return frozenset(
        policy_pb2.Permission.Value(value.name)
        for value in values
        if value.GetOptions().Extensions[policy_pb2.conditional]
    )


def methods_of(service: str) -> list[Method]:
    """All methods of a registered service. Raises UndeclaredPolicyError where one declares no policy."""
    return [_declared(method) for method in descriptor_pool.Default().FindServiceByName(service).methods]


def _permission_name(enum_name: str) -> str:
    return enum_name.removeprefix("PERMISSION_").lower().replace("_", ".")


def _declared(method: MethodDescriptor) -> Method:
    options = method.GetOptions()
    policy = options.Extensions[policy_pb2.policy]
    needs_permission = policy.auth == policy_pb2.AUTH_LEVEL_PERMISSION
    # Of somebody without a token, or of a workload, nothing could be asked.
    for_subjects = needs_permission or policy.auth == policy_pb2.AUTH_LEVEL_AUTHENTICATED
    sound = policy.step_up_seconds >= 0 and (for_subjects or not policy.step_up_seconds)
    complete = policy.auth and policy.idempotency and needs_permission == bool(policy.permission)
    if not complete or not sound:
        raise UndeclaredPolicyError(f"{method.full_name} declares no complete bloom.options.v1.policy")
    return Method(
        full_name=method.full_name,
        service=method.containing_service.full_name,
        name=method.name,
        auth=policy.auth,
        permission=permission_name(policy.permission),
        conditional=policy.permission in conditional_permissions(),
        workload=policy.workload or policy.auth == policy_pb2.AUTH_LEVEL_WORKLOAD,
        idempotency=policy.idempotency,
        step_up_seconds=policy.step_up_seconds,
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
    )
