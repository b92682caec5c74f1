"""Connections as messages of the schema."""

from auth_service import names
from auth_service.sso.model import SsoConnection
from bloom.auth.v1 import sso_pb2


def sso_connection(record: SsoConnection) -> sso_pb2.SsoConnection:
    """The connection with its etag and domains, and without its secret."""
    message = sso_pb2.SsoConnection(
        name=names.sso_connection(record.id),
        display_name=record.display_name,
        issuer=record.issuer,
        client_id=record.client_id,
        roles=record.roles,
        required=record.required,
        domains=[
            sso_pb2.SsoDomain(
                domain=item.domain, txt_name=item.txt_name, txt_value=item.txt_value, verified=item.verified
            )
            for item in record.domains
        ],
        etag=record.etag,
    )
    message.create_time.FromDatetime(record.created_at)
    message.update_time.FromDatetime(record.updated_at)
    return message
