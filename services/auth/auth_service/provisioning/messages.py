"""Provisioned users and groups as messages of the schema."""

from datetime import datetime

from google.protobuf import timestamp_pb2

from auth_service import names
from auth_service.provisioning.groups.model import Group
from auth_service.provisioning.users.model import ProvisionedUser
from bloom.auth.v1 import provisioning_service_pb2


def user(record: ProvisionedUser) -> provisioning_service_pb2.ProvisionedUser:
    """The user with its etag and its groups, without their members."""
    return provisioning_service_pb2.ProvisionedUser(
        name=names.user(record.user.id),
        email=record.user.email,
        external_id=record.profile.external_id,
        display_name=record.user.display_name,
        given_name=record.profile.given_name,
        family_name=record.profile.family_name,
        active=not record.user.disabled,
        groups=[group(item) for item in record.groups],
        etag=record.user.etag,
        create_time=_timestamp(record.user.created_at),
        update_time=_timestamp(record.user.updated_at),
    )


def group(record: Group) -> provisioning_service_pb2.Group:
    """The group with its etag."""
    return provisioning_service_pb2.Group(
        name=names.group(record.id),
        display_name=record.display_name,
        external_id=record.external_id,
        members=[
            provisioning_service_pb2.GroupMember(user=names.user(member.user_id), email=member.email)
            for member in record.members
        ],
        roles=record.roles,
        custom_roles=[names.role(role_id) for role_id in record.custom_roles],
        etag=record.etag,
        create_time=_timestamp(record.created_at),
        update_time=_timestamp(record.updated_at),
    )


def _timestamp(moment: datetime) -> timestamp_pb2.Timestamp:
    message = timestamp_pb2.Timestamp()
    message.FromDatetime(moment)
    return message
