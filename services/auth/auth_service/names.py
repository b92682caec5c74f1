"""Resource names and their ids."""

from collections.abc import Iterable
from uuid import UUID

from service_runtime.errors import not_found


def organization(org_id: UUID) -> str:
    """`organizations/{uuid}`"""
    return f"organizations/{org_id}"


def user(user_id: UUID) -> str:
    """`users/{uuid}`"""
    return f"users/{user_id}"


def service_account(account_id: UUID) -> str:
    """`serviceAccounts/{uuid}`"""
    return f"serviceAccounts/{account_id}"


def role(role_id: UUID) -> str:
    """`roles/{uuid}`"""
    return f"roles/{role_id}"


def group(group_id: UUID) -> str:
    """`groups/{uuid}`"""
    return f"groups/{group_id}"


def api_key(key_id: UUID) -> str:
    """`apiKeys/{uuid}`"""
    return f"apiKeys/{key_id}"


def factor(factor_id: UUID) -> str:
    """`factors/{uuid}`"""
    return f"factors/{factor_id}"


def session(session_id: UUID) -> str:
    """`sessions/{uuid}`"""
    return f"sessions/{session_id}"


def invitation(invitation_id: UUID) -> str:
    """`invitations/{uuid}`"""
    return f"invitations/{invitation_id}"


def sso_connection(connection_id: UUID) -> str:
    """`ssoConnections/{uuid}`"""
    return f"ssoConnections/{connection_id}"


def joined(role_ids: Iterable[UUID]) -> str:
    """Ids as an audit event tells them."""
    return ",".join(map(str, role_ids))


def workload(client_id: str) -> str:
    """`workloads/contracts`"""
    return f"workloads/{client_id}"


def is_user(subject: str) -> bool:
    """Whether a subject is a person."""
    return subject.startswith("users/")


def ids_of(names: Iterable[str]) -> tuple[UUID, ...]:
    """Each id once, ascending: the stored form."""
    return tuple(sorted({id_of(name) for name in names}))


def id_of(name: str) -> UUID:
    """The id in a name that the schema has checked; one that is no UUID names nothing that exists."""
    try:
        return UUID(name.rpartition("/")[2])
    except ValueError as broken:
        raise not_found(name) from broken
