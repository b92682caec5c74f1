"""The same Claude by way of Amazon Bedrock: requests signed with SigV4, answers in AWS's event stream.

https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx2
from anthropic import AsyncAnthropicBedrock
from anthropic._constants import ANTHROPIC_API_VERSION
from anthropic._streaming import ServerSentEvent
from anthropic.lib.bedrock._stream_decoder import AWSEventStreamDecoder, get_response_stream_shape
from botocore.eventstream import ParserError
from botocore.parsers import ResponseParserError
from botocore.session import Session

from ai_gateway.aws import credentials
from ai_gateway.aws.credentials import NoAwsKeysError
from ai_gateway.claude import faults
from ai_gateway.claude.destination import invoke_paths
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.models import ModelUnavailableError, find_model, model_ids
from ai_gateway.claude.upstream import Exchange, Leaving, Upstream, posted

_MESSAGES = "/v1/messages"


class BedrockUpstream(Upstream):
    """The wire by way of Bedrock. `profile` is the inference profile's prefix: `us`, `global`, or none."""

    def __init__(
        self, client: AsyncAnthropicBedrock, session: Session, *, profile: str, simulator: bool
    ) -> None:
        self._bedrock = client
        self._session = session
        self._ids = model_ids(profile)
        self._simulator = simulator
        get_response_stream_shape()  # read from a file now, not under the first stream

    @property
    def api_version(self) -> str:
        """The version of the Messages API that requests are for; here it travels in the body."""
        return ANTHROPIC_API_VERSION

    def leaving(self, path: str, content: bytes, betas: Sequence[str] = ()) -> Leaving:
        """As it leaves, for a request of the Messages API: what `send` takes.

        Raises ClaudeError NOT_OFFERED: neither the counting of tokens nor batches are offered here, nor a
        model older than 4.7.
        """
        if path != _MESSAGES:
            raise ClaudeError(FaultKind.NOT_OFFERED)
        body = json.loads(content)
        plain, streamed = invoke_paths(self._id_of(body.pop("model")))
        where = streamed if body.pop("stream", False) else plain
        told = {"anthropic_version": ANTHROPIC_API_VERSION, **body}
        if betas:
            told["anthropic_beta"] = list(betas)
        return Leaving(where, json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode())

    async def send(self, leaving: Leaving) -> Exchange:
        """Signs and posts it. Raises ClaudeError."""
        try:
            keys = await asyncio.to_thread(credentials.keys, self._session)
        except NoAwsKeysError as none:
            raise ClaudeError(FaultKind.KEY_REFUSED) from none
        client = self._bedrock
        # All three at once: the SDK reads them together when it signs.
        client.aws_access_key, client.aws_secret_key = keys.access_key, keys.secret_key
        client.aws_session_token = keys.token
        with faults.told_apart():
            response = await posted(client, leaving.path, leaving.content)
        return Exchange(response, _events(response), simulated=self._simulator)

    async def fetch(self, path: str) -> Exchange:
        """Raises ClaudeError NOT_OFFERED: here nothing is kept that could be fetched."""
        raise ClaudeError(FaultKind.NOT_OFFERED)

    def _id_of(self, model: str) -> str:
        try:
            return self._ids[find_model(model, bedrock=True).name]
        except ModelUnavailableError as unavailable:
            raise ClaudeError(FaultKind.NOT_OFFERED) from unavailable


async def _events(response: httpx2.Response) -> AsyncIterator[Sequence[ServerSentEvent]]:
    """The events that the frames carry; an exception among them comes as an `error` event."""
    try:
        async for event in AWSEventStreamDecoder().aiter_bytes(response.aiter_bytes()):
            yield (event,)
    except (ParserError, ResponseParserError, ValueError, LookupError) as broken:
        raise ClaudeError(FaultKind.MALFORMED) from broken
