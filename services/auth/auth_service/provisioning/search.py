"""What an identity provider searches for, as SQL in which every value is an argument."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from bloom.auth.v1 import provisioning_service_pb2
from service_runtime.errors import invalid

ID = provisioning_service_pb2.DIRECTORY_ATTRIBUTE_ID
EXTERNAL_ID = provisioning_service_pb2.DIRECTORY_ATTRIBUTE_EXTERNAL_ID
DISPLAY_NAME = provisioning_service_pb2.DIRECTORY_ATTRIBUTE_DISPLAY_NAME
EMAIL = provisioning_service_pb2.DIRECTORY_ATTRIBUTE_EMAIL
MEMBER = provisioning_service_pb2.DIRECTORY_ATTRIBUTE_MEMBER
_BY_ID = (ID, MEMBER)
_IN_ANY_CASE = (DISPLAY_NAME, EMAIL)


@dataclass(frozen=True, slots=True)
class Search:
    """`any_of` holds alternatives, each of terms that hold together; without any, everything is found."""

    any_of: tuple[tuple[tuple[int, str], ...], ...] = ()
    skip: int = 0
    count: int = 0

    def condition(self, columns: Mapping[int, str], *, taken: int) -> tuple[str, list[object]]:
        """SQL over `columns`, whose `?` is the value, and its arguments from number `taken` + 1 on.

        Raises INVALID_FIELD for an attribute that has no column.
        """
        arguments: list[object] = []
        alternatives = []
        for terms in self.any_of:
            parts = []
            for attribute, value in terms:
                if attribute not in columns:
                    raise invalid("any_of", "this attribute cannot be searched for here")
                arguments.append(_argument(attribute, value))
                parts.append(columns[attribute].replace("?", f"${taken + len(arguments)}"))
            alternatives.append(" AND ".join(parts))
        return " OR ".join(alternatives) or "true", arguments


def search_of(
    request: provisioning_service_pb2.SearchProvisionedUsersRequest
    | provisioning_service_pb2.SearchGroupsRequest,
) -> Search:
    """As the schema has checked it."""
    alternatives = tuple(
        tuple((int(term.attribute), term.value) for term in one.terms) for one in request.any_of
    )
    return Search(alternatives, request.skip, request.count)


def _argument(attribute: int, value: str) -> object:
    if attribute in _BY_ID:
        try:
            return UUID(value)
        except ValueError:
            return None  # equal to nothing
    return value.lower() if attribute in _IN_ANY_CASE else value
