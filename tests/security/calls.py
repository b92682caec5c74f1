"""The same call over native gRPC and over REST, and what became of it."""

import re
from dataclasses import dataclass

import grpc
import httpx
from google.api import httpbody_pb2
from google.protobuf import json_format, message_factory
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.security.callers import Caller
from tests.security.schema import Rpc, path_fields

# Anything that changes from call to call.
_OWN = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
SECONDS = 30


@dataclass(frozen=True)
class Outcome:
    """How a call ended; `reason` is empty when it went well."""

    # By number and by name: a google.rpc.Code.
    code: grpc.StatusCode
    reason: str = ""
    # What the caller is told, less the ids that it sent itself.
    told: str = ""
    # HTTP's number; 0 over native gRPC.
    status: int = 0

    @property
    def is_refusal(self) -> bool:
        return self.code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)

    @property
    def is_fault(self) -> bool:
        """Nothing that says whether the caller may: a fault of ours, or a request that we built wrongly."""
        faults = ("UNKNOWN", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "DATA_LOSS")
        return self.code.name in faults or self.reason in ("INVALID_FIELD", "MALFORMED_JSON", "UNKNOWN_FIELD")


async def over_grpc(channel: grpc.aio.Channel, rpc: Rpc, request: Message, caller: Caller) -> Outcome:
    """Straight to the service, without the edge."""
    sides = (rpc.descriptor.client_streaming, rpc.descriptor.server_streaming)
    kind = "_".join("stream" if streaming else "unary" for streaming in sides)
    answer_type = message_factory.GetMessageClass(rpc.descriptor.output_type)
    stub = getattr(channel, kind)(
        f"/{rpc.service}/{rpc.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=answer_type.FromString,
    )
    sent = iter([request]) if sides[0] else request
    call = stub(sent, metadata=caller.metadata, timeout=SECONDS)
    try:
        if sides[1]:
            _ = [answer async for answer in call]
        else:
            await call
    except grpc.aio.AioRpcError as refused:
        found = rpc_status.from_call(refused)
        return _outcome(found or status_pb2.Status(code=refused.code().value[0], message=refused.details()))
    return Outcome(grpc.StatusCode.OK)


async def over_rest(client: httpx.AsyncClient, rpc: Rpc, request: Message, caller: Caller) -> Outcome:
    """Through the edge, by the declared route."""
    arguments = rest_arguments(rpc, request)
    arguments["headers"] = {**arguments.get("headers", {}), **dict(caller.metadata)}
    return outcome_of(await client.request(**arguments))


def rest_arguments(rpc: Rpc, request: Message) -> dict:
    """`method`, `url` and what else httpx wants: path, then body, then the rest as the query."""
    fields = json_format.MessageToDict(request, preserving_proto_field_name=True)
    path = rpc.path
    for field in path_fields(rpc):
        path = re.sub(r"\{" + re.escape(field) + r"=[^}]*\}", _taken(fields, field), path)
    arguments = {"method": rpc.verb, "url": path}
    if rpc.body == "*":
        return {**arguments, "json": fields}
    if rpc.body:
        body = getattr(request, rpc.body)
        sent = fields.pop(rpc.body)
        if body.DESCRIPTOR.full_name == httpbody_pb2.HttpBody.DESCRIPTOR.full_name:
            arguments |= {"content": body.data, "headers": {"content-type": "text/plain"}}
        else:
            arguments["json"] = sent
    return {**arguments, "params": fields}


def outcome_of(answer: httpx.Response) -> Outcome:
    if answer.status_code < 400:
        return Outcome(grpc.StatusCode.OK, status=answer.status_code)
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    return _outcome(json_format.ParseDict(answer.json(), status_pb2.Status()), answer.status_code)


def _outcome(status: status_pb2.Status, http: int = 0) -> Outcome:
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
    told = f"{status.message} {dict(info.metadata)} {[detail.type_url for detail in status.details]}"
    return Outcome(code, info.reason, _OWN.sub("…", told), http)


def _taken(fields: dict, dotted: str) -> str:
    *outer, last = dotted.split(".")
    for name in outer:
        fields = fields[name]
    return str(fields.pop(last))
