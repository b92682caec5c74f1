"""Which columns a grid has: the catalogue's fields, those that were asked for, or those of a saved set."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts_service.fields import FIELDS
from contracts_service.saved import service as saved
from service_runtime.errors import invalid
from service_runtime.identity import Identity
from service_runtime.postgres import Reads


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller says of columns; a set's name, or fields."""

    fields: tuple[str, ...]
    column_set: str


async def fields_of(reads: Reads, identity: Identity, wanted: Wanted) -> tuple[str, ...]:
    """The fields in order. Raises INVALID_FIELD for unknown ones, NOT_FOUND for a set of somebody else."""
    if wanted.column_set and wanted.fields:
        raise invalid("fields", "give fields or a column_set, not both")
    if wanted.column_set:
        found = await saved.seen(reads, identity, wanted.column_set)
        # A set outlives a field that the catalogue has dropped.
        return tuple(field for field in found.body["fields"] if field in FIELDS)
    require_known(wanted.fields, "fields")
    return wanted.fields or tuple(FIELDS)


def require_known(fields: Sequence[str], where: str) -> None:
    """Raises INVALID_FIELD."""
    unknown = [field for field in fields if field not in FIELDS]
    if unknown:
        raise invalid(where, f"there is no field {', '.join(unknown)}; GET /v1/fields lists them")
