"""What identity providers write beside the standard, in its words."""

from typing import Any


def standard(payload: dict[str, Any]) -> dict[str, Any]:
    """A PATCH; anything else is left as it is.

    Entra ID names the members to remove in a value, each with more than its id: only the id is compared.
    """
    operations = payload.get("Operations")
    if not isinstance(operations, list):
        return payload
    return {**payload, "Operations": [_removing_by_id(operation) for operation in operations]}


def _removing_by_id(operation: Any) -> Any:
    if not isinstance(operation, dict) or str(operation.get("op", "")).lower() != "remove":
        return operation
    values = operation.get("value")
    if not isinstance(values, list):
        return operation
    return {**operation, "value": [_id_alone(value) for value in values]}


def _id_alone(value: Any) -> Any:
    return {"value": value["value"]} if isinstance(value, dict) and "value" in value else value
