"""Resource names and their ids."""

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


def session(session_id: UUID) -> str:
    """`sessions/{uuid}`"""
    return f"sessions/{session_id}"


def workload(client_id: str) -> str:
    """`workloads/contracts`"""
    return f"workloads/{client_id}"


def is_user(subject: str) -> bool:
    """Whether a subject is a person."""
    return subject.startswith("users/")


def id_of(name: str) -> UUID:
    """The id in a name that the schema has checked; one that is no UUID names nothing that exists."""
    try:
        return UUID(name.rpartition("/")[2])
    except ValueError as broken:
        raise not_found(name) from broken
