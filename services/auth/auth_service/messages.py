"""This service's dataclasses as messages of the schema."""

from datetime import datetime

from google.protobuf import json_format, struct_pb2, timestamp_pb2

from auth_service import names
from auth_service.api_keys.model import ApiKey
from auth_service.custom_roles.model import CustomRole
from auth_service.directory.model import User
from auth_service.factors.model import Asked, Factor, Json
from auth_service.invitations.model import Invitation
from auth_service.organizations.model import Organization
from auth_service.service_accounts.model import ServiceAccount
from auth_service.sessions.model import Session, TokenPair
from bloom.auth.v1 import (
    api_key_pb2,
    auth_pb2,
    factor_pb2,
    invitation_service_pb2,
    role_pb2,
    session_service_pb2,
)
from service_runtime.conditions.model import Conditions


def _timestamp(moment: datetime) -> timestamp_pb2.Timestamp:
    message = timestamp_pb2.Timestamp()
    message.FromDatetime(moment)
    return message


def organization(record: Organization) -> auth_pb2.Organization:
    """The organization as its members see it."""
    return auth_pb2.Organization(
        name=names.organization(record.id),
        display_name=record.display_name,
        create_time=_timestamp(record.created_at),
    )


def user(record: User) -> auth_pb2.User:
    """The user with its etag."""
    return auth_pb2.User(
        name=names.user(record.id),
        email=record.email,
        display_name=record.display_name,
        roles=record.roles,
        disabled=record.disabled,
        etag=record.etag,
        create_time=_timestamp(record.created_at),
        update_time=_timestamp(record.updated_at),
        custom_roles=[names.role(role_id) for role_id in record.custom_roles],
        departments=record.departments,
    )


def service_account(record: ServiceAccount) -> auth_pb2.ServiceAccount:
    """The service account without its secret."""
    return auth_pb2.ServiceAccount(
        name=names.service_account(record.id),
        display_name=record.display_name,
        roles=record.roles,
        create_time=_timestamp(record.created_at),
        custom_roles=[names.role(role_id) for role_id in record.custom_roles],
    )


def custom_role(record: CustomRole) -> role_pb2.CustomRole:
    """The role with its etag."""
    return role_pb2.CustomRole(
        name=names.role(record.id),
        display_name=record.display_name,
        permissions=record.permissions,
        conditions=_conditions(record.conditions) if record.conditions else None,
        etag=record.etag,
        create_time=_timestamp(record.created_at),
        update_time=_timestamp(record.updated_at),
    )


def invitation(record: Invitation) -> invitation_service_pb2.Invitation:
    """The invitation without its link."""
    return invitation_service_pb2.Invitation(
        name=names.invitation(record.id),
        email=record.email,
        roles=record.roles,
        custom_roles=[names.role(role_id) for role_id in record.custom_roles],
        inviter=record.invited_by,
        create_time=_timestamp(record.created_at),
        expire_time=_timestamp(record.expires_at),
    )


def _conditions(conditions: Conditions) -> role_pb2.RoleConditions:
    limit = conditions.value_limit
    return role_pb2.RoleConditions(
        own_only=conditions.own_only,
        own_department=conditions.own_department,
        value_limit=limit.message() if limit else None,
    )


def api_key(record: ApiKey) -> api_key_pb2.ApiKey:
    """The key without its secret."""
    return api_key_pb2.ApiKey(
        name=names.api_key(record.id),
        owner=record.owner,
        display_name=record.display_name,
        scopes=record.scopes,
        create_time=_timestamp(record.created_at),
        expire_time=_timestamp(record.expires_at),
        last_use_time=_timestamp(record.last_used_at) if record.last_used_at else None,
    )


def session(record: Session, *, current: bool) -> session_service_pb2.Session:
    """The session as its user sees it."""
    return session_service_pb2.Session(
        name=names.session(record.id),
        user=names.user(record.user_id),
        create_time=_timestamp(record.created_at),
        use_time=_timestamp(record.used_at),
        expire_time=_timestamp(record.expires_at),
        user_agent=record.user_agent,
        current=current,
    )


def tokens(pair: TokenPair) -> auth_pb2.TokenPair:
    """The tokens as a sign-in answers them."""
    return auth_pb2.TokenPair(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        expires_in=pair.expires_in,
        token_type="Bearer",  # noqa: S106 the scheme's name
    )


def factor(record: Factor) -> factor_pb2.Factor:
    """The factor without what makes it one."""
    return factor_pb2.Factor(
        name=names.factor(record.id),
        kind=record.kind,
        display_name=record.display_name,
        create_time=_timestamp(record.created_at),
        last_use_time=_timestamp(record.last_used_at) if record.last_used_at else None,
    )


def challenge(asked: Asked) -> factor_pb2.LoginChallenge:
    """As whoever is asked gets it."""
    return factor_pb2.LoginChallenge(
        token=asked.given.token.encoded(),
        factors=asked.kinds,
        passkey_options=struct(asked.options) if asked.options is not None else None,
        expire_time=_timestamp(asked.given.expires_at),
    )


def struct(value: Json) -> struct_pb2.Struct:
    """WebAuthn's own JSON."""
    return json_format.ParseDict(dict(value), struct_pb2.Struct())
