"""SQL of the search. Matches are marked with control characters, which stored text never has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts_service.filtering.conditions import HOLDS
from service_runtime.postgres import Connection

START, STOP, BETWEEN = "\x02", "\x03", "\x04"
_PAGES_OF_A_HIT = 3
FIRST_ARGUMENT = 4
_HEADLINE = (
    f"StartSel={START}, StopSel={STOP}, FragmentDelimiter={BETWEEN}, MaxFragments=2, MaxWords=32, MinWords=12"
)
_CONTRACTS = """contracts LEFT JOIN documents ON documents.org_id = contracts.org_id
    AND documents.id = contracts.document_id"""
_FACET_VALUES = 20


@dataclass(frozen=True, slots=True)
class Within:
    """A condition on contracts with its arguments from FIRST_ARGUMENT on; it comes from the compilers."""

    condition: str
    arguments: Sequence[object]


@dataclass(frozen=True, slots=True)
class Found:
    """A contract that matches."""

    contract_id: UUID
    document_id: UUID | None
    label: str


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page that matches, with the fragments around its matches."""

    document_id: UUID
    page: int
    char_start: int
    text: str
    marked: str


async def too_common(connection: Connection, query: str, most: int, *, most_of_phrase: int) -> bool:
    """Whether all words of the query, in whatever order, stand together in more pages than that."""
    return bool(
        await connection.fetchval(
            r"""SELECT too_common(asked, CASE WHEN asked::text ~ '<(-|\d+)>' THEN $3::integer ELSE $2 END)
                FROM websearch_to_tsquery('english', $1) AS asked""",
            query,
            most,
            most_of_phrase,
        )
    )


async def ranked(connection: Connection, query: str, most: int) -> dict[UUID, float] | None:
    """Documents by the rank of their best page; None where the words stand in more than `most` pages."""
    rows = await connection.fetch(
        """SELECT document_id, max(rank) AS rank, count(*) AS pages
           FROM ranked_pages(websearch_to_tsquery('english', $1), $2) GROUP BY document_id""",
        query, most + 1,
    )  # fmt: skip
    if sum(row["pages"] for row in rows) > most:
        return None
    return {row["document_id"]: row["rank"] for row in rows}


async def best(
    connection: Connection, ranks: Mapping[UUID, float], within: Within, *, offset: int, limit: int
) -> list[Found]:
    """Those with the highest ranks."""
    rows = await connection.fetch(
        f"""SELECT contracts.id AS contract_id, contracts.document_id, label
            FROM {_CONTRACTS} JOIN unnest($1::uuid[]) WITH ORDINALITY AS ranked (document_id, nth)
                ON ranked.document_id = contracts.document_id
            WHERE deleted_at IS NULL AND {within.condition} ORDER BY nth OFFSET $2 LIMIT $3""",
        sorted(ranks, key=lambda document: (-ranks[document], document)), offset, limit, *within.arguments,
    )  # fmt: skip
    return [Found(**dict(row)) for row in rows]


async def newest(
    connection: Connection, query: str, within: Within, *, offset: int, limit: int
) -> list[Found]:
    """Newest first: for a filter alone, and for words that stand nearly everywhere."""
    rows = await connection.fetch(
        f"""SELECT contracts.id AS contract_id, contracts.document_id, label FROM {_CONTRACTS}
            WHERE deleted_at IS NULL AND {within.condition} AND ($1 = '' OR (
                -- With its limit it is tried for one contract after the other, until there are enough.
                SELECT true FROM page_words WHERE page_words.org_id = contracts.org_id
                    AND page_words.document_id = contracts.document_id
                    AND words @@ websearch_to_tsquery('english', $1) LIMIT 1
            ))
            ORDER BY contracts.created_at DESC, contracts.id DESC OFFSET $2 LIMIT $3""",
        query, offset, limit, *within.arguments,
    )  # fmt: skip
    return [Found(**dict(row)) for row in rows]


async def passages(connection: Connection, query: str, documents: Sequence[UUID]) -> list[MarkedPage]:
    """The best pages of each document, with their matches marked."""
    rows = await connection.fetch(
        """WITH asked AS (SELECT websearch_to_tsquery('english', $1) AS query),
            numbered AS MATERIALIZED (
                SELECT document_id, page, row_number() OVER (
                    PARTITION BY document_id ORDER BY ts_rank_cd(words, asked.query) DESC, page
                ) AS nth
                FROM asked, page_words WHERE document_id = ANY($2::uuid[]) AND words @@ asked.query
            )
            SELECT document_id, page, char_start, text,
                   ts_headline('english', text, asked.query, $4) AS marked
            FROM asked, numbered JOIN document_pages USING (document_id, page)
            WHERE nth <= $3 ORDER BY document_id, nth""",
        query, list(documents), _PAGES_OF_A_HIT, _HEADLINE,
    )  # fmt: skip
    return [MarkedPage(**dict(row)) for row in rows]


async def counts(
    connection: Connection, query: str, within: Within, facets: Sequence[str]
) -> list[tuple[str, str, int]]:
    """(facet, value, contracts), commonest first; the facet "" counts all that match."""
    rows = await connection.fetch(
        f"""WITH matched AS MATERIALIZED (
                SELECT contracts.id, state, office, agreement_type, department, tags, analysis_state
                FROM {_CONTRACTS} WHERE deleted_at IS NULL AND {within.condition}
                    AND ($1 = '' OR contracts.document_id IN (
                        SELECT matching_documents(websearch_to_tsquery('english', $1))
                    ))
            ),
            told AS (
                SELECT 'state' AS facet, state::text AS value FROM matched
                UNION ALL SELECT 'office', office::text FROM matched
                UNION ALL SELECT 'agreement_type', agreement_type::text FROM matched
                UNION ALL SELECT 'analysis_state', analysis_state::text FROM matched
                UNION ALL SELECT 'department', coalesce(department, '') FROM matched
                UNION ALL SELECT 'tags', tag FROM matched, unnest(tags) AS tag
                UNION ALL SELECT field, value FROM matched JOIN cells ON cells.contract_id = matched.id
                    WHERE field = ANY($2::text[]) AND {HOLDS}
            ),
            counted AS (
                SELECT facet, value, count(*) AS contracts FROM told WHERE facet = ANY($2::text[])
                GROUP BY facet, value
            ),
            numbered AS (
                SELECT facet, value, contracts,
                       row_number() OVER (PARTITION BY facet ORDER BY contracts DESC, value) AS nth
                FROM counted
            )
            SELECT '' AS facet, '' AS value, count(*) AS contracts FROM matched
            UNION ALL (SELECT facet, value, contracts FROM numbered WHERE nth <= $3 ORDER BY facet, nth)""",
        query, list(facets), _FACET_VALUES, *within.arguments,
    )  # fmt: skip
    return [(row["facet"], row["value"], row["contracts"]) for row in rows]
