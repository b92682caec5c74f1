"""Claude by way of Bedrock, as the SDK's own client asks it: signed, framed, and refused in AWS's words."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropicBedrock, DefaultAioHttpClient
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from claude_simulator.bedrock.body import read_body
from claude_simulator.bedrock.event_stream import frame
from claude_simulator.bedrock.keys import AwsKeys
from claude_simulator.control_client import SimulatorControl
from claude_simulator.problems import RefusalError
from claude_simulator.server import serving
from claude_simulator.simulation import Simulation
from claude_simulator.testing import Body, asking, text_of

MODEL = "us.anthropic.claude-sonnet-5-5"
OLD = "anthropic.claude-haiku-4-5-20251001-v1:0"
HELLO: Body = {"model": MODEL, "max_tokens": 500, "messages": [{"role": "user", "content": "Hello"}]}
KEYS = AwsKeys()
LONG = "The parties agree as follows. " * 400
Client = Callable[..., AsyncAnthropicBedrock]


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A simulator by the clock on the wall: signatures are of now."""
    async with serving(Simulation()) as base:
        yield base


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client]:
    """The SDK's client for Bedrock, with whatever keys."""
    transport = DefaultAioHttpClient()

    def open_with(keys: AwsKeys = KEYS, region: str = "us-west-2") -> AsyncAnthropicBedrock:
        return AsyncAnthropicBedrock(
            base_url=url, aws_access_key=keys.access_key, aws_secret_key=keys.secret_key,
            aws_session_token=keys.session_token, aws_region=region, http_client=transport, max_retries=0,
        )  # fmt: skip

    yield open_with
    await transport.aclose()


@pytest.fixture
def claude(client: Client) -> AsyncAnthropicBedrock:
    return client()


async def streamed(claude: AsyncAnthropicBedrock, **more: object) -> anthropic.types.Message:
    async with claude.messages.stream(**{**HELLO, **more}) as stream:
        return await stream.get_final_message()


async def test_plain_and_streamed_answers_are_the_same(
    claude: AsyncAnthropicBedrock, control: SimulatorControl
) -> None:
    raw = await claude.messages.with_raw_response.create(**HELLO)
    plain, stream = await raw.parse(), await streamed(claude)
    assert text_of(plain) == text_of(stream)
    assert plain.model == stream.model == "claude-sonnet-5-5"
    assert plain.usage.input_tokens == stream.usage.input_tokens
    assert plain.usage.output_tokens == stream.usage.output_tokens
    assert raw.headers["x-amzn-bedrock-output-token-count"] == str(plain.usage.output_tokens)
    assert raw.headers["x-amzn-requestid"]
    assert "request-id" not in raw.headers
    assert "anthropic-ratelimit-requests-limit" not in raw.headers
    first, second = await control.requests(outcome="ANSWERED", at_least=2, wait_ms=5_000)
    assert first["path"] == f"/model/{MODEL}/invoke"
    assert second["path"] == f"/model/{MODEL}/invoke-with-response-stream"
    assert first["body"]["anthropic_version"] == "2026-10-21"  # type: ignore[index]
    assert not {"authorization", "x-amz-security-token"} & set(first["headers"])  # type: ignore[call-overload]


async def test_scripts_and_the_prompt_cache_are_those_of_the_messages_api(
    claude: AsyncAnthropicBedrock, control: SimulatorControl
) -> None:
    await control.script({"match": {"endpoint": "bedrock", "contains": "agree"}, "answer": {"text": "Yes."}})
    asked: Body = {**asking(LONG, "One?"), "model": MODEL}
    asked["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    wrote = await claude.messages.create(**asked)
    assert text_of(wrote) == "Yes."
    assert wrote.usage.cache_creation is not None
    read = (await streamed(claude, **asked)).usage
    assert wrote.usage.cache_creation.ephemeral_1h_input_tokens == read.cache_read_input_tokens
    assert wrote.usage.service_tier is None


async def test_the_last_chunk_carries_bedrocks_own_metrics(claude: AsyncAnthropicBedrock) -> None:
    events = [event async for event in await claude.messages.create(**HELLO, stream=True)]
    assert "ping" not in {str(event.type) for event in events}
    metrics = (events[-1].model_extra or {})["amazon-bedrock-invocationMetrics"]
    (usage,) = (event.usage for event in events if event.type == "message_delta")
    assert metrics["outputTokenCount"] == usage.output_tokens


@pytest.mark.parametrize(
    "model", [OLD, "global.anthropic.claude-opus-5-5", f"arn:aws:bedrock:us-west-2:1:p/{MODEL}"]
)
async def test_models_have_many_names(claude: AsyncAnthropicBedrock, model: str) -> None:
    extra = {"anthropic_version": "bedrock-2023-05-31"}
    answer = await claude.messages.create(**{**HELLO, "model": model}, extra_body=extra)
    assert answer.model in model


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (AwsKeys(secret_key="another"), "InvalidSignatureException"),
        (AwsKeys(access_key="AKIANOBODY"), "UnrecognizedClientException"),
        (AwsKeys(session_token="another"), "ExpiredTokenException"),
    ],
)
async def test_a_signature_that_is_not_right_is_refused(
    client: Client, control: SimulatorControl, keys: AwsKeys, code: str
) -> None:
    for call in (client(keys).messages.create(**HELLO), streamed(client(keys))):
        with pytest.raises(anthropic.PermissionDeniedError) as refused:
            await call
        assert refused.value.response.headers["x-amzn-errortype"].startswith(f"{code}:")
        assert isinstance(refused.value.body, dict)
        assert refused.value.body["message"]
    assert [request["usage"] for request in await control.requests()] == [{}, {}]


