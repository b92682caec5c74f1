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


def record(contract_id: UUID) -> str:
    """`contracts/{uuid}/record`"""
    return f"contracts/{contract_id}/record"


def revision(contract_id: UUID, number: int) -> str:
    """`contracts/{uuid}/revisions/{number}`"""
    return f"contracts/{contract_id}/revisions/{number}"


def cell(contract_id: UUID, field: str) -> str:
    """`contracts/{uuid}/fields/{field}`"""
    return f"contracts/{contract_id}/fields/{field}"


def contradiction(contract_id: UUID, key: str) -> str:
    """`contracts/{uuid}/contradictions/{key}`"""
    return f"contracts/{contract_id}/contradictions/{key}"


def last_of(name: str) -> str:
    """What stands behind the last slash."""
    return name.rpartition("/")[2]


def contract_of(name: str) -> str:
    """`contracts/{uuid}` of what stands below it."""
    return "/".join(name.split("/")[:2])


def field_of(name: str) -> tuple[str, str]:
    """The contract's name and the field of `contracts/{uuid}/fields/{field}`."""
    return contract_of(name), name.rpartition("/")[2]


def keeping(contract_id: UUID) -> str:
    """`contracts/{uuid}/keeping`"""
    return f"contracts/{contract_id}/keeping"


def retention_class(class_id: UUID) -> str:
    """`retentionClasses/{uuid}`"""
    return f"retentionClasses/{class_id}"


def hold(hold_id: UUID) -> str:
    """`holds/{uuid}`"""
    return f"holds/{hold_id}"


def link(contract_id: UUID, link_id: UUID) -> str:
    """`contracts/{uuid}/links/{uuid}`"""
    return f"contracts/{contract_id}/links/{link_id}"


def family(contract_id: UUID) -> str:
    """`contracts/{uuid}/family`"""
    return f"contracts/{contract_id}/family"


def import_(import_id: UUID) -> str:
    """`imports/{uuid}`"""
    return f"imports/{import_id}"


def export(export_id: UUID) -> str:
    """`exports/{uuid}`"""
    return f"exports/{export_id}"


def import_file(import_id: UUID, number: int) -> str:
    """`imports/{uuid}/files/{number}`"""
    return f"imports/{import_id}/files/{number}"
