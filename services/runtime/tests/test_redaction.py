"""What is declared sensitive is never shown, however deep it stands."""

from google.api import httpbody_pb2

from bloom.ai.v1 import ai_pb2, ai_service_pb2
from bloom.auth.v1 import auth_service_pb2
from bloom.contracts.v1 import contract_pb2, contract_service_pb2
from service_runtime.redaction import HIDDEN, redacted


def test_sensitive_fields_show_that_they_were_set():
    shown = redacted(auth_service_pb2.LoginRequest(email="a@b.co", password="hunter2-hunter2"))
    assert shown == {"email": "a@b.co", "password": HIDDEN}


def test_they_are_hidden_in_lists_and_below_other_messages():
    block = ai_pb2.ContentBlock(document=ai_pb2.DocumentBlock(title="t", text="the contract"))
    message = ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=[block])
    prompt = ai_service_pb2.Prompt(task="x", system=["the rules"], messages=[message])
    shown = repr(redacted(ai_service_pb2.GenerateRequest(prompt=prompt)))
    assert "the contract" not in shown
    assert "the rules" not in shown
    assert "'task': 'x'" in shown


def test_bytes_are_hidden_and_long_texts_cut():
    content = httpbody_pb2.HttpBody(content_type="text/plain", data=b"words of the contract")
    shown = redacted(contract_service_pb2.UploadContractRequest(filename="a.txt", content=content))
    assert shown == {"filename": "a.txt", "content": {"content_type": "text/plain", "data": HIDDEN}}
    assert len(str(redacted(contract_pb2.Contract(label="x" * 999))["label"])) < 250