async def test_keys_can_be_rotated_and_bound_to_a_region(client: Client, control: SimulatorControl) -> None:
    new = AwsKeys("AKIANEW", "new-secret", "new-token", "eu-central-1")
    await control.aws_keys(vars(new))
    with pytest.raises(anthropic.PermissionDeniedError):
        await client().messages.create(**HELLO)
    with pytest.raises(anthropic.PermissionDeniedError, match="valid region"):
        await client(new).messages.create(**HELLO)
    assert await client(new, "eu-central-1").messages.create(**HELLO)


async def test_a_signature_is_good_for_what_was_signed_and_for_five_minutes(
    claude: AsyncAnthropicBedrock, url: str
) -> None:
    signed: list[httpx2.Request] = []

    async def keep(request: httpx2.Request) -> None:
        signed.append(request)

    async with httpx2.AsyncClient(event_hooks={"request": [keep]}) as http:
        await claude.with_options(http_client=http).messages.create(**HELLO)
        (request,) = signed
        body = request.read()
        assert (await http.post(request.url, content=body, headers=request.headers)).status_code == 200
        changed = body.replace(b"Hello", b"Hallo")
        refused = await http.post(request.url, content=changed, headers=request.headers)
        unsigned = await http.post(request.url, content=body)
    codes = [answer.headers["x-amzn-errortype"].partition(":")[0] for answer in (refused, unsigned)]
    assert codes == ["InvalidSignatureException", "MissingAuthenticationTokenException"]

    def later() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=6)

    async with serving(Simulation(now=later)) as ahead, httpx2.AsyncClient() as http:
        moved = claude.with_options(http_client=http, base_url=ahead)
        with pytest.raises(anthropic.PermissionDeniedError, match="expired"):
            await moved.messages.create(**HELLO)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"model": "anthropic.claude-nonesuch"}, 400, "ValidationException"),
        ({"model": "anthropic.claude-sonnet-4-0"}, 404, "ResourceNotFoundException"),
        ({"model": OLD}, 400, "ValidationException"),
        ({"extra_body": {"anthropic_version": "2019-01-01"}}, 400, "ValidationException"),
        ({"extra_body": {"temperature": 0.5}}, 400, "ValidationException"),
        ({"messages": []}, 400, "ValidationException"),
    ],
)
async def test_what_bedrock_refuses(
    claude: AsyncAnthropicBedrock, change: Body, status: int, code: str
) -> None:
    with pytest.raises(anthropic.APIStatusError) as refused:
        await claude.messages.create(**{**HELLO, **change})
    assert refused.value.status_code == status
    assert refused.value.response.headers["x-amzn-errortype"].startswith(f"{code}:")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 401}, 403, "UnrecognizedClientException"),
        ({"status": 429}, 429, "ThrottlingException"),
        ({"status": 529}, 503, "ServiceUnavailableException"),
        ({"status": 500}, 500, "InternalServerException"),
        ({"code": "ModelTimeoutException"}, 408, "ModelTimeoutException"),
        ({"code": "ModelErrorException"}, 424, "ModelErrorException"),
        ({"code": "ServiceQuotaExceededException"}, 400, "ServiceQuotaExceededException"),
    ],
)
async def test_scripted_refusals_are_in_the_words_of_aws(
    claude: AsyncAnthropicBedrock, control: SimulatorControl, fault: Body, status: int, code: str
) -> None:
    await control.script({"fault": {"kind": "status", **fault}})
    for call in (claude.messages.create(**HELLO), streamed(claude)):
        with pytest.raises(anthropic.APIStatusError) as refused:
            await call
        assert refused.value.status_code == status
        assert refused.value.response.headers["x-amzn-errortype"].startswith(f"{code}:")


async def test_an_exception_among_the_chunks(
    claude: AsyncAnthropicBedrock, control: SimulatorControl
) -> None:
    await control.script(
        {"fault": {"kind": "stream_error", "code": "ThrottlingException", "message": "Slower."}}
    )
    with pytest.raises(anthropic.APIStatusError, match=r"throttlingException.*Slower\."):
        await streamed(claude)


async def test_streams_break_here_too(claude: AsyncAnthropicBedrock, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "cut_stream"}})
    with pytest.raises(httpx2.TransportError):
        await streamed(claude)
    await control.script({"fault": {"kind": "stall"}})
    with pytest.raises(httpx2.ReadTimeout):
        await streamed(claude, timeout=0.2)
    await control.script({"fault": {"kind": "garbage_sse"}})
    with pytest.raises(json.JSONDecodeError):
        await streamed(claude)
    await control.script({"fault": {"kind": "malformed"}})
    with pytest.raises(json.JSONDecodeError):
        await claude.messages.create(**HELLO)


@pytest.mark.parametrize("name", ["model", "stream"])
def test_what_the_path_says_may_not_be_in_the_body(name: str) -> None:
    body = {"anthropic_version": "2026-10-21", **{key: HELLO[key] for key in ("max_tokens", "messages")}}
    today = datetime.now(UTC).date()
    assert read_body(body, MODEL, today, stream=True).stream
    with pytest.raises(RefusalError, match=f"{name}: Extra inputs"):
        read_body({**body, name: True}, MODEL, today, stream=True)


names = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1, max_size=40)


@given(st.dictionaries(names, st.text(max_size=100), max_size=5), st.binary(max_size=300), st.integers(1, 50))
def test_botocore_reads_our_frames_however_they_are_cut(
    headers: dict[str, str], payload: bytes, size: int
) -> None:
    sent = frame(headers, payload) * 2
    buffer = EventStreamBuffer()
    for start in range(0, len(sent), size):
        buffer.add_data(sent[start : start + size])
    read = list(buffer)
    assert [message.headers for message in read] == [headers] * 2  # type: ignore[comparison-overlap]
    assert [message.payload for message in read] == [payload] * 2
