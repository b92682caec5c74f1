"""Users and groups in SCIM: as they are told, and as they are taken."""

from typing import Annotated, Any

from pydantic import Field
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Mutability,
    Reference,
    Required,
    Resource,
    ScimPolicy,
    Uniqueness,
)
from scim2_models.urn import URN

_USER = URN("urn:ietf:params:scim:schemas:core:2.0:User")
_GROUP = URN("urn:ietf:params:scim:schemas:core:2.0:Group")
# Identity providers send more than is kept here, and Entra ID names what it removes in a value.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class Name(ComplexAttribute):
    """The parts of a person's name that are kept."""

    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """The one e-mail of a user."""

    value: Annotated[str | None, Mutability.read_only] = None
    type: Annotated[str | None, Mutability.read_only] = None
    primary: Annotated[bool | None, Mutability.read_only] = None


class UserGroup(ComplexAttribute):
    """A group that the user is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[Any]):
    """As it is told: `userName` is the e-mail, which never changes, so `emails` is read from it."""

    __schema__ = _USER

    user_name: Annotated[str | None, Required.true, Mutability.immutable, Uniqueness.server] = None
    name: Name | None = None
    display_name: str | None = None
    active: Annotated[bool | None, Required.true] = None
    emails: Annotated[list[Email] | None, Mutability.read_only] = None
    groups: Annotated[list[UserGroup] | None, Mutability.read_only] = None


class WrittenUser(Resource[Any]):
    """As it is taken: without what clients cannot set, so that what they say of it is passed over."""

    __schema__ = _USER

    user_name: Annotated[str | None, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    active: bool | None = None


class Member(ComplexAttribute):
    """A user of a group."""

    value: Annotated[str | None, Required.true, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """As it is told."""

    __schema__ = _GROUP

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


class WrittenMember(ComplexAttribute):
    """A user by its id alone; the rest of what clients say is passed over."""

    value: Annotated[str | None, Required.true, CaseExact.true] = None


class WrittenGroup(Resource[Any]):
    """As it is taken."""

    __schema__ = _GROUP

    display_name: Annotated[str | None, Required.true] = None
    members: list[WrittenMember] | None = None
