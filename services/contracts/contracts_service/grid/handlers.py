"""GridService over gRPC."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.api import httpbody_pb2

from bloom.contracts.v1 import grid_service_pb2, grid_service_pb2_grpc
from contracts_service import messages, names
from contracts_service.contracts import access
from contracts_service.fields import FIELDS
from contracts_service.grid import query, review, store
from contracts_service.grid.columns import Wanted
from contracts_service.grid.exporting import FORMATS
from contracts_service.grid.messages import cell_message, review_message
from contracts_service.grid.model import ACCEPTED, CORRECTED, OPEN, REJECTED, Cell
from contracts_service.grid.query import Asked
from contracts_service.grid.review import Word
from service_runtime.errors import not_found
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_REVIEWS = 100


@dataclass(frozen=True, slots=True)
class GridHandlers(grid_service_pb2_grpc.GridServiceServicer):
    """The methods of `bloom.contracts.v1.GridService`."""

    postgres: Postgres

    async def ListFields(  # noqa: N802
        self, request: grid_service_pb2.ListFieldsRequest, context: Context
    ) -> grid_service_pb2.ListFieldsResponse:
        access.of_no_contract(access.READ)
        fields = [
            grid_service_pb2.Field(
                field=spec.name,
                group=spec.group,
                label=spec.label,
                description=spec.description,
                kind=spec.kind.value,
                units=spec.units,
                choices=[choice.code for choice in spec.choices],
            )
            for spec in FIELDS.values()
        ]
        return grid_service_pb2.ListFieldsResponse(fields=fields)

    async def QueryGrid(  # noqa: N802
        self, request: grid_service_pb2.QueryGridRequest, context: Context
    ) -> grid_service_pb2.QueryGridResponse:
        found = await query.query(
            self.postgres,
            current_identity.get(),
            _asked(request),
            rows=(request.page_size, request.page_token),
            fields=(request.field_page_size, request.field_page_token),
        )
        rows = [
            grid_service_pb2.GridRow(
                contract=names.contract(row.id),
                label=row.label,
                state=row.state,  # type: ignore[arg-type]  # stored numbers of the schema's own enumerations
                analysis_state=row.analysis_state,  # type: ignore[arg-type]
                cells=[cell_message(row.id, cell) for cell in cells],
            )
            for row, cells in found.rows
        ]
        return grid_service_pb2.QueryGridResponse(
            fields=found.fields,
            rows=rows,
            next_page_token=found.next_rows,
            next_field_page_token=found.next_fields,
        )

    async def ExportGrid(  # noqa: N802
        self, request: grid_service_pb2.ExportGridRequest, context: Context
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        media_type, write = FORMATS[request.format]
        pieces = query.everything(self.postgres, current_identity.get(), _asked(request))
        async for piece in write(pieces):
            yield httpbody_pb2.HttpBody(content_type=media_type, data=piece)

    async def GetCell(  # noqa: N802
        self, request: grid_service_pb2.GetCellRequest, context: Context
    ) -> grid_service_pb2.CellDetail:
        identity, (name, field) = current_identity.get(), names.field_of(request.name)
        if field not in FIELDS:
            raise not_found(request.name)
        async with self.postgres.transaction(identity.tenant) as connection:
            contract = await access.permitted(connection, identity, access.READ, name)
            cell = await store.cell(connection, contract.id, field) or Cell(field)
            values = await review.of_field(connection, contract, field)
            said = await store.reviews(connection, contract.id, field, limit=_REVIEWS)
        return grid_service_pb2.CellDetail(
            cell=cell_message(contract.id, cell),
            values=[messages.value(value) for value in values],
            reviews=[review_message(one) for one in said],
        )

    async def AcceptCell(  # noqa: N802
        self, request: grid_service_pb2.AcceptCellRequest, context: Context
    ) -> grid_service_pb2.Cell:
        word = Word(ACCEPTED, request.value, request.unit, request.reason)
        return await self._say(request.name, request.etag, word)

    async def CorrectCell(  # noqa: N802
        self, request: grid_service_pb2.CorrectCellRequest, context: Context
    ) -> grid_service_pb2.Cell:
        word = Word(CORRECTED, request.value, request.unit, request.reason)
        return await self._say(request.name, request.etag, word)

    async def RejectCell(  # noqa: N802
        self, request: grid_service_pb2.RejectCellRequest, context: Context
    ) -> grid_service_pb2.Cell:
        return await self._say(request.name, request.etag, Word(REJECTED, reason=request.reason))

    async def ReopenCell(  # noqa: N802
        self, request: grid_service_pb2.ReopenCellRequest, context: Context
    ) -> grid_service_pb2.Cell:
        return await self._say(request.name, request.etag, Word(OPEN, reason=request.reason))

    async def _say(self, name: str, etag: str, word: Word) -> grid_service_pb2.Cell:
        contract_id, cell = await review.say(self.postgres, current_identity.get(), name, etag, word)
        return cell_message(contract_id, cell)


def _asked(request: grid_service_pb2.QueryGridRequest | grid_service_pb2.ExportGridRequest) -> Asked:
    wanted = Wanted(tuple(request.fields), request.column_set)
    return Asked(request.filter, wanted, tuple(request.statuses), tuple(request.reviews))
