"""What the savings bench tells: a table, figures beside their goals, and the same for the docs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure, at_least, at_most, items, markdown, print_result, told, write_page
from tests.bench.savings_workload import SEED, Shape, repeated_share, replayed
from tests.bench.svg import Bar, Panel, chart

if TYPE_CHECKING:
    from tests.bench.savings import Replay

CALLS_GOAL, READ_GOAL = 0.70, 0.85
_HEADER = ("with", "calls", "reached Claude", "calls saved", "US dollars", "dollars saved")
_OTHER_VOLUMES = (0.5, 1, 2)
_ALL_REPLAYS = 3


def tell(
    console: Console, replays: "Sequence[Replay]", document: "Replay", repeated: float, *, docs: bool
) -> None:
    """Prints everything, and writes it to docs/bench if asked to."""
    table = Table(*_HEADER)
    lines = rows(replays)
    for line in lines:
        table.add_row(*line)
    console.print(table)
    found = figures(replays, document, repeated)
    remarks = _remarks(replays, document, repeated)
    for remark in remarks:
        console.print(remark, style="dim")
    if docs:
        _write_docs(replays, document, lines, found, remarks)
    print_result(found)


def rows(replays: "Sequence[Replay]") -> list[list[str]]:
    """Nothing saved at all, then one thing after another switched on."""
    first = replays[0]
    before = first.ledger_list_cost
    lines = [["nothing that saves", f"{first.calls:,}", f"{first.calls:,}", "", _dollars(before), ""]]
    for replay in replays:
        lines.append(
            [
                replay.name,
                f"{replay.calls:,}",
                f"{replay.upstream:,}",
                f"{saved(replay):.1%}",
                _dollars(replay.ledger_cost),
                f"{1 - replay.ledger_cost / before:.1%}",
            ]
        )
    return lines


def saved(replay: "Replay") -> float:
    """The share of the calls that Claude was spared."""
    return 1 - replay.upstream / replay.calls


def read_share(replay: "Replay") -> float:
    """The share of the input tokens that were paid at the price of a cache read."""
    kinds = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")
    return replay.tokens["cache_read_tokens"] / sum(replay.tokens[kind] for kind in kinds)


def figures(replays: "Sequence[Replay]", document: "Replay", repeated: float) -> list[Figure]:
    """Of everything that is on."""
    best, before = replays[-1], replays[0].ledger_list_cost
    differences = [abs(each.ledger_cost - each.cost) for each in (*replays, document)]
    return [
        at_least("calls_saved", saved(best), "share", CALLS_GOAL),
        told("repeated_calls_in_the_workload", repeated, "share"),
        told("calls", best.calls, "calls"),
        told("calls_that_reached_claude", best.upstream, "calls"),
        told("dollars_before", before / 1e6, "USD"),
        told("dollars_after", best.ledger_cost / 1e6, "USD"),
        told("dollars_saved", 1 - best.ledger_cost / before, "share"),
        told("dollars_saved_by_prompt_caching_alone", 1 - replays[0].ledger_cost / before, "share"),
        at_least("input_at_cache_read_price_on_one_document", read_share(document), "share", READ_GOAL),
        told("dollars_saved_on_one_document", 1 - document.ledger_cost / document.ledger_list_cost, "share"),
        at_most("ledger_differs_from_answers", max(differences), "micro-USD", 0),
    ]


def _dollars(micro: int) -> str:
    return f"{micro / 1e6:,.2f}"


def _remarks(replays: "Sequence[Replay]", document: "Replay", repeated: float) -> list[str]:
    served = ", ".join(f"{count:,} {place}" for place, count in sorted(replays[-1].served.items()))
    before, after = _dollars(document.ledger_list_cost), _dollars(document.ledger_cost)
    share = f"{read_share(document):.1%} of the input tokens at the price of a cache read"
    remarks = [
        f"{repeated:.1%} of the calls repeat one of the same organization: the most that can be saved.",
        f"With everything on, the answers came from: {served}.",
        f"{document.calls} questions on one document: {share}; {before} USD became {after}.",
    ]
    if len(replays) < _ALL_REPLAYS:
        remarks.append("Single-flight cannot be switched here; its replay is left out.")
    return remarks


def _write_docs(
    replays: "Sequence[Replay]",
    document: "Replay",
    lines: list[list[str]],
    found: list[Figure],
    remarks: list[str],
) -> None:
    body = f"{markdown(_HEADER, lines)}\n{items(remarks)}\n{_workload()}"
    write_page("savings", "What the gateway saves", body, found, _drawing(replays, document))


def _workload() -> str:
    """What was replayed, and how much the result depends on it."""
    shape = Shape()
    counts = [int(shape.sessions * times) for times in _OTHER_VOLUMES]
    shares = [repeated_share(replayed(SEED, Shape(sessions=count))) for count in counts]
    volumes = markdown(
        ("sessions", "calls that repeat one"),
        ([str(count), f"{share:.1%}"] for count, share in zip(counts, shares, strict=True)),
    )
    fewest, most = shape.in_a_meeting
    least, longest = shape.questions_in_a_row
    return f"""\
## The workload

Made up, from a seed (`tests/bench/savings_workload.py`): {shape.organizations} organizations of
{shape.people} people work on {shape.agreements} agreements each, in {shape.sessions} sessions within an hour.
That is the life of a kept answer (`CACHE_TTL`); Claude's clock runs through the hour, too, since Claude
forgets a prompt after five minutes.

- {shape.uploads:.0%} of the sessions upload an agreement, which is read in eleven calls; {shape.renamed:.0%}
  of these come under a new name, and then nothing of them is found in a cache.
- {shape.meetings:.0%} are meetings, in which {fewest} to {most} people ask the same at once.
- In the others a person asks {least} to {longest} questions.
- {shape.in_own_words:.0%} of all questions are in words that nobody used before.
- Agreements and questions are chosen by Zipf's law (exponents {shape.agreement_exponent} and
  {shape.question_exponent}).

The more is asked within the hour, the more of it has been asked before:

{volumes}"""


def _drawing(replays: "Sequence[Replay]", document: "Replay") -> str:
    first = replays[0]
    calls = [Bar("nothing that saves", first.calls, f"{first.calls:,}")]
    calls += [Bar(each.name, each.upstream, f"{each.upstream:,}", "ours") for each in replays]
    before = first.ledger_list_cost
    dollars = [Bar("nothing that saves", before, f"{_dollars(before)} USD")]
    dollars += [
        Bar(each.name, each.ledger_cost, f"{_dollars(each.ledger_cost)} USD", "ours") for each in replays
    ]
    alone = [
        Bar("at list price", document.ledger_list_cost, f"{_dollars(document.ledger_list_cost)} USD"),
        Bar("with prompt caching", document.ledger_cost, f"{_dollars(document.ledger_cost)} USD", "ours"),
    ]
    limit = first.calls * (1 - CALLS_GOAL)
    return chart(
        "What the gateway saves",
        "The same work replayed; each line adds one thing. Dashed: the goal. Dollars are the ledger's.",
        [
            Panel("calls that reach Claude", calls, goal=limit),
            Panel("cost of the work", dollars),
            Panel(f"{document.calls} questions about one document", alone),
        ],
    )
