"""What else the wire tells than the answer: Claude's rate limits, with answers and with refusals."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from ai_gateway.claude.client import open_client
from ai_gateway.claude.destination import destination
from ai_gateway.claude.faults import ClaudeError
from ai_gateway.claude.upstream import Leaving, Upstream
from claude_simulator.control_client import SimulatorControl

PATH = "/v1/messages"
QUESTION = b'{"model":"claude-sonnet-5-5","max_tokens":9,"messages":[{"role":"user","content":"Well?"}]}'


@pytest.fixture
async def upstream(claude: SimulatorControl) -> AsyncIterator[Upstream]:
    async with open_client(destination(claude.url, "local"), SecretStr("not-a-key"), 5) as client:
        yield Upstream(client, simulator=True)


@pytest.mark.parametrize("content", [QUESTION, QUESTION[:-1] + b',"stream":true}'])
async def test_rate_limits_come_with_an_answer(upstream: Upstream, content: bytes) -> None:
    exchange = await upstream.send(upstream.leaving(PATH, content))
    await exchange.close()
    assert int(exchange.headers["anthropic-ratelimit-requests-remaining"]) >= 0
    assert all(name.startswith("anthropic-ratelimit-") for name in exchange.headers)


async def test_rate_limits_come_with_a_refusal(claude: SimulatorControl, upstream: Upstream) -> None:
    await claude.script({"match": {}, "fault": {"kind": "status", "status": 429, "retry_after": 7}})
    with pytest.raises(ClaudeError) as refused:
        await upstream.send(Leaving(PATH, QUESTION))
    assert refused.value.retry_after == 7
    assert "anthropic-ratelimit-requests-remaining" in refused.value.headers
    assert "retry-after" not in refused.value.headers


def test_requests_to_claude_itself_leave_as_they_are(upstream: Upstream) -> None:
    assert upstream.leaving(PATH, QUESTION) == Leaving(PATH, QUESTION)
    assert upstream.api_version == "2026-10-21"
