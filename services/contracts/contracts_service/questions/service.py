"""Asks Claude about one contract and lets through only what the contract bears out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc

from bloom.ai.v1 import ai_service_pb2, ai_service_pb2_grpc
from contracts_service.analysis.faults import off_schema
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.documents import store as documents
from contracts_service.documents.text import assemble
from contracts_service.evidence import DocumentText, Evidence, verify_sentence
from contracts_service.prompts import question as prompts
from contracts_service.questions.sentences import ClaimedSentence, MalformedAnswerError, SentenceStream
from service_runtime.clients import answers_of
from service_runtime.errors import DomainError, Reason
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres


@dataclass(frozen=True, slots=True)
class ProvenSentence:
    """A sentence whose quotes stand in the document and bear out what it states."""

    text: str
    document: DocumentText
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """How the answer ended."""

    sent: int
    withheld: int
    not_found: bool
    completion: ai_service_pb2.Completion


@dataclass(frozen=True, slots=True)
class Questions:
    """Answers questions through the AI gateway, for the identity of the call."""

    postgres: Postgres
    ai: ai_service_pb2_grpc.AiServiceAsyncStub

    async def ask(
        self, identity: Identity, name: str, question: str
    ) -> AsyncIterator[ProvenSentence | Summary]:
        """Proven sentences as they come, then the summary. Raises NOT_FOUND, DOCUMENT_NEEDS_OCR, AI_…"""
        title, document = await self._document(identity, name)
        stream, sent, withheld, silent = SentenceStream(), 0, 0, 0
        completion = ai_service_pb2.Completion()
        async for piece in self._stream(question, title, document):
            if isinstance(piece, ai_service_pb2.Completion):
                completion = piece
                continue
            for claimed in _fed(stream, piece):
                if not claimed.quotes:
                    silent += 1
                    continue
                verdict = verify_sentence(document, claimed.text, claimed.quotes)
                if verdict.verified:
                    sent += 1
                    yield ProvenSentence(claimed.text, document, verdict.evidence)
                else:
                    withheld += 1
        _finished(stream)
        # A sentence without quotes can only say that the document does not say.
        yield Summary(sent, withheld, sent == 0 and withheld == 0 and silent > 0, completion)

    async def _document(self, identity: Identity, name: str) -> tuple[str, DocumentText]:
        async with self.postgres.transaction(identity.tenant) as connection:
            contract = await access.permitted(connection, identity, access.ASK, name)
            document = contracts.require_text(contract)
            pages = await documents.pages(connection, document.id)
        return contract.label, assemble(document, pages)

    async def _stream(
        self, question: str, title: str, document: DocumentText
    ) -> AsyncIterator[str | ai_service_pb2.Completion]:
        request = ai_service_pb2.StreamGenerateRequest(prompt=prompts.prompt(question, title, document.text))
        completed = False
        with answers_of("ai-gateway"):
            async for event in self.ai.StreamGenerate(request):
                if event.WhichOneof("event") == "completion":
                    completed = True
                    yield event.completion
                else:
                    yield event.text_delta
        if not completed:
            raise DomainError(
                grpc.StatusCode.UNAVAILABLE,
                Reason.ERROR_REASON_AI_UNAVAILABLE,
                "Claude's answer broke off. Ask again.",
            )


def _fed(stream: SentenceStream, piece: str) -> list[ClaimedSentence]:
    try:
        return list(stream.feed(piece))
    except MalformedAnswerError as broken:
        raise off_schema(str(broken)) from broken


def _finished(stream: SentenceStream) -> None:
    try:
        stream.finish()
    except MalformedAnswerError as broken:
        raise off_schema(str(broken)) from broken
