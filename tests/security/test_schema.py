"""What the schema itself keeps: reads alone are GET, no secret in an address, none told twice."""

import re
from collections.abc import Iterator

import pytest
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bloom.options.v1 import policy_pb2
from tests.security.schema import METHODS, Rpc

# Where a secret is made, or asked for with a proof: the one answer that holds it.
TELL_A_SECRET = {
    "RegisterOrganization", "Login", "CompleteLogin", "StartPasskeyLogin", "StartStepUp", "StepUp",
    "RefreshToken", "IssueToken", "ExchangeToken", "CreateServiceAccount", "CreateApiKey",
    "StartTotpEnrolment", "ConfirmTotpEnrolment", "StartPasskeyEnrolment", "FinishPasskeyEnrolment",
    "RegenerateRecoveryCodes", "AcceptInvitation", "SwitchOrganization", "StartSso", "FinishSso",
}  # fmt: skip
SECRETS = re.compile(r"password|secret|refresh_token|access_token|api_key|recovery_code|challenge_token")
# Kept questions whose answers everybody's friends know.
HINTS = re.compile(r"hint|security_question|secret_question|mother|maiden|first_pet")


def is_sensitive(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[policy_pb2.sensitive])


def is_only_taken(field: FieldDescriptor) -> bool:
    """Taken with a resource, never given back with it."""
    behavior = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.INPUT_ONLY in behavior


def fields_of(message: Descriptor, seen: frozenset[str] = frozenset()) -> Iterator[FieldDescriptor]:
    """Its own and those of what is inside of it."""
    for field in message.fields:
        yield field
        inside = field.message_type
        if inside is not None and inside.full_name not in seen:
            yield from fields_of(inside, seen | {inside.full_name})


def in_the_address(rpc: Rpc) -> Iterator[FieldDescriptor]:
    for field in rpc.descriptor.input_type.fields:
        if rpc.body != "*" and field.name != rpc.body:
            yield field
            if field.message_type is not None:
                yield from fields_of(field.message_type)


@pytest.mark.parametrize("rpc", [rpc for rpc in METHODS if rpc.verb], ids=str)
def test_what_changes_something_is_no_get(rpc: Rpc):
    reads = rpc.policy.idempotency == policy_pb2.IDEMPOTENCY_READ
    assert rpc.verb in ("GET", "POST", "PATCH", "PUT", "DELETE")
    assert reads or rpc.verb != "GET"


@pytest.mark.parametrize("rpc", [rpc for rpc in METHODS if rpc.verb], ids=str)
def test_no_secret_travels_in_an_address(rpc: Rpc):
    """Addresses are in logs, in histories, and in what a browser tells the next page."""
    assert not [
        field.name for field in in_the_address(rpc) if is_sensitive(field) or SECRETS.search(field.name)
    ]
    assert not SECRETS.search(rpc.path)


@pytest.mark.parametrize("rpc", METHODS, ids=str)
def test_an_answer_holds_a_secret_only_where_it_is_made(rpc: Rpc):
    told = [
        field.name
        for field in fields_of(rpc.descriptor.output_type)
        if is_sensitive(field) and not is_only_taken(field)
    ]
    if rpc.package == "bloom.auth.v1":
        assert not told or rpc.name in TELL_A_SECRET, told
    assert not [field.name for field in fields_of(rpc.descriptor.output_type) if field.name.endswith("_hash")]


def test_what_is_named_like_a_secret_is_marked_as_one():
    for rpc in METHODS:
        for message in (rpc.descriptor.input_type, rpc.descriptor.output_type):
            for field in fields_of(message):
                if SECRETS.search(field.name) and field.type in (field.TYPE_STRING, field.TYPE_BYTES):
                    assert is_sensitive(field), field.full_name


def test_there_are_no_hints():
    for rpc in METHODS:
        assert not [f.full_name for f in fields_of(rpc.descriptor.input_type) if HINTS.search(f.name)]
