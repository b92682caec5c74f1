"""SavedViewService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from bloom.contracts.v1 import saved_view_service_pb2, saved_view_service_pb2_grpc
from contracts_service.filtering import compile_filter
from contracts_service.grid.columns import require_known
from contracts_service.saved import service
from contracts_service.saved.service import COLUMN_SETS, SEARCHES, Change
from contracts_service.saved.store import View
from service_runtime import idempotency
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_OF_COLUMNS = ("display_name", "shared", "fields")
_OF_SEARCH = ("display_name", "shared", "query", "filter")


@dataclass(frozen=True, slots=True)
class SavedViewHandlers(saved_view_service_pb2_grpc.SavedViewServiceServicer):
    """The methods of `bloom.contracts.v1.SavedViewService`."""

    postgres: Postgres

    async def CreateColumnSet(  # noqa: N802
        self, request: saved_view_service_pb2.CreateColumnSetRequest, context: Context
    ) -> saved_view_service_pb2.ColumnSet:
        change = _columns(request.column_set, frozenset(_OF_COLUMNS))
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> saved_view_service_pb2.ColumnSet:
                return _column_set(await service.create(connection, identity, COLUMN_SETS, change))

            return await idempotency.once(
                connection, identity, request, request.request_id, saved_view_service_pb2.ColumnSet, run
            )

    async def ListColumnSets(  # noqa: N802
        self, request: saved_view_service_pb2.ListColumnSetsRequest, context: Context
    ) -> saved_view_service_pb2.ListColumnSetsResponse:
        found, next_token = await service.page(
            self.postgres,
            current_identity.get(),
            COLUMN_SETS,
            size=request.page_size,
            token=request.page_token,
        )
        return saved_view_service_pb2.ListColumnSetsResponse(
            column_sets=[_column_set(one) for one in found], next_page_token=next_token
        )

    async def UpdateColumnSet(  # noqa: N802
        self, request: saved_view_service_pb2.UpdateColumnSetRequest, context: Context
    ) -> saved_view_service_pb2.ColumnSet:
        asked = request.column_set
        change = _columns(asked, service.written(request.update_mask.paths, _set(asked), _OF_COLUMNS))
        return _column_set(
            await service.update(self.postgres, current_identity.get(), asked.name, asked.etag, change)
        )

    async def DeleteColumnSet(  # noqa: N802
        self, request: saved_view_service_pb2.DeleteColumnSetRequest, context: Context
    ) -> empty_pb2.Empty:
        await service.delete(self.postgres, current_identity.get(), request.name)
        return empty_pb2.Empty()

    async def CreateSavedSearch(  # noqa: N802
        self, request: saved_view_service_pb2.CreateSavedSearchRequest, context: Context
    ) -> saved_view_service_pb2.SavedSearch:
        change = _search(request.saved_search, frozenset(_OF_SEARCH))
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> saved_view_service_pb2.SavedSearch:
                return _saved_search(await service.create(connection, identity, SEARCHES, change))

            return await idempotency.once(
                connection, identity, request, request.request_id, saved_view_service_pb2.SavedSearch, run
            )

    async def ListSavedSearches(  # noqa: N802
        self, request: saved_view_service_pb2.ListSavedSearchesRequest, context: Context
    ) -> saved_view_service_pb2.ListSavedSearchesResponse:
        found, next_token = await service.page(
            self.postgres, current_identity.get(), SEARCHES, size=request.page_size, token=request.page_token
        )
        return saved_view_service_pb2.ListSavedSearchesResponse(
            saved_searches=[_saved_search(one) for one in found], next_page_token=next_token
        )

    async def UpdateSavedSearch(  # noqa: N802
        self, request: saved_view_service_pb2.UpdateSavedSearchRequest, context: Context
    ) -> saved_view_service_pb2.SavedSearch:
        asked = request.saved_search
        change = _search(asked, service.written(request.update_mask.paths, _set(asked), _OF_SEARCH))
        return _saved_search(
            await service.update(self.postgres, current_identity.get(), asked.name, asked.etag, change)
        )

    async def DeleteSavedSearch(  # noqa: N802
        self, request: saved_view_service_pb2.DeleteSavedSearchRequest, context: Context
    ) -> empty_pb2.Empty:
        await service.delete(self.postgres, current_identity.get(), request.name)
        return empty_pb2.Empty()


_Asked = saved_view_service_pb2.ColumnSet | saved_view_service_pb2.SavedSearch


def _set(asked: _Asked) -> list[str]:
    return [field.name for field, _ in asked.ListFields()]


def _change(asked: _Asked, paths: frozenset[str], body: dict[str, Any]) -> Change:
    return Change(
        display_name=asked.display_name if "display_name" in paths else None,
        shared=asked.shared if "shared" in paths else None,
        body={name: value for name, value in body.items() if name in paths},
    )


def _columns(asked: saved_view_service_pb2.ColumnSet, paths: frozenset[str]) -> Change:
    """Raises INVALID_FIELD."""
    require_known(asked.fields, "column_set.fields")
    return _change(asked, paths, {"fields": list(asked.fields)})


def _search(asked: saved_view_service_pb2.SavedSearch, paths: frozenset[str]) -> Change:
    """Raises FILTER_INVALID: what cannot be run is not saved."""
    compile_filter(asked.filter)
    return _change(asked, paths, {"query": asked.query, "filter": asked.filter})


def _column_set(view: View) -> saved_view_service_pb2.ColumnSet:
    return saved_view_service_pb2.ColumnSet(
        name=view.name,
        display_name=view.display_name,
        fields=view.body["fields"],
        shared=view.shared,
        owner=view.owner,
        etag=view.etag,
    )


def _saved_search(view: View) -> saved_view_service_pb2.SavedSearch:
    return saved_view_service_pb2.SavedSearch(
        name=view.name,
        display_name=view.display_name,
        query=view.body["query"],
        filter=view.body["filter"],
        shared=view.shared,
        owner=view.owner,
        etag=view.etag,
    )
