"""Who is signed out is refused by every service, at the edge and behind it, before its token ends."""

import time

import grpc
import httpx
import pytest

from bloom.ai.v1 import ai_service_pb2, ai_service_pb2_grpc
from bloom.auth.v1 import directory_service_pb2, directory_service_pb2_grpc
from bloom.contracts.v1 import contract_service_pb2, contract_service_pb2_grpc
from service_runtime.clients import domain_error
from tests.support.client import PASSWORD, WebClient

# A second is what is promised; the rest is for a busy machine.
PATIENCE_SECONDS = 10


def refused(call, seconds: float = PATIENCE_SECONDS) -> str:
    """The reason, once there is one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if reason := call():
            return reason
    pytest.fail("the token is still good")


def of(answer: httpx.Response) -> str:
    return "" if answer.is_success else answer.json()["details"][0]["reason"]


def test_a_session_that_is_ended_ends_its_tokens_everywhere(mesh):
    owner = WebClient.register(mesh.info.rest)
    login = {"email": owner.get("/v1/me").json()["email"], "password": PASSWORD}
    tokens = owner.post("/v1/auth:login", login).raise_for_status().json()["tokens"]
    stolen = WebClient(mesh.info.rest, tokens["access_token"], owner.subject, owner.organization)
    assert stolen.get("/v1/contracts").is_success
    owner.post("/v1/sessions:end", {"keep_current": True}).raise_for_status()

    assert refused(lambda: of(stolen.get("/v1/contracts"))) == "TOKEN_REVOKED"
    assert refused(lambda: of(stolen.get("/v1/ai/usage"))) == "TOKEN_REVOKED"
    assert refused(lambda: of(stolen.get("/v1/me"))) == "TOKEN_REVOKED"
    assert owner.get("/v1/contracts").is_success

    metadata = (("authorization", f"Bearer {tokens['access_token']}"),)
    for name, call in (
        ("contracts", lambda channel: contract_service_pb2_grpc.ContractServiceStub(channel).ListContracts(
            contract_service_pb2.ListContractsRequest(), metadata=metadata, timeout=10)),
        ("ai-gateway", lambda channel: ai_service_pb2_grpc.AiServiceStub(channel).GetUsage(
            ai_service_pb2.GetUsageRequest(), metadata=metadata, timeout=10)),
        ("auth", lambda channel: directory_service_pb2_grpc.DirectoryServiceStub(channel).ListUsers(
            directory_service_pb2.ListUsersRequest(), metadata=metadata, timeout=10)),
    ):  # fmt: skip
        with grpc.insecure_channel(mesh.info.addresses[name]) as channel:
            with pytest.raises(grpc.RpcError) as failed:
                call(channel)
            assert domain_error(failed.value, name).reason_name == "TOKEN_REVOKED"
