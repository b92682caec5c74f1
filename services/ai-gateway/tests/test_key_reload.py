"""The key in Secrets Manager, rotated while calls run, against a Secrets Manager that is moto's."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import pytest
from aiohttp import web
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from ai_gateway.aws.secret import SecretUnreadableError
from ai_gateway.claude.client import open_client
from ai_gateway.claude.connection import connected
from ai_gateway.claude.destination import destination
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.key import RotatedKey
from ai_gateway.claude.retries import Retries
from ai_gateway.claude.upstream import Leaving, Upstream
from ai_gateway.settings import AiGatewaySettings
from ai_gateway_testing.backends import free_port

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

REGION = "us-west-2"
NAME = "bloom-energy-anthropic-key"
OLD, NEW = "sk-ant-old-and-secret", "sk-ant-new-and-secret"
MESSAGES = "/v1/messages"


@dataclass
class Claude:
    """Answers who holds one of these keys; `came` has the keys in their order."""

    keys: set[str]
    url: str = ""
    came: list[str] = field(default_factory=list)
    answers_when: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        key = request.headers["authorization"].removeprefix("Bearer ")
        self.came.append(key)
        if key not in self.keys:
            return web.json_response({"error": {"type": "authentication_error"}}, status=401)
        await self.answers_when.wait()
        return web.json_response({"answered": True})


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def claude() -> AsyncIterator[Claude]:
    server = Claude({OLD})
    server.answers_when.set()
    app = web.Application()
    app.router.add_post(MESSAGES, server.answer)
    async with listening(app) as server.url:
        yield server


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def manager(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator["SecretsManagerClient"]:
    """Secrets Manager with the old key in it, and credentials to read it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = boto3.client("secretsmanager", region_name=REGION, endpoint_url=moto_url)
    client.create_secret(Name=NAME, SecretString=OLD)
    yield client
    client.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


def settings(claude: Claude, endpoint: str, **given: object) -> AiGatewaySettings:
    return AiGatewaySettings.model_validate(
        {
            "database_url": "postgresql://u:p@127.0.0.1/x", "use_redis": False, "claude_base_url": claude.url,
            "enable_aws_secrets_manager": True, "aws_region": REGION, "ai_request_timeout": 5000,
            "aws_endpoint_url_secrets_manager": endpoint, **given,
        }
    )  # fmt: skip


async def ask(upstream: Upstream) -> None:
    exchange = await upstream.send(Leaving(MESSAGES, b"{}"))
    await exchange.body()
    await exchange.close()


async def first_with(claude: Claude, key: str) -> None:
    """Waits until a call has come with that key."""
    async with asyncio.timeout(5):
        while key not in claude.came:  # noqa: ASYNC110 the server appends
            await asyncio.sleep(0.01)


@dataclass
class Manager:
    """Stands for Secrets Manager where the moment counts: what it says now, and how often it was asked."""

    says: str = OLD
    reads: int = 0
    problem: str = ""

    def read(self) -> SecretStr:
        self.reads += 1
        if self.problem:
            raise SecretUnreadableError(self.problem)
        return SecretStr(self.says)


@dataclass
class Rotating:
    """A wire whose key is read from `manager`; `clock` moves when a test moves it."""

    manager: Manager
    upstream: Upstream
    key: RotatedKey
    clock: list[float]


@asynccontextmanager
async def rotating(claude: Claude) -> AsyncIterator[Rotating]:
    manager, clock = Manager(), [1000.0]
    place = destination(claude.url, "local")
    async with open_client(place, SecretStr(OLD), 5) as client:

        def use(key: SecretStr) -> None:
            client.api_key = key.get_secret_value()

        key = RotatedKey(manager.read, SecretStr(OLD), use, every=60, clock=lambda: clock[0])
        clock[0] += 60
        yield Rotating(manager, Upstream(client, simulator=True, key=key), key, clock)
        await key.close()


async def refusal(upstream: Upstream) -> ClaudeError:
    with pytest.raises(ClaudeError) as refused:
        await ask(upstream)
    assert refused.value.kind is FaultKind.KEY_REFUSED
    return refused.value


async def test_a_rotation_loses_no_call_and_needs_no_restart(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient"
) -> None:
    async with connected(settings(claude, moto_url, anthropic_api_key_reload_seconds=1)) as upstream:
        done = asyncio.Event()

        async def keep_asking() -> None:
            while not done.is_set():
                await ask(upstream)
                await asyncio.sleep(0.005)

        async with asyncio.TaskGroup() as callers:  # one failed call fails the group
            for _ in range(20):
                callers.create_task(keep_asking())
            await first_with(claude, OLD)
            claude.keys = {OLD, NEW}
            await asyncio.to_thread(manager.put_secret_value, SecretId=NAME, SecretString=NEW)
            await first_with(claude, NEW)
            done.set()
        claude.keys = {NEW}
        await ask(upstream)


async def test_a_call_in_flight_ends_with_the_key_it_left_with(claude: Claude) -> None:
    claude.keys = {OLD, NEW}
    claude.answers_when.clear()
    async with rotating(claude) as wire:
        asking = asyncio.create_task(ask(wire.upstream))
        await first_with(claude, OLD)
        wire.manager.says = NEW
        assert await wire.key.renewed(SecretStr(OLD))
        claude.answers_when.set()
        await asking
        await ask(wire.upstream)
    assert claude.came == [OLD, NEW]


