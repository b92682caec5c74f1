"""Resource names and their ids."""

from uuid import UUID

from service_runtime.errors import not_found


def contract(contract_id: UUID) -> str:
    """`contracts/{uuid}`"""
    return f"contracts/{contract_id}"


def document(document_id: UUID) -> str:
    """`documents/{uuid}`"""
    return f"documents/{document_id}"


def operation(operation_id: UUID) -> str:
    """`operations/{uuid}`"""
    return f"operations/{operation_id}"


def id_of(name: str) -> UUID:
    """The id in a name that the schema has checked; one that is no UUID names nothing that exists."""
    try:
        return UUID(name.rpartition("/")[2])
    except ValueError as broken:
        raise not_found(name) from broken
