"""The declarations themselves: complete, granted to somebody, and harmless for a reader."""

import uuid

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool

from bloom.options.v1 import policy_pb2
from service_runtime.policy import UndeclaredPolicyError, methods_of
from tests.security.schema import METHODS, PERMISSIONS, ROLES, permissions_of

COMPLETE = policy_pb2.MethodPolicy(
    auth=policy_pb2.AUTH_LEVEL_PERMISSION,
    permission=policy_pb2.PERMISSION_CONTRACTS_READ,
    idempotency=policy_pb2.IDEMPOTENCY_READ,
)


def service_with(policy: policy_pb2.MethodPolicy | None) -> str:
    """The name of a service, made for the moment, whose one method declares this."""
    package = f"made.v{uuid.uuid4().int}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    file.dependency.append(policy_pb2.DESCRIPTOR.name)
    file.message_type.add(name="Nothing")
    kind = f".{package}.Nothing"
    method = file.service.add(name="Made").method.add(name="Do", input_type=kind, output_type=kind)
    if policy is not None:
        method.options.Extensions[policy_pb2.policy].CopyFrom(policy)
    descriptor_pool.Default().Add(file)
    return f"{package}.Made"


def without(field: str) -> policy_pb2.MethodPolicy:
    policy = policy_pb2.MethodPolicy()
    policy.CopyFrom(COMPLETE)
    policy.ClearField(field)
    return policy


@pytest.mark.parametrize(
    "policy",
    [None, policy_pb2.MethodPolicy(), without("auth"), without("permission"), without("idempotency"),
     policy_pb2.MethodPolicy(
         auth=policy_pb2.AUTH_LEVEL_PUBLIC, permission=policy_pb2.PERMISSION_CONTRACTS_READ,
         idempotency=policy_pb2.IDEMPOTENCY_READ,
     ),
     policy_pb2.MethodPolicy(
         auth=policy_pb2.AUTH_LEVEL_PUBLIC, idempotency=policy_pb2.IDEMPOTENCY_READ, step_up_seconds=900,
     ),
     policy_pb2.MethodPolicy(
         auth=policy_pb2.AUTH_LEVEL_AUTHENTICATED, idempotency=policy_pb2.IDEMPOTENCY_READ,
         step_up_seconds=-1,
     )],
    ids=["none", "empty", "no level", "no permission", "no idempotency", "a permission of anyone",
         "a step-up of anyone", "a step-up of the future"],
)  # fmt: skip
def test_a_method_without_a_complete_policy_is_refused(policy: policy_pb2.MethodPolicy | None):
    with pytest.raises(UndeclaredPolicyError, match="Do declares no complete"):
        methods_of(service_with(policy))


def test_a_complete_policy_is_taken():
    (method,) = methods_of(service_with(COMPLETE))
    assert method.permission == "contracts.read"


def test_what_the_runtime_reads_is_what_is_declared():
    """Both readings of the schema see the same methods."""
    read = {
        method.full_name for service in {rpc.service for rpc in METHODS} for method in methods_of(service)
    }
    assert read == {rpc.descriptor.full_name for rpc in METHODS}
    assert len(METHODS) == len(read) > 20


@pytest.mark.parametrize("permission", PERMISSIONS.values(), ids=lambda value: value.name)
def test_a_permission_is_granted_and_asked_for(permission):
    assert any(permission.number in permissions_of(role) for role in ROLES)
    assert any(rpc.policy.permission == permission.number for rpc in METHODS)


def test_every_role_may_do_something_and_the_owner_everything():
    assert all(permissions_of(role) for role in ROLES)
    assert permissions_of("ROLE_OWNER") == set(PERMISSIONS)


def test_whatever_gives_access_or_takes_a_factor_away_asks_once_more():
    """Otherwise a stolen token would make itself a way in that outlives it."""
    asking = {rpc.name for rpc in METHODS if rpc.policy.step_up_seconds}
    assert asking == {
        "CreateUser", "UpdateUser", "CreateServiceAccount", "DeleteServiceAccount", "CreateApiKey",
        "UpdateRole", "StartTotpEnrolment", "StartPasskeyEnrolment", "DeleteFactor",
        "RegenerateRecoveryCodes", "ChangePassword", "CreateInvitation", "CreateSsoConnection",
        "UpdateSsoConnection", "DeleteSsoConnection", "AddSsoDomain", "VerifySsoDomain", "RemoveSsoDomain",
        "SetGroupRoles",
    }  # fmt: skip
    assert all(rpc.policy.step_up_seconds <= 900 for rpc in METHODS)


def test_a_viewer_changes_nothing():
    """By what the methods do, and not by what their permissions are called."""
    allowed = [rpc for rpc in METHODS if rpc.policy.permission in permissions_of("ROLE_VIEWER")]
    changing = {rpc.name for rpc in allowed if rpc.policy.idempotency != policy_pb2.IDEMPOTENCY_READ}
    # Asking changes nothing but what was spent; the door to Claude is for services of the mesh alone.
    door = {"Generate", "StreamGenerate", "CreateBatch", "CancelBatch"}
    # What somebody wants to see in which order is his own.
    own = {
        f"{verb}{view}" for verb in ("Create", "Update", "Delete") for view in ("ColumnSet", "SavedSearch")
    }
    # A file of what he may read anyway.
    assert changing == {"AskContract", "ExportContracts", *door, *own}
    assert not [rpc.name for rpc in allowed if rpc.name in door and not rpc.policy.workload]
    named = [PERMISSIONS[number].name for number in permissions_of("ROLE_VIEWER")]
    assert not [name for name in named if name.endswith(("_WRITE", "_DELETE", "_ANALYZE"))]