async def test_a_refused_key_is_read_again_at_once_and_the_retry_succeeds(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    """First with a key that is read once: the call is lost."""
    claude.keys = {NEW}
    async with open_client(destination(claude.url, "local"), SecretStr(OLD), 5) as client:
        assert not (await refusal(Upstream(client, simulator=True))).passing

    monkeypatch.setattr("ai_gateway.claude.key._GAP", 0)
    async with connected(settings(claude, moto_url)) as upstream:
        manager.put_secret_value(SecretId=NAME, SecretString=NEW)
        refused = await refusal(upstream)
        assert refused.passing
        assert Retries().pause(1, refused, 10) == 0
        await ask(upstream)
    assert claude.came == [OLD, OLD, NEW]


async def test_calls_that_are_refused_together_look_once(claude: Claude) -> None:
    claude.keys = {NEW}
    async with rotating(claude) as wire:
        wire.manager.says = NEW
        faults = await asyncio.gather(*(refusal(wire.upstream) for _ in range(50)))
        assert all(fault.passing for fault in faults)
        assert wire.manager.reads == 1


async def test_a_key_that_stays_refused_is_not_read_again_for_some_seconds(claude: Claude) -> None:
    claude.keys = set()
    async with rotating(claude) as wire:
        for seconds, reads in ((0, 1), (1, 1), (2.5, 2), (0, 2)):
            wire.clock[0] += seconds
            assert not (await refusal(wire.upstream)).passing
            assert wire.manager.reads == reads


async def test_other_refusals_are_no_reason_to_look(claude: Claude) -> None:
    async with rotating(claude) as wire:
        with pytest.raises(ClaudeError) as gone:
            await wire.upstream.send(Leaving("/v1/messages/count_tokens", b"{}"))
        assert gone.value.kind is FaultKind.MODEL_REFUSED
        assert wire.manager.reads == 0


async def test_a_look_that_fails_keeps_the_old_key_and_says_so(
    claude: Claude, caplog: pytest.LogCaptureFixture
) -> None:
    async with rotating(claude) as wire:
        wire.manager.problem = "it cannot be reached"
        assert not await wire.key.renewed(SecretStr(OLD))
        await ask(wire.upstream)
    (warning,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert "it cannot be reached" in warning.getMessage()
    assert claude.came == [OLD]


async def test_a_caller_who_leaves_does_not_take_the_look_from_the_others(claude: Claude) -> None:
    claude.keys = {NEW}
    async with rotating(claude) as wire:
        wire.manager.says = NEW
        leaver, other = (asyncio.create_task(wire.key.renewed(SecretStr(OLD))) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
        assert await other
        assert leaver.cancelled() or leaver.done()
        await ask(wire.upstream)


async def test_no_key_is_ever_in_a_log(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with connected(settings(claude, moto_url, anthropic_api_key_reload_seconds=1)) as upstream:
        claude.keys = {OLD, NEW}
        await asyncio.to_thread(manager.put_secret_value, SecretId=NAME, SecretString=NEW)
        while NEW not in claude.came:
            await ask(upstream)
            await asyncio.sleep(0.02)
    told = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "was rotated" in told
    assert OLD not in told
    assert NEW not in told


@pytest.mark.parametrize("value", ['{"ANTHROPIC_API_KEY": "sk-ant-old-and-secret"}', f" {OLD}\n"])
async def test_a_secret_is_a_string_or_the_consoles_one_entry(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient", value: str
) -> None:
    manager.put_secret_value(SecretId=NAME, SecretString=value)
    async with connected(settings(claude, moto_url)) as upstream:
        await ask(upstream)
    assert claude.came == [OLD]


@pytest.mark.parametrize("value", ['{"a": "sk-ant-1", "b": "sk-ant-2"}', "{", '{"a": 1}', " "])
async def test_a_secret_of_another_form_stops_the_start(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient", value: str
) -> None:
    manager.put_secret_value(SecretId=NAME, SecretString=value)
    with pytest.raises(SystemExit, match="must be a string, or an object with one entry") as stopped:
        async with connected(settings(claude, moto_url)):
            pass
    assert "sk-ant" not in str(stopped.value)


async def test_a_secret_that_is_not_there_stops_the_start_with_its_name(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient"
) -> None:
    with pytest.raises(SystemExit, match="not-there: there is no such secret in this region"):
        async with connected(settings(claude, moto_url, anthropic_api_key_secret="not-there")):
            pass


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDeniedException", "our role may not read it"),
        ("DecryptionFailure", "our role may not decrypt it"),
        ("ExpiredTokenException", "credentials have run out"),
        ("Unheard", r"refused \(Unheard\)"),
    ],
)
async def test_a_secret_that_may_not_be_read_stops_the_start_with_the_reason(
    claude: Claude, monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"__type": code, "Message": "arn:aws:iam::123456789012:role/x"}, status=400)

    app = web.Application()
    app.router.add_post("/", refuse)
    async with listening(app) as url:
        with pytest.raises(SystemExit, match=says) as stopped:
            async with connected(settings(claude, url)):
                pass
    assert "123456789012" not in str(stopped.value)


async def test_a_secrets_manager_that_is_away_stops_the_start(
    claude: Claude, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with pytest.raises(SystemExit, match=r"cannot be asked \(EndpointConnectionError\)"):
        async with connected(settings(claude, f"http://127.0.0.1:{free_port()}")):
            pass


async def test_no_address_or_proxy_is_taken_from_the_environment(
    claude: Claude, moto_url: str, manager: "SecretsManagerClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=400)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", note)
    async with listening(app) as elsewhere:
        for name in ("AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        async with connected(settings(claude, moto_url)) as upstream:
            await ask(upstream)
    assert asked == []
