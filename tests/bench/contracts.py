"""`make bench-contracts`: search and grid over a portfolio that grows from 500 to 50,000 contracts.

Through the full path: HTTP client → Envoy → contracts → PostgreSQL under row-level security. The portfolio
is made up (`tests/bench/portfolio.py`) and stands beside another organization of the same size, whose rows
nobody may pay for. With DOCS=1 the page in docs/bench is written, with LARGEST= it ends sooner.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

from contracts_service.fields import FIELDS
from local_mesh import Mesh
from tests.bench.figures import Figure, at_most, items, markdown, print_result, told, write_page
from tests.bench.portfolio import PAGES, WORDS_OF_A_PAGE, Portfolio, word
from tests.bench.svg import Bar, Panel, chart

SIZES = (500, 5_000, 50_000)
JUDGED, SEARCH_GOAL_MS, GRID_GOAL_MS = 5_000, 100.0, 300.0
CALLS = 120
GRID_ROWS, GRID_FIELDS = 50, 20


@dataclass(frozen=True)
class Question:
    """What is measured, and the paths that it asks, one after the other."""

    name: str
    paths: Callable[[random.Random], str]


def _search(
    query: Callable[[random.Random], str], filter_text: str = "", more: str = ""
) -> Callable[[random.Random], str]:
    def path(chance: random.Random) -> str:
        asked = httpx.QueryParams({"query": query(chance), "filter": filter_text})
        return f"/v1/contracts:search?{asked}{more}"

    return path


def _grid(chance: random.Random) -> str:
    fields = chance.sample(list(FIELDS), GRID_FIELDS)
    asked = "&".join(f"fields={field}" for field in fields)
    low = chance.randrange(4_000)
    text = httpx.QueryParams({"filter": f"capacity_kw > {low}" if chance.random() < 0.5 else ""})
    return f"/v1/grid?page_size={GRID_ROWS}&field_page_size={GRID_FIELDS}&{asked}&{text}"


QUESTIONS = (
    Question("rare words", _search(lambda chance: word(chance.randrange(2_000, 8_000)))),
    Question(
        "some words", _search(lambda chance: " ".join(word(chance.randrange(100, 1_000)) for _ in range(2)))
    ),
    Question("the commonest words", _search(lambda chance: word(chance.randrange(5)))),
    Question(
        "a phrase", _search(lambda chance: f'"{word(chance.randrange(9))} {word(chance.randrange(9))}"')
    ),
    Question(
        "words and fields",
        _search(
            lambda chance: word(chance.randrange(50, 500)),
            "capacity_kw > 1000 AND expiration < 2030-01-01",
        ),
    ),
    Question("fields alone", _search(lambda _: "", "capacity_kw > 4900 AND expiration < 2030-01-01")),
)
FACETS = Question(
    "three facets",
    _search(
        lambda chance: word(chance.randrange(500, 2_000)),
        more="&facets=state&facets=governing_law&facets=tags",
    ),
)
GRID = Question(f"grid {GRID_ROWS} × {GRID_FIELDS}", _grid)


@dataclass(frozen=True)
class Times:
    """Milliseconds of one question at one size."""

    p50: float
    p95: float


async def main() -> None:
    """Prints a table and the RESULT line."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--largest", type=int, default=SIZES[-1])
    arguments.add_argument("--docs", action="store_true")
    asked, console = arguments.parse_args(), Console()
    found: dict[int, dict[str, Times]] = {}
    with tempfile.TemporaryDirectory() as folder:
        overrides = {
            "RATE_LIMIT_PER_MINUTE": "100000000",
            "LOG_LEVEL": "warning",
            "TRACE_SAMPLE_PERCENT": "5",
        }
        console.print("starting the mesh …")
        root = Path(folder) / "mesh"
        async with (
            Mesh(root, ports="random", quiet=True, overrides=overrides) as mesh,
            httpx.AsyncClient(timeout=120, trust_env=False) as client,
        ):
            client.base_url = httpx.URL(mesh.info.rest)
            org = await _sign_in(client, mesh.info.login.email, mesh.info.login.password)
            owner = await asyncpg.connect(_superuser(mesh, root))
            await owner.set_type_codec(
                "jsonb",
                schema="pg_catalog",
                # As PostgreSQL's own binary form has it: a version before the text.
                encoder=lambda value: b"\x01" + json.dumps(value).encode(),
                decoder=lambda sent: json.loads(sent[1:]),
                format="binary",
            )
            mine, theirs = Portfolio(owner, org), Portfolio(owner, uuid4(), seed=8)
            for size in (size for size in SIZES if size <= asked.largest):
                console.print(f"growing to {size:,} contracts, and {size:,} of others …")
                await mine.grow(size)
                await theirs.grow(size)
                found[size] = {one.name: await _measured(client, one) for one in (*QUESTIONS, FACETS, GRID)}
                console.print(_table(size, found[size]))
            await owner.close()
    figures = list(_figures(found))
    if asked.docs:
        write_page("contracts", "Search and grid", _page(found), figures, _drawing(found))
    print_result(figures)


