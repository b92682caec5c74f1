"""`request_id`: the first answer is kept in the write's own transaction and given again."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from service_runtime.errors import DomainError, Reason
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

MessageT = TypeVar("MessageT", bound=Message)


async def once(
    connection: Connection,
    identity: Identity,
    request: Message,
    request_id: str,
    answer_type: type[MessageT],
    run: Callable[[], Awaitable[MessageT]],
) -> MessageT:
    """Runs `run`, or gives the answer that it gave for this id. Raises REQUEST_ID_REUSED for other content.

    Two calls at once: the second waits at the unique key for the first transaction to end.
    """
    if not request_id:
        return await run()
    content = hashlib.sha256(
        request.DESCRIPTOR.full_name.encode() + b"\0" + request.SerializeToString(deterministic=True)
    ).digest()
    fresh = await connection.fetchval(
        """INSERT INTO idempotency (org_id, subject, request_id, content) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING true""",
        identity.tenant, identity.subject, request_id, content,
    )  # fmt: skip
    if not fresh:
        return await _stored(connection, identity, request_id, content, answer_type)
    answer = await run()
    await connection.execute(
        "UPDATE idempotency SET answer = $4 WHERE org_id = $1 AND subject = $2 AND request_id = $3",
        identity.tenant, identity.subject, request_id, answer.SerializeToString(),
    )  # fmt: skip
    return answer


async def _stored(
    connection: Connection, identity: Identity, request_id: str, content: bytes, answer_type: type[MessageT]
) -> MessageT:
    row = await connection.fetchrow(
        "SELECT content, answer FROM idempotency WHERE org_id = $1 AND subject = $2 AND request_id = $3",
        identity.tenant, identity.subject, request_id,
    )  # fmt: skip
    if row is None or row["content"] != content:
        raise DomainError(
            grpc.StatusCode.ALREADY_EXISTS,
            Reason.ERROR_REASON_REQUEST_ID_REUSED,
            f"request_id {request_id} was used for another request. Use a new UUID for each request.",
            {"request_id": request_id},
        )
    return answer_type.FromString(row["answer"])
