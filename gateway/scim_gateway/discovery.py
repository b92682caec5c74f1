"""What the service tells of itself (RFC 7644 §4)."""

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    ListResponse,
    Meta,
    Patch,
    ResourceType,
    Schema,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)
from starlette.requests import Request
from starlette.responses import Response

from scim_gateway import answers
from scim_gateway.errors import MEDIA_TYPE, RefusedError
from scim_gateway.resources import Group, User

LARGEST_PAGE = 100
PROVIDER = ScimProvider(models=[User, Group])


class Discovery:
    """Open to everybody: it is the same for all."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def config(self, request: Request) -> Response:
        """GET /ServiceProviderConfig"""
        _refuse_filter(request)
        scheme = AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer",
            description="An API key with the scope directory.provision, or an access token.",
            primary=True,
        )
        told = ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=LARGEST_PAGE),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=False),
            etag=ETag(supported=True),
            authentication_schemes=[scheme],
            meta=Meta(
                resource_type="ServiceProviderConfig", location=f"{self._base_url}/ServiceProviderConfig"
            ),
        )
        body = told.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
        return Response(body, media_type=MEDIA_TYPE)

    async def schemas(self, request: Request) -> Response:
        """GET /Schemas"""
        _refuse_filter(request)
        return answers.page(ListResponse[Schema](**_whole([self._schema(one) for one in PROVIDER.schemas])))

    async def schema(self, request: Request) -> Response:
        """GET /Schemas/{id}"""
        for one in PROVIDER.schemas:
            if str(one.id).lower() == str(request.path_params["id"]).lower():
                body = self._schema(one).model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
                return Response(body, media_type=MEDIA_TYPE)
        raise RefusedError(404, "There is no such schema.")

    async def types(self, request: Request) -> Response:
        """GET /ResourceTypes"""
        _refuse_filter(request)
        types = [self._type(one) for one in PROVIDER.resource_types]
        return answers.page(ListResponse[ResourceType](**_whole(types)))

    async def type(self, request: Request) -> Response:
        """GET /ResourceTypes/{id}"""
        for one in PROVIDER.resource_types:
            if one.name == request.path_params["id"]:
                body = self._type(one).model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
                return Response(body, media_type=MEDIA_TYPE)
        raise RefusedError(404, "There is no such resource type.")

    def _schema(self, one: Schema) -> Schema:
        location = f"{self._base_url}/Schemas/{one.id}"
        return one.model_copy(update={"meta": Meta(resource_type="Schema", location=location)})

    def _type(self, one: ResourceType) -> ResourceType:
        location = f"{self._base_url}/ResourceTypes/{one.name}"
        return one.model_copy(update={"meta": Meta(resource_type="ResourceType", location=location)})


def _whole(resources: list[Schema] | list[ResourceType]) -> dict[str, object]:
    return {
        "resources": resources,
        "total_results": len(resources),
        "start_index": 1,
        "items_per_page": len(resources),
    }


def _refuse_filter(request: Request) -> None:
    """RFC 7644 §4: nobody relies on a filter that is not there."""
    if "filter" in request.query_params:
        raise RefusedError(403, "This is told as a whole, without filters.")
