"""A web client of the REST API, with answers as the schema's own messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
from google.longrunning.operations_pb2 import Operation
from google.protobuf import json_format
from google.protobuf.message import Message

from bloom.ai.v1.ai_service_pb2 import GetUsageResponse
from bloom.auth.v1.auth_service_pb2 import LoginResponse
from bloom.contracts.v1.contract_pb2 import Contract, ExtractedValue
from bloom.contracts.v1.contract_service_pb2 import (
    AnalyzeContractMetadata,
    AskContractResponse,
    ListExtractedValuesResponse,
    SearchContractsResponse,
    UploadContractResponse,
)
from bloom.contracts.v1.contradiction_service_pb2 import Contradiction, ListContradictionsResponse
from bloom.contracts.v1.family_service_pb2 import FamilyTerms, Link
from bloom.contracts.v1.reading_service_pb2 import Entry, EstimateAnalysisResponse, ListEntriesResponse

MessageT = TypeVar("MessageT", bound=Message)

_MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
}
_SECONDS = 120.0


class RefusedError(Exception):
    """The API answered with an error."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"answered {status}: {_message(body)}")
        self.status = status


class RestClient:
    """`async with RestClient(base_url) as api:`; sign in first. Each call may carry a `traceparent`."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self, email: str, password: str) -> None:
        """Later calls carry the access token."""
        answer = await self._call(
            "POST", "/v1/auth:login", LoginResponse(), json={"email": email, "password": password}
        )
        self._http.headers["authorization"] = f"Bearer {answer.tokens.access_token}"

    async def upload(self, path: Path, traceparent: str) -> UploadContractResponse:
        media_type = _MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
        return await self._call(
            "POST",
            "/v1/contracts:upload",
            UploadContractResponse(),
            params={"filename": path.name},
            content=await asyncio.to_thread(path.read_bytes),
            headers={"content-type": media_type, "traceparent": traceparent},
        )

    async def analyze(self, contract: str, traceparent: str) -> Operation:
        return await self._call(
            "POST", f"/v1/{contract}:analyze", Operation(), json={}, headers={"traceparent": traceparent}
        )

    async def operation(self, name: str) -> Operation:
        return await self._call("GET", f"/v1/{name}", Operation())

    async def contract(self, name: str) -> Contract:
        return await self._call("GET", f"/v1/{name}", Contract())

    async def values(self, contract: str) -> list[ExtractedValue]:
        """All pages."""
        found: list[ExtractedValue] = []
        token = ""
        while True:
            page = await self._call(
                "GET", f"/v1/{contract}/values", ListExtractedValuesResponse(), params={"page_token": token}
            )
            found.extend(page.values)
            token = page.next_page_token
            if not token:
                return found

    async def entries(self, contract: str) -> list[Entry]:
        """What the document has of every list, all pages."""
        found: list[Entry] = []
        token = ""
        while True:
            params: dict[str, str | int] = {"page_token": token, "page_size": 500, "present_only": "true"}
            page = await self._call("GET", f"/v1/{contract}/entries", ListEntriesResponse(), params=params)
            found.extend(page.entries)
            token = page.next_page_token
            if not token:
                return found

    async def link(self, contract: str, target: str) -> None:
        """Says that the contract amends the target; nothing where that was said already."""
        body = {"target": target, "kind": "LINK_KIND_AMENDS"}
        try:
            await self._call("POST", f"/v1/{contract}/links", Link(), json=body)
        except RefusedError as refused:
            if refused.status != httpx.codes.CONFLICT:
                raise

    async def family_terms(self, contract: str, day: date, fields: Sequence[str]) -> FamilyTerms:
        asked: dict[str, str | int | list[str]] = {"fields": list(fields)}
        asked |= {"date.year": day.year, "date.month": day.month, "date.day": day.day}
        return await self._call("GET", f"/v1/{contract}/family:terms", FamilyTerms(), params=asked)

    async def contradictions(self, contract: str) -> list[Contradiction]:
        found = await self._call(
            "GET", f"/v1/{contract}/contradictions", ListContradictionsResponse(), params={"page_size": 50}
        )
        return list(found.contradictions)

    async def estimate(self, contract: str) -> EstimateAnalysisResponse:
        return await self._call(
            "POST", f"/v1/{contract}:estimateAnalysis", EstimateAnalysisResponse(), json={}
        )

    async def ask(self, contract: str, question: str, traceparent: str) -> AsyncIterator[AskContractResponse]:
        """Events as they come. Raises RefusedError also for an error in the middle of the stream."""
        request = self._http.stream(
            "POST",
            f"/v1/{contract}:ask",
            json={"question": question},
            headers={"traceparent": traceparent, "accept": "text/event-stream"},
        )
        async with request as response:
            if response.status_code != httpx.codes.OK:
                raise RefusedError(response.status_code, (await response.aread()).decode())
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield _event(line.removeprefix("data:").strip())

    async def search(self, query: str) -> SearchContractsResponse:
        return await self._call(
            "GET", "/v1/contracts:search", SearchContractsResponse(), params={"query": query, "page_size": 5}
        )

    async def usage_of_a_day(self) -> GetUsageResponse:
        """What the organization paid in the last 24 hours."""
        since = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
        return await self._call(
            "GET", "/v1/ai/usage", GetUsageResponse(), params={"start_time": since.replace("+00:00", "Z")}
        )

    async def _call(
        self,
        method: str,
        path: str,
        answer: MessageT,
        *,
        params: Mapping[str, str | int | list[str]] | None = None,
        json: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> MessageT:
        response = await self._http.request(
            method, path, params=params, json=json, content=content, headers=headers
        )
        if response.status_code != httpx.codes.OK:
            raise RefusedError(response.status_code, response.text)
        return json_format.Parse(response.text, answer, ignore_unknown_fields=True)


def metadata_of(operation: Operation) -> AnalyzeContractMetadata:
    """The progress that an operation carries."""
    metadata = AnalyzeContractMetadata()
    operation.metadata.Unpack(metadata)
    return metadata


def _event(data: str) -> AskContractResponse:
    body = json.loads(data)
    if "sentence" in body or "summary" in body:
        return json_format.ParseDict(body, AskContractResponse(), ignore_unknown_fields=True)
    raise RefusedError(httpx.codes.OK, data)


def _message(body: str) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:300]
