"""A Bedrock that verifies signatures as AWS does and answers in AWS's event stream."""

import base64
import binascii
import hmac
import json
import re
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-west-2"
REQUEST_ID = "6a1c43f0-0000-4000-8000-1d9a3bdc9be1"
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})"
)
_SKEW = timedelta(minutes=5)
Event = dict[str, object]


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign."""

    access_key: str = "AKIAEXAMPLE"
    secret_key: str = field(default="of-one-test")
    token: str = field(default="session-of-one-test")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer: `code` as in `x-amzn-errortype`."""

    status: int
    code: str
    message: str = "No."


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose signature was good."""

    path: str
    body: dict[str, object]


@dataclass(slots=True)
class Bedrock:
    """A running server; a test sets what it answers. `frames`, when set, is the whole body of a stream."""

    url: str = ""
    account: Account = field(default_factory=Account)
    message: Event = field(default_factory=dict)
    events: Sequence[Event] = ()
    frames: bytes | None = None
    refusal: Refusal | None = None
    cut: bool = False
    asked: list[Asked] = field(default_factory=list)

    async def invoke(self, request: web.Request) -> web.StreamResponse:
        """InvokeModel."""
        if problem := self.refusal or await self._unsigned(request):
            return refused(problem)
        await self._note(request)
        return web.json_response(self.message, headers={"x-amzn-requestid": REQUEST_ID})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """InvokeModelWithResponseStream; the frames fall to pieces on the way, wherever they may."""
        if problem := self.refusal or await self._unsigned(request):
            return refused(problem)
        await self._note(request)
        response = web.StreamResponse(
            headers={
                "content-type": "application/vnd.amazon.eventstream",
                "x-amzn-requestid": REQUEST_ID,
            }
        )
        await response.prepare(request)
        frames = self.frames if self.frames is not None else b"".join(map(chunk, self.events))
        for start in range(0, len(frames), 113):
            await response.write(frames[start : start + 113])
        if self.cut and request.transport is not None:
            request.transport.close()
        else:
            await response.write_eof()
        return response

    async def _note(self, request: web.Request) -> None:
        self.asked.append(Asked(request.path, json.loads(await request.read())))

    async def _unsigned(self, request: web.Request) -> Refusal | None:
        """What AWS would say of the signature, computed again from what has arrived."""
        signed = _SIGNED.fullmatch(request.headers.get("authorization", ""))
        if signed is None:
            return Refusal(403, "MissingAuthenticationTokenException")
        access_key, _, region, service, names, signature = signed.groups()
        if access_key != self.account.access_key:
            return Refusal(403, "UnrecognizedClientException")
        if request.headers.get("x-amz-security-token") != self.account.token:
            return Refusal(403, "ExpiredTokenException")
        date = request.headers["x-amz-date"]
        if abs(datetime.now(UTC) - datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)) > _SKEW:
            return Refusal(403, "InvalidSignatureException")
        headers = {name: request.headers[name] for name in names.split(";")}
        again = AWSRequest(
            request.method, f"http://{request.host}{request.raw_path}", headers, await request.read()
        )
        again.context["timestamp"] = date
        signer = SigV4Auth(Credentials(access_key, self.account.secret_key), service, region)
        expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        good = (service, region) == ("bedrock", REGION) and hmac.compare_digest(expected, signature)
        return None if good else Refusal(403, "InvalidSignatureException")


def refused(refusal: Refusal) -> web.Response:
    """In the form of AWS's REST-JSON services."""
    return web.json_response(
        {"message": refusal.message},
        status=refusal.status,
        headers={
            "x-amzn-errortype": f"{refusal.code}:http://internal.amazon.com/coral/",
            "x-amzn-requestid": REQUEST_ID,
        },
    )


def chunk(event: Event) -> bytes:
    """An event of the Messages API in its frame."""
    payload = {"bytes": base64.b64encode(json.dumps(event).encode()).decode(), "p": "abcdefgh"}
    return frame(
        {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}, payload
    )


def exception(code: str, message: str = "No.") -> bytes:
    """An exception within the stream; `code` has a small first letter there."""
    return frame({":exception-type": code, ":message-type": "exception"}, {"message": message})


def frame(headers: dict[str, str], payload: dict[str, str]) -> bytes:
    """https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html"""
    head = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(body), len(head))
    whole = prelude + struct.pack("!I", binascii.crc32(prelude)) + head + body
    return whole + struct.pack("!I", binascii.crc32(whole))


@asynccontextmanager
async def serving() -> AsyncIterator[Bedrock]:
    """A server while the context lasts."""
    bedrock = Bedrock()
    app = web.Application(client_max_size=2**25)
    app.router.add_post("/model/{id}/invoke", bedrock.invoke)
    app.router.add_post("/model/{id}/invoke-with-response-stream", bedrock.stream)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bedrock.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield bedrock
    finally:
        await runner.cleanup()
