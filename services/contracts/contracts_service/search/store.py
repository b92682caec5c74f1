"""SQL of the search. Matches are marked with control characters, which stored text never has."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from service_runtime.postgres import Connection

START, STOP, BETWEEN = "\x02", "\x03", "\x04"
_PAGES_OF_A_HIT = 3
FIRST_ARGUMENT = 6
_HEADLINE = (
    f"StartSel={START}, StopSel={STOP}, FragmentDelimiter={BETWEEN}, MaxFragments=2, MaxWords=32, MinWords=12"
)


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page that matches, with the fragments around its matches."""

    contract_id: UUID
    label: str
    page: int
    char_start: int
    text: str
    marked: str


async def matching_pages(
    connection: Connection, query: str, *, offset: int, limit: int, reach: str, of_reach: Sequence[object]
) -> list[MarkedPage]:
    """The best pages of the contracts at `offset` of the ranking, best contract first.

    `reach` is an SQL condition on contracts with its arguments from FIRST_ARGUMENT on.
    """
    rows = await connection.fetch(
        f"""WITH asked AS (SELECT websearch_to_tsquery('english', $1) AS query),
           pages AS (
               SELECT contracts.id AS contract_id, contracts.label, page, char_start, text,
                      ts_rank_cd(words, asked.query) AS rank
               FROM asked, document_pages
               JOIN contracts ON contracts.org_id = document_pages.org_id
                   AND contracts.document_id = document_pages.document_id
               WHERE words @@ asked.query AND contracts.deleted_at IS NULL AND ({reach})
           ),
           ranked AS (
               SELECT contract_id, max(rank) AS best FROM pages GROUP BY contract_id
               ORDER BY best DESC, contract_id OFFSET $2 LIMIT $3
           ),
           numbered AS (
               SELECT pages.*, best,
                      row_number() OVER (PARTITION BY contract_id ORDER BY rank DESC, page) AS nth
               FROM pages JOIN ranked USING (contract_id)
           )
           SELECT contract_id, label, page, char_start, text,
                  ts_headline('english', text, asked.query, $5) AS marked
           FROM numbered, asked WHERE nth <= $4 ORDER BY best DESC, contract_id, nth""",
        query, offset, limit, _PAGES_OF_A_HIT, _HEADLINE, *of_reach,
    )  # fmt: skip
    return [MarkedPage(**dict(row)) for row in rows]
