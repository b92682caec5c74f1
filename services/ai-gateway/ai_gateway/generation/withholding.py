"""Personal data stays here: it is taken out of a question before anything else is done with it."""

import asyncio
from dataclasses import replace

from ai_gateway.generation import errors
from ai_gateway.generation.question import Question
from ai_gateway.privacy.redaction import RedactionError, redact
from ai_gateway.privacy.seal import sealed

# A longer text is searched in a thread: it takes milliseconds in which others would wait.
_LONG_BYTES = 200_000


async def withheld(question: Question) -> Question:
    """The question as it may leave. Raises DomainError when it cannot be told what is in it."""
    try:
        if question.size > _LONG_BYTES:
            redacted = await asyncio.to_thread(redact, question.body, question.marked)
        else:
            redacted = redact(question.body, question.marked)
    except RedactionError as failed:
        raise errors.redaction_failed() from failed
    body = sealed(redacted.body, question.seal)
    # What could not be searched, such as a picture, is told in the record of what left.
    counts = {**redacted.counts, "UNREAD": redacted.unread} if redacted.unread else redacted.counts
    return replace(question, body=body, vault=redacted.vault, redactions=counts)
