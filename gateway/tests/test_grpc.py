"""Native gRPC and gRPC-Web on the same port, with refusals that stay gRPC."""

import struct
from collections.abc import Iterator

import grpc
import httpx
import pytest

from bloom.auth.v1 import auth_service_pb2 as auth
from bloom.auth.v1 import auth_service_pb2_grpc as auth_grpc
from bloom.contracts.v1 import contract_service_pb2 as contracts
from bloom.contracts.v1 import contract_service_pb2_grpc as contracts_grpc
from rest_gateway_testing.edge import Edge, grpc_reason
from rest_gateway_testing.fakes import ZERO


@pytest.fixture(scope="module")
def channel(edge: Edge) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{edge.settings.port}") as opened:
        yield opened


def bearer(edge: Edge) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {edge.backends.token()}"),)


def test_a_call_and_a_stream(edge: Edge, channel: grpc.Channel) -> None:
    stub = contracts_grpc.ContractServiceStub(channel)
    asked = contracts.GetContractRequest(name=f"contracts/{ZERO}0001")
    assert stub.GetContract(asked, metadata=bearer(edge)).name == asked.name
    pieces = stub.DownloadDocument(contracts.DownloadDocumentRequest(name=asked.name), metadata=bearer(edge))
    assert b"".join(piece.data for piece in pieces) == b"%PDF-one two"


def test_an_upload_of_several_megabytes(edge: Edge, channel: grpc.Channel) -> None:
    pieces = (
        contracts.UploadContractRequest(filename="a.pdf", content={"data": b"x" * 2**20}) for _ in range(5)
    )
    answer = contracts_grpc.ContractServiceStub(channel).UploadContract(pieces, metadata=bearer(edge))
    assert answer.contract.tags[-2:] == ["5", str(5 * 2**20)]


def test_public_methods_need_no_token(channel: grpc.Channel) -> None:
    answer = auth_grpc.AuthServiceStub(channel).Login(auth.LoginRequest(email="a", password="b"))
    assert answer.user.email == "a"


def test_no_token_is_a_grpc_refusal(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        auth_grpc.AuthServiceStub(channel).GetMe(auth.GetMeRequest())
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert grpc_reason(caught.value) == "TOKEN_MISSING"
    assert "{" not in str(caught.value.details())


def test_an_unknown_method_is_a_grpc_refusal(edge: Edge, channel: grpc.Channel) -> None:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/bloom.auth.v1.AuthService/Nope")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"", metadata=bearer(edge))
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_the_workload_header_is_stripped_here_too(edge: Edge, channel: grpc.Channel) -> None:
    forged = (*bearer(edge), ("x-bloom-workload", "contracts"))
    answer = auth_grpc.AuthServiceStub(channel).GetMe(auth.GetMeRequest(), metadata=forged)
    assert "x-bloom-workload" not in answer.display_name


def test_json_to_the_name_of_an_rpc_is_not_served(someone: httpx.Client) -> None:
    assert someone.post("/bloom.auth.v1.AuthService/Login", json={}).status_code == 404


def web_call(client: httpx.Client, path: str, message: bytes, **headers: str) -> httpx.Response:
    body = b"\0" + struct.pack(">I", len(message)) + message
    return client.post(path, content=body, headers={"content-type": "application/grpc-web+proto", **headers})


def test_grpc_web(edge: Edge, anyone: httpx.Client) -> None:
    asked = auth.LoginRequest(email="web", password="b").SerializeToString()
    answer = web_call(anyone, "/bloom.auth.v1.AuthService/Login", asked, origin="https://app.example")
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    (length,) = struct.unpack(">I", answer.content[1:5])
    assert auth.LoginResponse.FromString(answer.content[5 : 5 + length]).user.email == "web"
    assert b"grpc-status:0" in answer.content[5 + length :]


def test_grpc_web_without_a_token(anyone: httpx.Client) -> None:
    answer = web_call(anyone, "/bloom.auth.v1.AuthService/GetMe", b"")
    assert answer.headers.get("grpc-status", "") == "16" or b"grpc-status:16" in answer.content
