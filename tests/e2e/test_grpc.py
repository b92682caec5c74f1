"""Native gRPC and gRPC-Web on the port that serves REST."""

import struct

import grpc
import httpx

from bloom.contracts.v1 import contract_service_pb2 as contracts
from bloom.contracts.v1 import contract_service_pb2_grpc as contracts_grpc

TEXT = b"The initial term of this agreement shall be ten (10) years. Buyer shall pay within 30 days."


def test_native_calls_and_streams(mesh, owner):
    name, signed_in = owner.upload(TEXT)["name"], (("authorization", f"Bearer {owner.token}"),)
    with grpc.insecure_channel(f"127.0.0.1:{mesh.info.ports['gateway']}") as channel:
        stub = contracts_grpc.ContractServiceStub(channel)
        found = stub.GetContract(contracts.GetContractRequest(name=name), metadata=signed_in, timeout=30)
        pieces = stub.DownloadDocument(
            contracts.DownloadDocumentRequest(name=name), metadata=signed_in, timeout=30
        )
        assert b"".join(piece.data for piece in pieces) == TEXT
        asked = contracts.AskContractRequest(name=name, question="What is the initial term?")
        *sentences, last = stub.AskContract(asked, metadata=signed_in, timeout=30)
    assert found.name == name
    assert found.document.size_bytes == len(TEXT)
    assert all(event.sentence.evidence for event in sentences)
    assert last.summary.sentence_count == len(sentences)


def test_grpc_web(url, owner):
    name = owner.upload(TEXT)["name"]
    asked = contracts.GetContractRequest(name=name).SerializeToString()
    answer = httpx.post(
        f"{url}/bloom.contracts.v1.ContractService/GetContract",
        content=b"\0" + struct.pack(">I", len(asked)) + asked,
        headers={"content-type": "application/grpc-web+proto", "authorization": f"Bearer {owner.token}"},
        trust_env=False,
    )
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    (length,) = struct.unpack(">I", answer.content[1:5])
    message, trailers = answer.content[5 : 5 + length], answer.content[5 + length :]
    assert (
        contracts.GetContractResponse.FromString(message).name == name
        if hasattr(contracts, "GetContractResponse")
        else message
    )
    assert b"grpc-status:0" in trailers
