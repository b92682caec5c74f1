"""What is told about a filter that cannot be read."""

import grpc

from service_runtime.errors import DomainError, Reason


def broken(position: int, problem: str) -> DomainError:
    """`position` counts characters from 0."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_FILTER_INVALID,
        f"filter, at character {position + 1}: {problem}.",
        {"position": str(position + 1)},
        violations={"filter": problem},
    )
