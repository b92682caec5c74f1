"""Claude by way of Bedrock: signed for real, streamed in AWS's frames, and told in the same words."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from aiohttp import web

from ai_gateway.aws import credentials
from ai_gateway.aws.credentials import NoAwsKeysError
from ai_gateway.claude.client import EgressForbiddenError
from ai_gateway.claude.connection import connected
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.models import find_model, known_models
from ai_gateway.claude.reply import Reply
from ai_gateway.claude.upstream import Exchange, Leaving, Upstream
from ai_gateway.money.tokens import Tokens
from ai_gateway.settings import AiGatewaySettings
from ai_gateway_testing import bedrock as aws
from ai_gateway_testing.bedrock import REGION, Account, Bedrock, Event, Refusal

MODEL = "claude-sonnet-5-5"
ID = f"us.anthropic.{MODEL}"
SECRET_WORDS = "internal detail of the upstream"
USAGE = {
    "input_tokens": 7,
    "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 5000,
    "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200},
    "output_tokens": 1,
}
TOKENS = Tokens(input=7, output=42, cache_read=5000, cache_write_5m=100, cache_write_1h=200)
TEXTS = ["Der Vertrag ", "läuft ", "zwölf Jahre 🙂."]
EVENTS: list[Event] = [
    {"type": "message_start", "message": {"id": "msg_1", "model": MODEL, "content": [], "usage": USAGE}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    *(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in TEXTS
    ),
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 42}},
    {
        "type": "message_stop",
        "amazon-bedrock-invocationMetrics": {"inputTokenCount": 1, "outputTokenCount": 9},
    },
]
MESSAGE: Event = {
    "id": "msg_1", "model": MODEL, "stop_reason": "end_turn", "usage": {**USAGE, "output_tokens": 42},
    "content": [{"type": "text", "text": "".join(TEXTS)}],
}  # fmt: skip


@pytest.fixture
async def bedrock(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bedrock]:
    """A Bedrock, and the credentials to sign for it."""
    async with aws.serving() as server:
        server.message, server.events = MESSAGE, EVENTS
        sign_as(server.account, monkeypatch)
        yield server


@pytest.fixture
async def upstream(bedrock: Bedrock) -> AsyncIterator[Upstream]:
    async with connected(settings(bedrock_endpoint_url=bedrock.url)) as wire:
        yield wire


def sign_as(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", account.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", account.token)


def settings(**given: object) -> AiGatewaySettings:
    return AiGatewaySettings.model_validate(
        {
            "database_url": "postgresql://u:p@127.0.0.1/x", "use_redis": False, "claude_transport": "bedrock",
            "aws_region": REGION, "bedrock_inference_profile": "us", "ai_request_timeout": 5000, **given,
        }
    )  # fmt: skip


def question(model: str = MODEL, *, stream: bool = False) -> bytes:
    body: dict[str, object] = {
        "model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Wie lange? 🙂"}],
    }  # fmt: skip
    return json.dumps({**body, "stream": True} if stream else body, ensure_ascii=False).encode()


async def opened(upstream: Upstream, *, stream: bool) -> Exchange:
    exchange = await upstream.send(upstream.leaving("/v1/messages", question(stream=stream)))
    if stream:
        await exchange.begin()
    return exchange


async def asked(upstream: Upstream, *, stream: bool) -> Reply:
    exchange = await opened(upstream, stream=stream)
    try:
        if stream:
            assert [text async for text in exchange.texts()] == TEXTS
        else:
            exchange.gathering.take_message(await exchange.body())
        return exchange.gathering.reply()
    finally:
        await exchange.close()


async def fault(upstream: Upstream, *, stream: bool) -> ClaudeError:
    with pytest.raises(ClaudeError) as raised:
        await asked(upstream, stream=stream)
    assert SECRET_WORDS not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_comes_signed_for_and_with_its_exact_use(
    bedrock: Bedrock, upstream: Upstream, *, stream: bool
) -> None:
    reply = await asked(upstream, stream=stream)

    assert reply.text == "".join(TEXTS)
    assert (reply.tokens, reply.stop_reason, reply.model) == (TOKENS, "end_turn", MODEL)
    assert reply.request_id == aws.REQUEST_ID
    (request,) = bedrock.asked
    assert request.path == f"/model/{ID}/{'invoke-with-response-stream' if stream else 'invoke'}"
    assert request.body["anthropic_version"] == upstream.api_version == "2026-10-21"
    assert request.body["messages"] == [{"role": "user", "content": "Wie lange? 🙂"}]
    assert not {"model", "stream"} & request.body.keys()


def test_what_is_recorded_is_what_leaves(upstream: Upstream) -> None:
    leaving = upstream.leaving("/v1/messages", question())
    assert upstream.leaving("/v1/messages", question()) == leaving
    assert leaving.path == f"/model/{ID}/invoke"
    assert json.loads(leaving.content).keys() == {"anthropic_version", "max_tokens", "messages"}


def test_beta_features_are_asked_for_in_the_body(upstream: Upstream) -> None:
    leaving = upstream.leaving("/v1/messages", question(), ("context-2026-02", "files-2026-01"))
    assert json.loads(leaving.content)["anthropic_beta"] == ["context-2026-02", "files-2026-01"]


@pytest.mark.parametrize(
    "change", [{"secret_key": "another"}, {"access_key": "AKIAOTHER"}, {"token": "another"}]
)
async def test_a_signature_that_is_not_right_is_refused(
    bedrock: Bedrock, upstream: Upstream, change: dict[str, str]
) -> None:
    ours, bedrock.account = bedrock.account, Account(**change)
    refused = await fault(upstream, stream=False)
    assert (refused.kind, refused.status, refused.passing) == (FaultKind.KEY_REFUSED, 403, False)
    assert bedrock.asked == []
    bedrock.account = ours
    assert await asked(upstream, stream=False)


@pytest.mark.parametrize(
    ("refusal", "kind", "passing"),
    [
        (Refusal(429, "ThrottlingException"), FaultKind.RATE_LIMITED, True),
        (Refusal(400, "ServiceQuotaExceededException"), FaultKind.RATE_LIMITED, True),
        (Refusal(429, "ModelNotReadyException"), FaultKind.OVERLOADED, True),
        (Refusal(503, "ServiceUnavailableException"), FaultKind.OVERLOADED, True),
        (Refusal(500, "InternalServerException"), FaultKind.FAILED, True),
        (Refusal(424, "ModelErrorException"), FaultKind.FAILED, True),
        (Refusal(424, "ModelStreamErrorException"), FaultKind.FAILED, True),
        (Refusal(408, "ModelTimeoutException"), FaultKind.TIMED_OUT, False),
        (Refusal(403, "AccessDeniedException"), FaultKind.KEY_REFUSED, False),
        (Refusal(403, "ExpiredTokenException"), FaultKind.KEY_REFUSED, False),
        (Refusal(403, "InvalidSignatureException"), FaultKind.KEY_REFUSED, False),
        (Refusal(404, "ResourceNotFoundException"), FaultKind.MODEL_REFUSED, False),
        (Refusal(400, "ValidationException", SECRET_WORDS), FaultKind.REQUEST_REFUSED, False),
        (Refusal(400, "ValidationException", "Input is too long for requested model."), FaultKind.TOO_LARGE,
         False),
        (
            Refusal(400, "ValidationException", "The provided model identifier is invalid."),
            FaultKind.MODEL_REFUSED,
            False,
        ),
        (Refusal(413, "Unheard"), FaultKind.TOO_LARGE, False),
        (Refusal(502, "Unheard"), FaultKind.FAILED, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
async def test_aws_refusals_are_our_faults(
    bedrock: Bedrock, upstream: Upstream, refusal: Refusal, kind: FaultKind, *, passing: bool, stream: bool
) -> None:
    bedrock.refusal = refusal
    refused = await fault(upstream, stream=stream)
    assert (refused.kind, refused.passing, refused.status) == (kind, passing, refusal.status)
    assert refused.request_id == aws.REQUEST_ID


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("throttlingException", FaultKind.RATE_LIMITED),
        ("serviceUnavailableException", FaultKind.OVERLOADED),
        ("internalServerException", FaultKind.FAILED),
        ("modelStreamErrorException", FaultKind.FAILED),
        ("modelTimeoutException", FaultKind.TIMED_OUT),
        ("validationException", FaultKind.REQUEST_REFUSED),
        ("unheardOfException", FaultKind.FAILED),
    ],
)
@pytest.mark.parametrize("after", [0, 4])
async def test_an_exception_among_the_events_is_its_fault(
    bedrock: Bedrock, upstream: Upstream, code: str, kind: FaultKind, after: int
) -> None:
    bedrock.frames = b"".join(map(aws.chunk, EVENTS[:after])) + aws.exception(code, SECRET_WORDS)
    broken = await fault(upstream, stream=True)
    assert (broken.kind, broken.began) == (kind, after > 0)


async def test_a_stream_that_breaks_off_is_cut_and_keeps_what_was_used(
    bedrock: Bedrock, upstream: Upstream
) -> None:
    whole = b"".join(map(aws.chunk, EVENTS[:5]))
    for frames in (whole, whole[:-9]):
        bedrock.frames, bedrock.cut = frames, True
        exchange = await opened(upstream, stream=True)
        with pytest.raises(ClaudeError) as cut:
            async for _ in exchange.texts():
                pass
        await exchange.close()
        assert (cut.value.kind, cut.value.began) == (FaultKind.CUT, True)
        assert exchange.gathering.tokens is not None
        assert exchange.gathering.tokens.cache_read == 5000


def damaged(frames: bytes, at: int) -> bytes:
    return frames[:at] + bytes([frames[at] ^ 1]) + frames[at + 1 :]


FRAME = aws.chunk(EVENTS[1])


@pytest.mark.parametrize(
    "frames",
    [
        damaged(FRAME, 9), damaged(FRAME, 40), damaged(FRAME, len(FRAME) - 1), b"data: {}\n\n" * 9,
        aws.frame({":event-type": "chunk", ":message-type": "event"}, {"bytes": "no base64"}),
        aws.chunk({"type": "content_block_delta"}),
    ],
)  # fmt: skip
async def test_frames_that_are_damaged_are_malformed(
    bedrock: Bedrock, upstream: Upstream, frames: bytes
) -> None:
    bedrock.frames = aws.chunk(EVENTS[0]) + frames
    broken = await fault(upstream, stream=True)
    assert (broken.kind, broken.began) == (FaultKind.MALFORMED, True)


async def test_what_bedrock_does_not_offer_is_told_before_anything_leaves(
    bedrock: Bedrock, upstream: Upstream
) -> None:
    old = [model.name for model in known_models() if not model.on_bedrock]
    assert "claude-sonnet-4-6" in old
    assert "claude-opus-4-7" not in old
    for path, content in (
        ("/v1/messages/count_tokens", question()), ("/v1/messages/batches", b"{}"),
        *(("/v1/messages", question(name)) for name in old),
    ):  # fmt: skip
        with pytest.raises(ClaudeError) as refused:
            upstream.leaving(path, content)
        assert (refused.value.kind, refused.value.passing) == (FaultKind.NOT_OFFERED, False)
    assert bedrock.asked == []


async def test_only_our_models_may_be_invoked_whatever_is_asked_of_the_wire(
    bedrock: Bedrock, upstream: Upstream
) -> None:
    for path in (
        "/model/amazon.nova-pro-v1:0/invoke",
        f"/model/{ID}/converse",
        f"/model/{ID}/invoke?x=1",
        "/v1/files",
    ):
        with pytest.raises(EgressForbiddenError):
            await upstream.send(Leaving(path, b"{}"))
    assert bedrock.asked == []


async def test_a_redirect_is_not_followed(bedrock: Bedrock, upstream: Upstream) -> None:
    bedrock.refusal = Refusal(307, "Moved")
    assert (await fault(upstream, stream=False)).status == 307
    assert bedrock.asked == []


@pytest.fixture
async def task_role(bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Account]]:
    """What gives out the credentials of a task on ECS: the last of these accounts."""
    accounts = [bedrock.account]

    async def credentials_of_now(_: web.Request) -> web.Response:
        account = accounts[-1]
        # So near its end that it is asked for again before each use.
        ends_at = datetime.now(UTC) + timedelta(minutes=5)
        return web.json_response(
            {
                "AccessKeyId": account.access_key, "SecretAccessKey": account.secret_key,
                "Token": account.token, "Expiration": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}",
            }
        )  # fmt: skip

    app = web.Application()
    app.router.add_get("/role", credentials_of_now)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{runner.addresses[0][1]}/role"
    )
    yield accounts
    await runner.cleanup()


async def test_the_tasks_role_signs_and_its_credentials_are_renewed(
    bedrock: Bedrock, task_role: list[Account]
) -> None:
    async with connected(settings(bedrock_endpoint_url=bedrock.url)) as upstream:
        assert await asked(upstream, stream=False)
        bedrock.account = Account("AKIANEW", "new", "new")
        task_role.append(bedrock.account)
        assert await asked(upstream, stream=True)


@pytest.fixture
def left_lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials in a shared file, and none where we look."""
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = AKIALEFT\naws_secret_access_key = left-lying\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("left_lying")
async def test_credentials_in_files_are_not_taken_and_none_stop_the_start() -> None:
    """First with the protection off: AWS's own way finds them."""
    found = boto3.Session(region_name=REGION).get_credentials()
    assert found is not None
    assert found.access_key == "AKIALEFT"

    with pytest.raises(NoAwsKeysError):
        credentials.keys(credentials.session(REGION))
    with pytest.raises(SystemExit, match="no AWS credentials"):
        async with connected(settings()):
            pass


async def test_a_closed_wire_lets_go_of_its_connections(bedrock: Bedrock) -> None:
    async with connected(settings(bedrock_endpoint_url=bedrock.url)) as upstream:
        assert await asked(upstream, stream=True)
    with pytest.raises(ClaudeError):
        await asked(upstream, stream=False)


def test_the_aws_libraries_are_not_loaded_by_those_who_do_without() -> None:
    program = (
        "import sys, ai_gateway.app, ai_gateway.claude.connection;"
        "sys.exit(bool({'botocore', 'boto3'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_models_on_bedrock_are_those_that_take_our_version_of_the_api() -> None:
    assert find_model("claude-opus-4-7", bedrock=True).on_bedrock
    for model in known_models():
        assert model.on_bedrock is not model.takes_temperature("2023-06-01")
