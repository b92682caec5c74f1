"""What auth answers, as SCIM resources and responses."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from scim2_models import Context, ListResponse, Meta, Reference, Resource, ResponseParameters
from starlette.requests import Request
from starlette.responses import Response

from bloom.auth.v1 import provisioning_service_pb2 as pb
from scim_gateway.errors import MEDIA_TYPE
from scim_gateway.requests import version
from scim_gateway.resources import Email, Group, Member, Name, User, UserGroup

Parameters = ResponseParameters[Resource]  # type: ignore[type-arg]


def user(found: pb.ProvisionedUser, base_url: str) -> User:
    """With its groups."""
    user_id = _id(found.name)
    names = Name(family_name=found.family_name or None, given_name=found.given_name or None)
    return User(
        id=user_id,
        external_id=found.external_id or None,
        user_name=found.email,
        name=names if found.family_name or found.given_name else None,
        display_name=found.display_name or None,
        active=found.active,
        emails=[Email(value=found.email, type="work", primary=True)],
        groups=[
            UserGroup(
                value=_id(group.name),
                ref=Reference(f"{base_url}/Groups/{_id(group.name)}"),
                display=group.display_name,
            )
            for group in found.groups
        ],
        meta=_meta("User", f"{base_url}/Users/{user_id}", found.etag, found.create_time, found.update_time),
    )


def group(found: pb.Group, base_url: str) -> Group:
    """With the members that auth told."""
    group_id = _id(found.name)
    return Group(
        id=group_id,
        external_id=found.external_id or None,
        display_name=found.display_name,
        members=[
            Member(
                value=_id(member.user),
                ref=Reference(f"{base_url}/Users/{_id(member.user)}"),
                type="User",
            )
            for member in found.members
        ],
        meta=_meta(
            "Group", f"{base_url}/Groups/{group_id}", found.etag, found.create_time, found.update_time
        ),
    )


def one(request: Request, resource: User | Group, context: Context, parameters: Parameters) -> Response:
    """The resource with its version; 304 for whoever has it already."""
    told = resource.meta.version if resource.meta else None
    headers = {"etag": told or ""}
    if request.method == "GET" and told in _versions(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    body = resource.model_dump_json(scim_ctx=context, response_parameters=parameters)
    created = context is Context.RESOURCE_CREATION_RESPONSE
    if created and resource.meta:
        headers["location"] = str(resource.meta.location)
    return Response(body, 201 if created else 200, headers, MEDIA_TYPE)


def page(found: ListResponse, parameters: Parameters | None = None) -> Response:  # type: ignore[type-arg]
    """A list."""
    body = found.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters)
    return Response(body, media_type=MEDIA_TYPE)


def _versions(header: str) -> list[str]:
    return [item.strip() for item in header.split(",")]


def _meta(kind: str, location: str, etag: str, created: Timestamp, modified: Timestamp) -> Meta:
    return Meta(
        resource_type=kind,
        created=_moment(created),
        last_modified=_moment(modified),
        location=location,
        version=version(etag),
    )


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)


def _id(name: str) -> str:
    return name.rpartition("/")[2]
