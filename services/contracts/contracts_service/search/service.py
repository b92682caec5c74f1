"""Search: the contracts that say something, and where they say it."""

from collections.abc import Iterable
from itertools import groupby

from contracts_service.contracts import access
from contracts_service.search import store
from contracts_service.search.model import Hit, Passage
from contracts_service.search.store import BETWEEN, START, STOP, MarkedPage
from service_runtime import pagination
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres

_DEFAULT_PAGE = 25


async def search(
    postgres: Postgres, identity: Identity, query: str, *, size: int, token: str
) -> tuple[list[Hit], str]:
    """A page of hits, best first, and the token of the next.

    The token holds an offset: a ranking has no key to continue from, and nobody reads far down in one.
    """
    size = size or _DEFAULT_PAGE
    offset = pagination.ordinal(token, "search", query)
    reach, of_reach = access.within(identity, store.FIRST_ARGUMENT)
    async with postgres.transaction(identity.tenant) as connection:
        pages = await store.matching_pages(
            connection, query, offset=offset, limit=size + 1, reach=reach, of_reach=of_reach
        )
    hits = [_hit(list(group)) for _, group in groupby(pages, key=lambda page: page.contract_id)]
    if len(hits) <= size:
        return hits, ""
    return hits[:size], pagination.encode([str(offset + size)], "search", query)


def _hit(pages: list[MarkedPage]) -> Hit:
    return Hit(
        contract_id=pages[0].contract_id,
        label=pages[0].label,
        passages=tuple(passage for page in pages for passage in _passages(page)),
    )


def _passages(page: MarkedPage) -> Iterable[Passage]:
    searched_from = 0
    for fragment in page.marked.split(BETWEEN):
        text, highlights = unmark(fragment)
        start = page.text.find(text, searched_from)
        if start < 0 or not highlights:
            continue
        searched_from = start + len(text)
        yield Passage(page.page, page.char_start + start, text, highlights)


def unmark(fragment: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The fragment without its marks, and where the marked words stand in it."""
    text, highlights, start = "", [], 0
    for character in fragment:
        if character == START:
            start = len(text)
        elif character == STOP:
            highlights.append((start, len(text)))
        else:
            text += character
    return text, tuple(highlights)