async def _sign_in(client: httpx.AsyncClient, email: str, password: str) -> UUID:
    answer = (
        await client.post("/v1/auth:login", json={"email": email, "password": password})
    ).raise_for_status()
    client.headers["authorization"] = f"Bearer {answer.json()['tokens']['access_token']}"
    me = (await client.get("/v1/me")).raise_for_status().json()
    return UUID(me["organization"]["name"].rpartition("/")[2])


def _superuser(mesh: Mesh, root: Path) -> str:
    """Who writes rows of any organization."""
    owner = httpx.URL(mesh.info.databases["contracts"].owner)
    secrets = json.loads((root / "secrets.json").read_text())
    return str(owner.copy_with(username="postgres", password=secrets["postgres"]))


async def _measured(client: httpx.AsyncClient, question: Question) -> Times:
    chance, times = random.Random(11), []
    for number in range(CALLS + 10):
        started = time.perf_counter()
        (await client.get(question.paths(chance))).raise_for_status()
        if number >= 10:
            times.append((time.perf_counter() - started) * 1000)
    return Times(statistics.median(times), statistics.quantiles(times, n=20)[-1])


def _table(size: int, times: dict[str, Times]) -> Table:
    table = Table("at", "p50 ms", "p95 ms", title=f"{size:,} contracts, {size * PAGES:,} pages")
    for name, one in times.items():
        table.add_row(name, f"{one.p50:.1f}", f"{one.p95:.1f}")
    return table


def _worst(times: dict[str, Times]) -> float:
    return max(times[question.name].p95 for question in QUESTIONS)


def _figures(found: dict[int, dict[str, Times]]) -> Iterator[Figure]:
    for size, times in found.items():
        worst, grid = _worst(times), times[GRID.name].p95
        if size == JUDGED:
            yield at_most(f"search p95 at {size:,}, worst kind", worst, "ms", SEARCH_GOAL_MS)
            yield at_most(f"grid p95 at {size:,}", grid, "ms", GRID_GOAL_MS)
        else:
            yield told(f"search p95 at {size:,}, worst kind", worst, "ms")
            yield told(f"grid p95 at {size:,}", grid, "ms")


def _page(found: dict[int, dict[str, Times]]) -> str:
    sizes = list(found)
    header = ["p95, ms", *(f"{size:,}" for size in sizes)]
    rows = [
        [question.name, *(f"{found[size][question.name].p95:.1f}" for size in sizes)]
        for question in (*QUESTIONS, FACETS, GRID)
    ]
    remarks = (
        f"Each contract has {PAGES} pages of {WORDS_OF_A_PAGE} words by Zipf's law, and {len(FIELDS)} cells.",
        "Another organization of the same size stands in the same tables.",
        f"{CALLS} calls of each kind, one after the other, through Envoy, on a machine of two cores.",
    )
    return f"{markdown(header, rows)}\n{items(remarks)}"


def _drawing(found: dict[int, dict[str, Times]]) -> str:
    panels = [
        Panel(
            f"{question.name}, p95 ms",
            [Bar(f"{size:,}", times[question.name].p95, f"{times[question.name].p95:.1f}", "ours")
             for size, times in found.items()],
        )
        for question in (*QUESTIONS, FACETS, GRID)
    ]  # fmt: skip
    return chart("Search and grid, by number of contracts", "milliseconds through the full path", panels)


if __name__ == "__main__":
    asyncio.run(main())
