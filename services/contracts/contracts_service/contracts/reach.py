"""Compiles the reach of a caller's conditions to SQL: what Cedar would allow, found by the database."""

from collections.abc import Sequence

from service_runtime.conditions.asking import Reach


def compile_reach(reaches: Sequence[Reach] | None, first: int) -> tuple[str, list[object]]:
    """An SQL condition on `contracts` whose arguments start at $first, and these; None reaches everything.

    The comparison with a NULL finds nothing: what is not known holds for no condition.
    """
    if reaches is None:
        return "true", []
    ways: list[str] = []
    arguments: list[object] = []
    for reach in reaches:
        parts: list[str] = []
        for condition, values in _parts(reach):
            start = first + len(arguments)
            parts.append(condition.format(*(f"${start + place}" for place in range(len(values)))))
            arguments.extend(values)
        # A way without conditions is none: what holds for everything is no reach.
        ways.append(" AND ".join(parts) or "false")
    return " OR ".join(f"({way})" for way in ways) or "false", arguments


def _parts(reach: Reach) -> list[tuple[str, list[object]]]:
    parts: list[tuple[str, list[object]]] = []
    if reach.creator is not None:
        parts.append(("contracts.creator = {}", [reach.creator]))
    if reach.departments is not None:
        parts.append(("contracts.department = ANY({}::text [])", [sorted(reach.departments)]))
    if reach.value_limit is not None:
        limit = reach.value_limit
        condition = "contracts.value_currency = {} AND contracts.value_amount <= {}::numeric"
        parts.append((condition, [limit.currency, limit.amount]))
    return parts
