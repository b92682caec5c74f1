"""Access: the policy that the method declares, applied to the caller."""

import time
from typing import Any

import grpc

from bloom.options.v1 import policy_pb2
from service_runtime.conditions.asking import must_ask
from service_runtime.errors import DomainError, Reason
from service_runtime.identity import Identity, token_missing
from service_runtime.policy import Method
from service_runtime.request_path.chain import Call, Proceed

# They have nobody who could be asked again; whoever made them was asked then.
_PROGRAMS = "serviceAccounts/"


async def access(proceed: Proceed, call: Call) -> Any:
    """Refuses before any work is done. What holds under conditions the method asks of each resource."""
    permit(call.method, call.identity)
    if call.method.permission and call.method.permission not in call.identity.permissions:
        with must_ask(call.method.permission):
            return await proceed(call)
    return await proceed(call)


def permit(method: Method, identity: Identity) -> None:
    """Raises DomainError unless `identity` may call `method`. Permission is the subject's alone."""
    if method.auth == policy_pb2.AUTH_LEVEL_PUBLIC:
        return
    if method.auth != policy_pb2.AUTH_LEVEL_WORKLOAD and not identity.subject:
        raise token_missing()
    if method.workload and not identity.workload:
        raise DomainError(
            grpc.StatusCode.PERMISSION_DENIED,
            Reason.ERROR_REASON_WORKLOAD_REQUIRED,
            f"{method.name} is called by services of the mesh only.",
        )
    if method.permission and not _granted(method, identity):
        raise DomainError(
            grpc.StatusCode.PERMISSION_DENIED,
            Reason.ERROR_REASON_PERMISSION_DENIED,
            f"Your roles do not grant {method.permission}. Ask an administrator of your organization.",
            {"permission": method.permission},
        )
    if method.step_up_seconds:
        _require_lately_authenticated(method, identity)


def _granted(method: Method, identity: Identity) -> bool:
    """A grant under conditions counts only where the schema says that they are asked."""
    return method.permission in identity.permissions or (
        method.conditional and bool(identity.conditional.of(method.permission))
    )


def _require_lately_authenticated(method: Method, identity: Identity) -> None:
    """An exchanged token in a person's name is refused as well: the person is not here."""
    if identity.key_id or identity.subject.startswith(_PROGRAMS):
        return
    since = identity.authenticated_at
    if since is None or time.time() - since > method.step_up_seconds:
        raise DomainError(
            grpc.StatusCode.UNAUTHENTICATED,
            Reason.ERROR_REASON_STEP_UP_REQUIRED,
            f"{method.name} needs that you show once more who you are: call StepUp, then try again.",
            {"max_age_seconds": str(method.step_up_seconds)},
        )
