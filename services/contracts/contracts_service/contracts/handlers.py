"""ContractService over gRPC: messages in, messages out, the rules elsewhere."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.api import httpbody_pb2
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from bloom.contracts.v1 import contract_pb2, contract_service_pb2, contract_service_pb2_grpc
from contracts_service import messages
from contracts_service.analysis import request as analysis
from contracts_service.analysis import store as values
from contracts_service.analysis.request import Wanted
from contracts_service.analysis.storing import stored_evidence
from contracts_service.contracts import access, service
from contracts_service.contracts.changes import columns
from contracts_service.contracts.intake import Intake, Upload
from contracts_service.documents import store as documents
from contracts_service.documents.locating import locate
from contracts_service.documents.objects import Objects
from contracts_service.questions.service import ProvenSentence, Questions, Summary
from contracts_service.search.service import search
from service_runtime import idempotency, pagination
from service_runtime.errors import invalid
from service_runtime.identity import current_identity
from service_runtime.money import Money
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_DEFAULT_VALUES, _DEFAULT_PAGES = 200, 25


@dataclass(frozen=True, slots=True)
class ContractHandlers(contract_service_pb2_grpc.ContractServiceServicer):
    """The methods of `bloom.contracts.v1.ContractService`."""

    postgres: Postgres
    objects: Objects
    intake: Intake
    questions: Questions
    # What an analysis reads where its caller does not say.
    standard_uses: tuple[str, ...]

    async def UploadContract(  # noqa: N802
        self, request_iterator: AsyncIterator[contract_service_pb2.UploadContractRequest], context: Context
    ) -> contract_service_pb2.UploadContractResponse:
        first = await anext(request_iterator, None)
        if first is None:
            raise invalid("content", "send the file's bytes as the body")
        upload = Upload(
            first.filename,
            first.content.content_type,
            first.label,
            first.reference_no,
            first.department,
            Money.of(first.contract_value) if first.HasField("contract_value") else None,
        )
        pieces = _pieces(first, request_iterator)
        contract, duplicate = await self.intake.take(current_identity.get(), upload, pieces)
        return contract_service_pb2.UploadContractResponse(
            contract=messages.contract(contract), duplicate=duplicate
        )

    async def GetContract(  # noqa: N802
        self, request: contract_service_pb2.GetContractRequest, context: Context
    ) -> contract_pb2.Contract:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        return messages.contract(await access.permitted(reads, identity, access.READ, request.name))

    async def ListContracts(  # noqa: N802
        self, request: contract_service_pb2.ListContractsRequest, context: Context
    ) -> contract_service_pb2.ListContractsResponse:
        found, next_token = await service.page(
            self.postgres,
            current_identity.get(),
            size=request.page_size,
            token=request.page_token,
            filter_text=request.filter,
        )
        return contract_service_pb2.ListContractsResponse(
            contracts=[messages.contract(item) for item in found], next_page_token=next_token
        )

    async def UpdateContract(  # noqa: N802
        self, request: contract_service_pb2.UpdateContractRequest, context: Context
    ) -> contract_pb2.Contract:
        identity, changes = current_identity.get(), columns(request)
        async with self.postgres.transaction(identity.tenant) as connection:
            await access.require_first(connection, identity, access.WRITE, request.contract.name)

            async def run() -> contract_pb2.Contract:
                record = request.contract
                return messages.contract(
                    await service.update(connection, identity, record.name, record.etag, changes)
                )

            return await idempotency.once(
                connection, identity, request, request.request_id, contract_pb2.Contract, run
            )

    async def DeleteContract(  # noqa: N802
        self, request: contract_service_pb2.DeleteContractRequest, context: Context
    ) -> empty_pb2.Empty:
        await service.delete(self.postgres, current_identity.get(), request.name, request.etag)
        return empty_pb2.Empty()

    async def SearchContracts(  # noqa: N802
        self, request: contract_service_pb2.SearchContractsRequest, context: Context
    ) -> contract_service_pb2.SearchContractsResponse:
        found = await search(
            self.postgres,
            current_identity.get(),
            request.query,
            request.filter,
            size=request.page_size,
            token=request.page_token,
            counted=request.facets,
        )
        return contract_service_pb2.SearchContractsResponse(
            hits=messages.hits(found.hits),
            next_page_token=found.next_token,
            facets=map(messages.facet, found.facets),
            total_size=found.total,
        )

    async def AnalyzeContract(  # noqa: N802
        self, request: contract_service_pb2.AnalyzeContractRequest, context: Context
    ) -> operations_pb2.Operation:
        identity = current_identity.get()
        wanted = Wanted(messages.uses_of(request.uses, self.standard_uses), request.anew)
        async with self.postgres.transaction(identity.tenant) as connection:
            await access.require_first(connection, identity, access.ANALYZE, request.name)

            async def run() -> operations_pb2.Operation:
                return messages.operation(await analysis.request(connection, identity, request.name, wanted))

            return await idempotency.once(
                connection, identity, request, request.request_id, operations_pb2.Operation, run
            )

    async def ListExtractedValues(  # noqa: N802
        self, request: contract_service_pb2.ListExtractedValuesRequest, context: Context
    ) -> contract_service_pb2.ListExtractedValuesResponse:
        size, identity = request.page_size or _DEFAULT_VALUES, current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            contract = await access.permitted(connection, identity, access.READ, request.parent)
            published = contract.published_operation
            # The token names the analysis too: a list goes on over the values that it began with, or not.
            after = pagination.ordinal(request.page_token, "values", request.parent, str(published))
            found = (
                await values.values(connection, published, after=after, limit=size + 1) if published else []
            )
        more = len(found) > size
        token = (
            pagination.encode([str(found[size - 1][0])], "values", request.parent, str(published))
            if more
            else ""
        )
        return contract_service_pb2.ListExtractedValuesResponse(
            values=[messages.value(value) for _, value in found[:size]], next_page_token=token
        )

    async def AskContract(  # noqa: N802
        self, request: contract_service_pb2.AskContractRequest, context: Context
    ) -> AsyncIterator[contract_service_pb2.AskContractResponse]:
        answer = self.questions.ask(current_identity.get(), request.name, request.question)
        async for event in answer:
            yield _answer_event(event)

    async def ListPages(  # noqa: N802
        self, request: contract_service_pb2.ListPagesRequest, context: Context
    ) -> contract_service_pb2.ListPagesResponse:
        size, identity = request.page_size or _DEFAULT_PAGES, current_identity.get()
        after = pagination.ordinal(request.page_token, "pages", request.parent)
        async with self.postgres.transaction(identity.tenant) as connection:
            contract = await access.permitted(connection, identity, access.READ, request.parent)
            document = service.require_document(contract)
            found = await documents.pages(connection, document.id, after=after, limit=size + 1)
        more = len(found) > size
        return contract_service_pb2.ListPagesResponse(
            pages=[messages.page(page) for page in found[:size]],
            next_page_token=pagination.encode([str(found[size - 1].number)], "pages", request.parent)
            if more
            else "",
        )

    async def ListTables(  # noqa: N802
        self, request: contract_service_pb2.ListTablesRequest, context: Context
    ) -> contract_service_pb2.ListTablesResponse:
        size, identity = request.page_size or _DEFAULT_PAGES, current_identity.get()
        after = pagination.ordinal(request.page_token, "tables", request.parent)
        async with self.postgres.transaction(identity.tenant) as connection:
            contract = await access.permitted(connection, identity, access.READ, request.parent)
            document = service.require_document(contract)
            found = await documents.tables(connection, document.id, after=after, limit=size + 1)
        return contract_service_pb2.ListTablesResponse(
            tables=[messages.table(number, table) for number, table in found[:size]],
            next_page_token=pagination.encode([str(found[size - 1][0])], "tables", request.parent)
            if len(found) > size
            else "",
        )

    async def LocateText(  # noqa: N802
        self, request: contract_service_pb2.LocateTextRequest, context: Context
    ) -> contract_service_pb2.LocateTextResponse:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            contract = await access.permitted(connection, identity, access.READ, request.name)
            document = service.require_document(contract)
            return await locate(connection, document.id, request.char_start, request.char_end)

    async def DownloadDocument(  # noqa: N802
        self, request: contract_service_pb2.DownloadDocumentRequest, context: Context
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        contract = await access.permitted(reads, identity, access.READ, request.name)
        document = service.require_document(contract)
        async for piece in self.objects.pieces(document.object_key):
            yield httpbody_pb2.HttpBody(content_type=document.media_type, data=piece)


async def _pieces(
    first: contract_service_pb2.UploadContractRequest,
    rest: AsyncIterator[contract_service_pb2.UploadContractRequest],
) -> AsyncIterator[bytes]:
    yield first.content.data
    async for request in rest:
        yield request.content.data


def _answer_event(event: ProvenSentence | Summary) -> contract_service_pb2.AskContractResponse:
    if isinstance(event, ProvenSentence):
        evidence = [messages.evidence(stored_evidence(item, event.document)) for item in event.evidence]
        sentence = contract_service_pb2.AnswerSentence(text=event.text, evidence=evidence)
        return contract_service_pb2.AskContractResponse(sentence=sentence)
    summary = contract_service_pb2.AnswerSummary(
        sentence_count=event.sent,
        withheld_count=event.withheld,
        not_found=event.not_found,
        model=event.completion.model,
        simulated=event.completion.simulated,
        cost_micro_usd=event.completion.cost_micro_usd,
    )
    return contract_service_pb2.AskContractResponse(summary=summary)
