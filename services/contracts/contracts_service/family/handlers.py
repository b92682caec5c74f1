"""FamilyService over gRPC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import grpc
from google.type import date_pb2

from bloom.contracts.v1 import family_service_pb2, family_service_pb2_grpc
from contracts_service import names
from contracts_service.contracts import access
from contracts_service.family import links, service
from contracts_service.family.messages import (
    day_of,
    definition_message,
    family_message,
    link_message,
    terms_message,
)
from contracts_service.fields import FIELDS
from contracts_service.grid.columns import require_known
from contracts_service.saved.service import written
from service_runtime import idempotency, pagination
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_DEFAULT_PAGE = 100


@dataclass(frozen=True, slots=True)
class FamilyHandlers(family_service_pb2_grpc.FamilyServiceServicer):
    """The methods of `bloom.contracts.v1.FamilyService`."""

    postgres: Postgres

    async def CreateLink(  # noqa: N802
        self, request: family_service_pb2.CreateLinkRequest, context: Context
    ) -> family_service_pb2.Link:
        identity, asked = current_identity.get(), request.link
        said = _said(asked, frozenset(links.CHANGEABLE))
        async with self.postgres.transaction(identity.tenant) as connection:
            await access.require_first(connection, identity, access.WRITE, request.parent)

            async def run() -> family_service_pb2.Link:
                return link_message(
                    await links.create(
                        connection, identity, request.parent, asked.target, said, request.reason
                    )
                )

            return await idempotency.once(
                connection, identity, request, request.request_id, family_service_pb2.Link, run
            )

    async def UpdateLink(  # noqa: N802
        self, request: family_service_pb2.UpdateLinkRequest, context: Context
    ) -> family_service_pb2.Link:
        identity, asked = current_identity.get(), request.link
        is_set = [field.name for field, _ in asked.ListFields()]
        said = _said(asked, written(request.update_mask.paths, is_set, links.CHANGEABLE))
        async with self.postgres.transaction(identity.tenant) as connection:
            await access.require_first(connection, identity, access.WRITE, names.contract_of(asked.name))

            async def run() -> family_service_pb2.Link:
                return link_message(
                    await links.update(connection, identity, asked.name, asked.etag, said, request.reason)
                )

            return await idempotency.once(
                connection, identity, request, request.request_id, family_service_pb2.Link, run
            )

    async def DeleteLink(  # noqa: N802
        self, request: family_service_pb2.DeleteLinkRequest, context: Context
    ) -> family_service_pb2.Link:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            gone = await links.delete(connection, identity, request.name, request.etag, request.reason)
        return link_message(gone)

    async def GetFamily(  # noqa: N802
        self, request: family_service_pb2.GetFamilyRequest, context: Context
    ) -> family_service_pb2.Family:
        return await self._family(request.name)

    async def UpdateFamily(  # noqa: N802
        self, request: family_service_pb2.UpdateFamilyRequest, context: Context
    ) -> family_service_pb2.Family:
        identity, asked = current_identity.get(), request.family
        written(request.update_mask.paths, (), ("precedence",))
        async with self.postgres.transaction(identity.tenant) as connection:
            await service.declare(
                connection, identity, asked.name, asked.precedence, etag=asked.etag, reason=request.reason
            )
        return await self._family(asked.name)

    async def GetFamilyTerms(  # noqa: N802
        self, request: family_service_pb2.GetFamilyTermsRequest, context: Context
    ) -> family_service_pb2.FamilyTerms:
        require_known(request.fields, "fields")
        return terms_message(
            await service.terms(
                self.postgres,
                current_identity.get(),
                request.name,
                _day(request.date),
                list(request.fields) or list(FIELDS),
            )
        )

    async def ListDefinitions(  # noqa: N802
        self, request: family_service_pb2.ListDefinitionsRequest, context: Context
    ) -> family_service_pb2.ListDefinitionsResponse:
        day, size = _day(request.date), request.page_size or _DEFAULT_PAGE
        same = (
            "definitions",
            request.parent,
            request.term,
            day.isoformat() if request.HasField("date") else "",
        )
        cursor = pagination.decode(request.page_token, *same, parts=1)
        found = await service.defined_terms(
            self.postgres,
            current_identity.get(),
            request.parent,
            day,
            request.term,
            after=cursor[0] if cursor else "",
            limit=size + 1,
        )
        shown = found.resolved[:size]
        more = len(found.resolved) > size
        return family_service_pb2.ListDefinitionsResponse(
            definitions=[definition_message(one, found) for one in shown],
            next_page_token=pagination.encode([shown[-1].at[1].key], *same) if more else "",
            hidden_members=found.family.hidden,
        )

    async def _family(self, name: str) -> family_service_pb2.Family:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        family = await service.load(reads, identity, name, all_below=True)
        return family_message(family, await service.find_gaps(self.postgres, identity, family))


def _said(asked: family_service_pb2.Link, paths: frozenset[str]) -> links.Change:
    """Raises INVALID_FIELD."""
    day = day_of(asked.effective_date, "link.effective_date")
    known: links.Change = {"kind": asked.kind, "effective_date": day, "ordinal": asked.ordinal}
    return {name: known[name] for name in known if name in paths}


def _day(asked: date_pb2.Date) -> date:
    """Today in UTC where none is given. Raises INVALID_FIELD."""
    return day_of(asked, "date") or datetime.now(UTC).date()
