"""Heads of other services' chains: signed with the service's key, and never for a chain that was cut."""

from uuid import uuid4

import pytest

from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc
from service_runtime.audit_file import signer
from service_runtime.chain_file import Head
from service_runtime.signed_head import Seal

from .conftest import WORKLOAD_SECRET

ONE, OTHER = "1" * 64, "2" * 64


@pytest.fixture
async def sign(mesh, owner):
    """Asks as the workload `contracts`."""
    token = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    stub = audit_service_pb2_grpc.AuditServiceStub(mesh.channel)

    async def ask(seq: int, digest: str, organization: str = ""):
        request = audit_service_pb2.SignAuditHeadRequest(
            organization=organization or f"organizations/{owner.org_id}", seq=seq, hash=digest
        )
        return await stub.SignAuditHead(request, metadata=(("x-bloom-workload", token),))

    return ask


async def test_a_signature_names_the_service_whose_chain_it_is(sign, owner):
    head = await sign(7, ONE)
    signed = signer(Head(head.seq, head.hash, Seal(head.signature, dict(head.key))))
    assert (signed.chain, signed.org_id, signed.head.seq) == ("contracts", str(owner.org_id), 7)


async def test_a_chain_grows_or_stands(sign, refusal):
    await sign(7, ONE)
    await sign(7, ONE)
    await sign(9, OTHER)
    for seq, digest in ((9, ONE), (8, OTHER), (1, ONE)):
        refused = await refusal(sign(seq, digest))
        assert (refused.reason_name, refused.metadata["signed"]) == ("STATE_FORBIDS", "9")
    await sign(10, ONE)


async def test_an_organization_that_is_not_there(sign, refusal):
    assert (await refusal(sign(1, ONE, f"organizations/{uuid4()}"))).reason_name == "NOT_FOUND"


async def test_who_is_no_service_gets_no_signature(mesh, owner, refusal):
    request = audit_service_pb2.SignAuditHeadRequest(
        organization=f"organizations/{owner.org_id}", seq=1, hash=ONE
    )
    call = audit_service_pb2_grpc.AuditServiceStub(mesh.channel).SignAuditHead(
        request, metadata=owner.metadata
    )
    assert (await refusal(call)).reason_name == "WORKLOAD_REQUIRED"
