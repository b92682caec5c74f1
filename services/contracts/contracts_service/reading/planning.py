"""What is still to be asked about a contract for the uses that are wanted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from contracts_service.analysis import store as answers
from contracts_service.analysis.plan import Ask, parts_of, plan
from contracts_service.analysis.request import Wanted, still_good
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.documents import store as documents
from contracts_service.documents.text import assemble
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Planned:
    """The document, its parts, and what will be asked; `answered` questions about parts will not."""

    text: str
    part_count: int
    asks: Sequence[Ask]
    answered: int


async def planned(
    postgres: Postgres, identity: Identity, name: str, wanted: Wanted, request_tokens: int
) -> Planned:
    """As AnalyzeContract would go about it now. Raises NOT_FOUND, CONDITION_FORBIDS, DOCUMENT_NEEDS_OCR."""
    async with postgres.transaction(identity.tenant) as connection:
        contract = await access.permitted(connection, identity, access.ANALYZE, name)
        stored = contracts.require_text(contract)
        good = await answers.keys_still_good(connection, still_good(contract, wanted))
        pages = await documents.pages(connection, stored.id)
    document = assemble(stored, pages)
    parts = await asyncio.to_thread(parts_of, document, request_tokens)
    asks = [one for of_part in plan(parts, wanted.uses, ()) for one in of_part]
    missing = [one for one in asks if one.key not in good]
    return Planned(document.text, len(parts), missing, len(asks) - len(missing))
