"""The SDK's own head, client and transport, with each request's head built once and not anew for every call.

Building a request and reading its answer into models takes the SDK three times as long as sending it; here
only the bytes of the body change from one request to the next.
"""

import anthropic
import httpx2
from anthropic import AsyncAnthropic
from anthropic._models import FinalRequestOptions

_KINDS_OF_HEADS = 64


class Wire:
    """Sends once. Raises what the SDK raises: APIStatusError, APITimeoutError, APIConnectionError."""

    def __init__(self, client: AsyncAnthropic) -> None:
        self._client = client
        self._http = client._client
        # By key too, which may be set anew while requests are under way.
        self._heads: dict[tuple[str, str, str, str | None], httpx2.Request] = {}

    async def exchanged(
        self, method: str, path: str, content: bytes | None = None, betas: str = ""
    ) -> httpx2.Response:
        """The response, its head read; whatever it is, close it."""
        head = self._head(method, path, betas)
        request = httpx2.Request(
            head.method, head.url, headers=head.headers, content=content, extensions=head.extensions
        )
        for admitted in self._http.event_hooks["request"]:
            await admitted(request)
        try:
            response = await self._http._transport.handle_async_request(request)
        except httpx2.TimeoutException as late:
            raise anthropic.APITimeoutError(request) from late
        except Exception as away:
            raise anthropic.APIConnectionError(request=request) from away
        if response.is_success:
            return response
        try:
            await response.aread()
        finally:
            await response.aclose()
        raise self._client._make_status_error_from_response(response)

    def _head(self, method: str, path: str, betas: str) -> httpx2.Request:
        name = (method, path, betas, self._client.api_key)
        head = self._heads.get(name)
        if head is None:
            head = self._client._build_request(FinalRequestOptions.construct(method=method, url=path))
            # Of no body; each request has its own.
            head.headers.pop("content-length", None)
            if betas:
                head.headers["anthropic-beta"] = betas
            if len(self._heads) >= _KINDS_OF_HEADS:
                self._heads.clear()
            self._heads[name] = head
        return head
