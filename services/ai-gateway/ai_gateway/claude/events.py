"""The events of a stream, as many at once as have come: the SDK's decoder, without a wait for each one."""

import re
from collections.abc import AsyncIterator, Sequence

import httpx2
from anthropic._streaming import ServerSentEvent, SSEDecoder

from ai_gateway.claude.faults import ClaudeError, FaultKind

# Beyond what any event of Claude's has.
_LONGEST_BYTES = 16 * 1024 * 1024
# An event ends with an empty line; up to the last one everything is whole.
_WHOLE = re.compile(rb".*(?:\n\n|\r\r|\r\n\r\n)", re.DOTALL)


async def events(response: httpx2.Response) -> AsyncIterator[Sequence[ServerSentEvent]]:
    """Raises what the transport raises, and ClaudeError MALFORMED for what is no stream of events."""
    decoder, rest = SSEDecoder(), b""
    async for chunk in response.aiter_bytes():
        rest += chunk
        if whole := _WHOLE.match(rest):
            rest = rest[whole.end() :]
            yield _decoded(decoder, whole[0])
        elif len(rest) > _LONGEST_BYTES:
            raise ClaudeError(FaultKind.MALFORMED)
    if rest:
        yield _decoded(decoder, rest)


def _decoded(decoder: SSEDecoder, whole: bytes) -> Sequence[ServerSentEvent]:
    try:
        return list(decoder.iter_bytes(iter((whole,))))
    except UnicodeDecodeError as broken:
        raise ClaudeError(FaultKind.MALFORMED) from broken
