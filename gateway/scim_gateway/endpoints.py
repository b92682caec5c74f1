"""The endpoints of a resource type (RFC 7644 §3): create, read, search, replace, patch, delete."""

from typing import Any

from scim2_models import Context, ListResponse, PatchOp, ResponseParameters, SearchRequest
from starlette.requests import Request
from starlette.responses import Response

from scim_gateway import answers, filters
from scim_gateway.dialects import standard
from scim_gateway.discovery import LARGEST_PAGE
from scim_gateway.groups import Groups
from scim_gateway.requests import bearer, payload, resource_id, wanted_etag
from scim_gateway.resources import TOLERANT
from scim_gateway.users import Users
from service_runtime.errors import DomainError, Reason

_LARGEST_SKIP = 1_000_000
# How often a PATCH is applied anew when others change the resource meanwhile: Entra ID sends several at once.
_PATCH_TRIES = 5


class Endpoints:
    """Of users or of groups; auth decides everything but the form."""

    def __init__(self, kind: Users | Groups, body_limit: int) -> None:
        # What belongs together inside a kind is known to it alone: here its types are taken as they come.
        self._kind: Any = kind
        self._limit = body_limit

    async def create(self, request: Request) -> Response:
        """POST"""
        token, parameters = await self._admitted(request), self._parameters(request)
        wanted = self._kind.written.model_validate(
            await payload(request, self._limit),
            scim_ctx=Context.RESOURCE_CREATION_REQUEST,
            scim_policy=TOLERANT,
        )
        made = self._kind.tell(await self._kind.create(token, wanted))
        return answers.one(request, made, Context.RESOURCE_CREATION_RESPONSE, parameters)

    async def read(self, request: Request) -> Response:
        """GET of one"""
        token, parameters = await self._admitted(request), self._parameters(request)
        name = resource_id(request, self._kind.collection)
        found = self._kind.tell(await self._kind.read(token, name, brief=_is_brief(parameters)))
        return answers.one(request, found, Context.RESOURCE_QUERY_RESPONSE, parameters)

    async def query(self, request: Request) -> Response:
        """GET of many"""
        token = await self._admitted(request)
        return await self._found(token, self._search_of(dict(request.query_params)))

    async def search(self, request: Request) -> Response:
        """POST /.search"""
        token = await self._admitted(request)
        return await self._found(token, self._search_of(await payload(request, self._limit)))

    async def replace(self, request: Request) -> Response:
        """PUT"""
        token, parameters = await self._admitted(request), self._parameters(request)
        name = resource_id(request, self._kind.collection)
        wanted = self._kind.written.model_validate(
            await payload(request, self._limit),
            scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST,
            scim_policy=TOLERANT,
        )
        changed = await self._kind.replace(token, name, wanted, wanted_etag(request.headers))
        return answers.one(
            request, self._kind.tell(changed), Context.RESOURCE_REPLACEMENT_RESPONSE, parameters
        )

    async def patch(self, request: Request) -> Response:
        """PATCH"""
        token, parameters = await self._admitted(request), self._parameters(request)
        name = resource_id(request, self._kind.collection)
        operations = PatchOp[self._kind.written].model_validate(  # type: ignore[name-defined]
            standard(await payload(request, self._limit)),
            scim_ctx=Context.RESOURCE_PATCH_REQUEST,
            scim_policy=TOLERANT,
        )
        changed = await self._patched(token, name, operations, wanted_etag(request.headers))
        return answers.one(request, self._kind.tell(changed), Context.RESOURCE_PATCH_RESPONSE, parameters)

    async def delete(self, request: Request) -> Response:
        """DELETE"""
        name = resource_id(request, self._kind.collection)
        await self._kind.delete(await self._admitted(request), name, wanted_etag(request.headers))
        return Response(status_code=204)

    async def _admitted(self, request: Request) -> str:
        """The bearer, looked at before the body is: nothing is read for strangers."""
        token = bearer(request)
        await self._kind.directory.admit(token)
        return token

    async def _patched(self, token: str, name: str, operations: Any, etag: str) -> Any:
        """Applied to what is there now; without If-Match, to what is there then."""
        for left in reversed(range(_PATCH_TRIES)):
            found = await self._kind.read(token, name, brief=False)
            wanted = self._kind.as_written(found)
            operations.patch(wanted, scim_policy=TOLERANT)
            try:
                return await self._kind.replace(token, name, wanted, etag or found.etag)
            except DomainError as refused:
                if refused.reason != Reason.ERROR_REASON_ETAG_MISMATCH or etag or not left:
                    raise
        raise AssertionError("the last try returns or raises")

    async def _found(self, token: str, wanted: Any) -> Response:
        skip = min(wanted.start_index_0 or 0, _LARGEST_SKIP)
        count = LARGEST_PAGE if wanted.count is None else min(wanted.count, LARGEST_PAGE)
        terms = filters.terms(wanted.filter.ast if wanted.filter else None, self._kind.attributes)
        found, total = await self._kind.search(token, terms, skip, count, brief=_is_brief(wanted))
        listed = ListResponse[self._kind.told](  # type: ignore[name-defined]
            resources=[self._kind.tell(item) for item in found],
            total_results=total,
            start_index=skip + 1,
            items_per_page=len(found),
        )
        return answers.page(listed, wanted)

    def _search_of(self, given: dict[str, Any]) -> Any:
        """From a query or a body. Raises ValidationError."""
        search = SearchRequest[self._kind.told]  # type: ignore[name-defined]
        schemas = {"schemas": [str(search.__schema__)]}
        return search.model_validate(
            {**given, **schemas}, scim_ctx=Context.SEARCH_REQUEST, scim_policy=TOLERANT
        )

    def _parameters(self, request: Request) -> Any:
        """`attributes` and `excludedAttributes`. Raises ValidationError."""
        given = {
            name: request.query_params[name]
            for name in ("attributes", "excludedAttributes")
            if name in request.query_params
        }
        return ResponseParameters[self._kind.told].model_validate(  # type: ignore[name-defined]
            given, scim_policy=TOLERANT
        )


def _is_brief(parameters: Any) -> bool:
    """Whether members need not be read."""
    if parameters.attributes:
        return not any("members" in str(path).lower() for path in parameters.attributes)
    return any(str(path).lower().endswith("members") for path in parameters.excluded_attributes or [])
