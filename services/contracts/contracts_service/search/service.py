"""Search: the contracts that say something, and where they say it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from contracts_service.contracts import access
from contracts_service.filtering import compile_filter
from contracts_service.search import store
from contracts_service.search.facets import facets, require_known
from contracts_service.search.model import Facet, Found, Hit, Passage
from contracts_service.search.store import BETWEEN, FIRST_ARGUMENT, START, STOP, MarkedPage, Within
from service_runtime import pagination
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

_DEFAULT_PAGE = 25
# Ranking reads every page that matches, 20 µs each; words that stand in more pages rank nothing anyway.
_MOST_RANKED = 2_000
# A phrase is looked for in each page that has its words, 6 µs each.
_MOST_READ = 8_000


async def search(
    postgres: Postgres,
    identity: Identity,
    query: str,
    filter_text: str,
    *,
    size: int,
    token: str,
    counted: Sequence[str],
) -> Found:
    """A page of hits, best first. Raises FILTER_INVALID, INVALID_FIELD.

    The token holds an offset: a ranking has no key to continue from, and nobody reads far down in one.
    """
    size, query = size or _DEFAULT_PAGE, query.strip()
    require_known(counted)
    offset = pagination.ordinal(token, "search", query, filter_text)
    within = _within(identity, filter_text)
    async with postgres.transaction(identity.tenant) as connection:
        found = await _found(connection, query, within, offset, size + 1)
        hits = await _hits(connection, query, found[:size])
        total, told = await _counted(connection, query, within, counted)
    more = len(found) > size
    next_token = pagination.encode([str(offset + size)], "search", query, filter_text) if more else ""
    return Found(hits, next_token, total, told)


async def _found(
    connection: Connection, query: str, within: Within, offset: int, limit: int
) -> list[store.Found]:
    ranks = None
    if query and not await store.too_common(connection, query, _MOST_RANKED, most_of_phrase=_MOST_READ):
        ranks = await store.ranked(connection, query, _MOST_RANKED)
    if ranks is None:
        return await store.newest(connection, query, within, offset=offset, limit=limit)
    return await store.best(connection, ranks, within, offset=offset, limit=limit)


def _within(identity: Identity, filter_text: str) -> Within:
    where, arguments = compile_filter(filter_text, FIRST_ARGUMENT)
    reach, of_reach = access.within(identity, FIRST_ARGUMENT + len(arguments))
    return Within(f"({where}) AND ({reach})", [*arguments, *of_reach])


async def _counted(
    connection: Connection, query: str, within: Within, counted: Sequence[str]
) -> tuple[int | None, tuple[Facet, ...]]:
    if not counted:
        return None, ()
    total, told = facets(counted, await store.counts(connection, query, within, counted))
    return total, tuple(told)


async def _hits(connection: Connection, query: str, found: Sequence[store.Found]) -> tuple[Hit, ...]:
    documents = [one.document_id for one in found if one.document_id]
    pages: dict[UUID, list[MarkedPage]] = {}
    for page in await store.passages(connection, query, documents) if query and documents else ():
        pages.setdefault(page.document_id, []).append(page)
    return tuple(
        Hit(
            one.contract_id,
            one.label,
            tuple(
                passage
                for page in pages.get(one.document_id or one.contract_id, ())
                for passage in _passages(page)
            ),
        )
        for one in found
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
