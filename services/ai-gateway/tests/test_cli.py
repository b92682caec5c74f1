"""`bloom-ai`: each command against a real gateway; every figure is that of calls that were made."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ai_gateway.cli.figures import dollars, percent
from ai_gateway_testing.cli import Ran, bloom_ai, way_to
from ai_gateway_testing.gateway import TASK, Gateway, prompt
from bloom.ai.v1 import ai_pb2, ai_service_pb2

OTHER_TASK = "tests.other"


async def test_an_organization_that_did_nothing_is_told_so(gateway: Gateway, tmp_path: Path) -> None:
    way, chain, drawing = way_to(gateway), tmp_path / "chain.jsonl", tmp_path / "plot.svg"
    for command, told in (
        ("usage", "No calls, no cost."),
        (f"usage --svg {drawing}", "No calls, no cost."),
        ("budgets", "No budgets"),
        ("egress list", "Nothing has left for Claude."),
        (f"egress export {chain}", "0 records of 0 calls"),
        (f"egress verify {chain}", "is whole: 0 records of 0 calls"),
        ("egress verify --live", "is whole: 0 records of 0 calls"),
        (f"egress verify --live {chain}", "is whole: 0 records of 0 calls"),
        ("cache stats", "answers kept 0"),
        ("cache purge", "0 answers forgotten."),
    ):
        ran = await bloom_ai(way, *command.split())
        assert (ran.status, told in " ".join(ran.out.split())) == (0, True), ran
    ElementTree.fromstring(drawing.read_text())
    empty = json.loads((await bloom_ai(way, "usage", "--json")).out)
    assert empty["rows"] == []
    assert set(empty["total"].values()) == {0}


@pytest.fixture
async def asked(gateway: Gateway) -> list[ai_service_pb2.Completion]:
    """Three calls, of which one is answered from the cache, and one of another task and model."""
    other = prompt("What is due?", model="fast")
    other.task = OTHER_TASK
    prompts = [prompt("Who signs?"), prompt("Who signs?"), prompt("Who pays?"), other]
    return [(await gateway.client.ask(one)).completion for one in prompts]


async def test_usage_is_what_the_calls_cost(gateway: Gateway, asked: list[ai_service_pb2.Completion]) -> None:
    ran = await bloom_ai(way_to(gateway), "usage")
    paid, listed = cost(asked), list_cost(asked)
    assert ran.status == 0
    assert paid > 0
    standard = [one for one in asked if one.model == "claude-sonnet-5-5"]
    saved = list_cost(standard) - cost(standard)
    row = ran.row(TASK, "claude-sonnet-5-5")
    assert row[2:5] == ["3", "33.3", "%"]
    assert row[5:8] == [
        str(sum(one.usage.input_tokens for one in standard)), "0",
        str(sum(one.usage.output_tokens for one in standard)),
    ]  # fmt: skip
    assert row[8:10] == [dollars(cost(standard)), dollars(saved)]
    total = ran.row("in", "all")
    assert total[2:5] == ["4", "25.0", "%"]
    assert total[-4:] == [dollars(paid), dollars(listed - paid), *percent(listed - paid, listed).split()]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    bar = ran.row(today)
    assert bar[-3:] == [dollars(paid), "4", "calls"]
    assert set(bar[1]) == {"█"}


def cost(completions: list[ai_service_pb2.Completion]) -> int:
    return sum(one.cost_micro_usd for one in completions)


def list_cost(completions: list[ai_service_pb2.Completion]) -> int:
    return sum(one.list_cost_micro_usd for one in completions)


@pytest.mark.parametrize(
    ("by", "rows"), [("task", 2), ("model", 2), ("day", 1), ("caller", 4), ("caller,task,model,day", 4)]
)
async def test_usage_by_whatever_adds_up_to_the_same(
    gateway: Gateway, asked: list[ai_service_pb2.Completion], by: str, rows: int
) -> None:
    found = json.loads((await bloom_ai(way_to(gateway), "usage", "--by", by, "--json")).out)
    # Each call of this client is made as another user.
    assert len(found["rows"]) == rows
    assert set(by.split(",")) <= set(found["rows"][0])
    for name, expected in {
        "calls": 4,
        "cached_calls": 1,
        "cost_micro_usd": cost(asked),
        "list_cost_micro_usd": list_cost(asked),
        "output_tokens": sum(one.usage.output_tokens for one in asked),
    }.items():
        assert sum(row[name] for row in found["rows"]) == found["total"][name] == expected


async def test_usage_is_of_the_time_that_was_asked_for(
    gateway: Gateway, asked: list[ai_service_pb2.Completion]
) -> None:
    way, today = way_to(gateway), datetime.now(UTC).date()
    await gateway.rows(
        "UPDATE usage_events SET at = at - interval '3 days' WHERE org_id = $1 AND task = $2",
        gateway.client.org, OTHER_TASK,
    )  # fmt: skip

    async def calls(*span: str) -> int:
        return int(json.loads((await bloom_ai(way, "usage", "--json", *span)).out)["total"]["calls"])

    before = (today - timedelta(days=3)).isoformat()
    assert await calls() == 4
    assert await calls("--since", "2d") == 3
    assert await calls("--since", "4d") == 4
    assert await calls("--since", before, "--until", before) == 1
    assert await calls("--since", "30d", "--until", "1d") == 1
    drawn = await bloom_ai(way, "usage", "--since", "30d")
    assert drawn.row(before)[-2:] == ["1", "call"]
    # A day without a call has its place between two that have one.
    assert drawn.row((today - timedelta(days=1)).isoformat())[1:] == []


async def test_usage_as_a_plot(
    gateway: Gateway, asked: list[ai_service_pb2.Completion], tmp_path: Path
) -> None:
    drawing = tmp_path / "plot.svg"
    ran = await bloom_ai(way_to(gateway), "usage", "--since", "7d", "--svg", str(drawing))
    assert ran.status == 0
    name = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(drawing.read_text())
    (bar,) = [one for one in root.iter(f"{name}rect") if one.get("class") == "bar"]
    assert bar.findtext(f"{name}title") == f"{datetime.now(UTC):%Y-%m-%d}: {dollars(cost(asked))}, 4 calls"
    assert dollars(cost(asked)) in [text.text for text in root.iter(f"{name}text")]
    nowhere = await bloom_ai(way_to(gateway), "usage", "--svg", str(tmp_path / "no" / "plot.svg"))
    assert (nowhere.status, "cannot be written" in nowhere.err) == (1, True)


async def test_budgets_are_set_told_and_deleted(gateway: Gateway) -> None:
    way = way_to(gateway)
    paid = (await gateway.client.ask(prompt("Who signs?"))).completion.cost_micro_usd
    assert (await bloom_ai(way, "budgets", "set", "organization", "--limit", "0.01")).status == 0
    assert (await bloom_ai(way, "budgets", "set", TASK, "--limit", "2,500.5", "--period", "day")).status == 0
    listed = await bloom_ai(way, "budgets")
    whole, of_task = listed.row("organization"), listed.row(TASK)
    assert whole[1:4] == ["month", "$0.010000", dollars(paid)]
    assert whole[4:8] == [*percent(paid, 10_000).split(), "$0.000000", dollars(10_000 - paid)]
    assert of_task[1:4] == ["day", "$2,500.500000", dollars(paid)]
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert of_task[8:10] == [tomorrow.isoformat(), "00:00,"]
    assert (await bloom_ai(way, "budgets", "delete", TASK)).status == 0
    assert TASK not in (await bloom_ai(way, "budgets")).out
    again = await bloom_ai(way, "budgets", "delete", TASK)
    assert (again.status, again.err) == (1, f"NOT_FOUND: budgets/{TASK} does not exist.\n")


async def test_cache_stats_are_what_is_kept_and_what_it_saved(
    gateway: Gateway, asked: list[ai_service_pb2.Completion]
) -> None:
    way = way_to(gateway)
    # Another organization's answers are not among them.
    await gateway.other_organization().ask(prompt("Who else signs?"))
    ran = await bloom_ai(way, "cache", "stats")
    assert ran.row("answers", "kept")[2:] == ["3"]
    assert ran.row("each", "kept")[3:] == ["1", "h", "0", "min"]
    assert ran.row("answered")[-3:] == ["1", "25.0", "%"]
    assert ran.row("paid") == ["paid", dollars(cost(asked))]
    saved = list_cost(asked) - cost(asked)
    assert ran.row("saved") == ["saved", dollars(saved), *percent(saved, list_cost(asked)).split()]
    stats = await gateway.client.stub.GetCacheStats(
        ai_service_pb2.GetCacheStatsRequest(), metadata=gateway.client.metadata, timeout=10
    )
    assert (stats.enabled, stats.answers, stats.ttl.seconds) == (True, 3, 3600)
    assert 3 * 50 < stats.bytes < 3 * 2000

    assert (await bloom_ai(way, "cache", "purge")).out == "3 answers forgotten.\n"
    assert (await bloom_ai(way, "cache", "stats")).row("answers", "kept")[2:] == ["0"]
    anew = await gateway.client.ask(prompt("Who signs?"))
    assert anew.completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM


async def test_cache_stats_without_a_cache(start_gateway) -> None:
    async with start_gateway(use_redis=False, redis_url="") as gateway:
        ran = await bloom_ai(way_to(gateway), "cache", "stats")
    assert (ran.status, "none: USE_REDIS=false" in ran.out) == (0, True)


async def test_models_are_told_with_todays_prices(gateway: Gateway) -> None:
    ran = await bloom_ai(way_to(gateway), "models")
    request = ai_service_pb2.ListModelsRequest()
    listed = await gateway.client.stub.ListModels(request, metadata=gateway.client.metadata, timeout=10)
    assert len(ran.out.splitlines()) == 1 + len(listed.models)
    fast = next(model for model in listed.models if "fast" in model.aliases)
    price = fast.price
    assert ran.row(fast.name)[1:7] == [
        "fast", price.input, price.output, price.cache_read, price.cache_write_5m, price.cache_write_1h,
    ]  # fmt: skip


async def test_egress_is_listed_newest_first(gateway: Gateway) -> None:
    answers = [
        (await gateway.client.ask(prompt(f"Is {name} at {name}@example.org?"))).completion for name in "abc"
    ]
    ran = await bloom_ai(way_to(gateway), "egress", "list", "--limit", "2")
    assert len(ran.out.splitlines()) == 3
    newest, older = ran.row("5"), ran.row("3")
    assert newest[3:5] == older[3:5] == [TASK, "claude-sonnet-5-5"]
    for row, answer in ((newest, answers[2]), (older, answers[1])):
        assert row[8:] == ["1", "EMAIL", "ANSWERED", dollars(answer.cost_micro_usd), row[-1]]


async def exported(gateway: Gateway, file: Path) -> Ran:
    ran = await bloom_ai(way_to(gateway), "egress", "export", str(file))
    assert ran.status == 0, ran.err
    return ran


def names_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_an_export_is_verified_without_the_service(
    gateway: Gateway, asked: list[ai_service_pb2.Completion], tmp_path: Path
) -> None:
    file = tmp_path / "chain.jsonl"
    told = (await exported(gateway, file)).out
    assert f"6 records of 3 calls (3 ANSWERED), {dollars(cost(asked))}" in told
    assert names_in(tmp_path) == [file.name]
    nobody = way_to(gateway).model_copy(update={"target": "127.0.0.1:1"})
    head = told.split()[-1]
    for more in ((), ("--head", head)):
        ran = await bloom_ai(nobody, "egress", "verify", str(file), *more)
        assert (ran.status, "is whole: 6 records of 3 calls" in ran.out) == (0, True)

    lines = file.read_text().splitlines(keepends=True)
    for broken, words in (
        ([lines[0], lines[1].replace("ANSWERED", "CANCELLED"), *lines[2:]], "Record 2 was changed"),
        ([*lines[:2], *lines[3:]], "Record 3 is missing."),
        ([*lines[:2], *lines[4:]], "Records 3 to 4 are missing."),
        ([lines[1], lines[0], *lines[2:]], "Record 1 is out of its place"),
        (lines[:4], "The file is cut off after record 4: it has no head."),
        ([*lines[:4], lines[-1]], "The file is cut off after record 4: its head is record 6."),
    ):
        file.write_text("".join(broken))
        ran = await bloom_ai(nobody, "egress", "verify", str(file))
        assert (ran.status, ran.out, words in ran.err) == (1, "", True), ran.err


async def test_the_services_own_chain_is_verified(
    gateway: Gateway, asked: list[ai_service_pb2.Completion], tmp_path: Path
) -> None:
    way, file = way_to(gateway), tmp_path / "chain.jsonl"
    await exported(gateway, file)
    await gateway.client.ask(prompt("And later?"))
    ran = await bloom_ai(way, "egress", "verify", str(file), "--live")
    assert (ran.status, "8 records of 4 calls" in ran.out) == (0, True)

    stranger = gateway.other_organization()
    await stranger.ask(prompt("Who signs?"))
    foreign = await bloom_ai(way_to(gateway, stranger), "egress", "verify", str(file), "--live")
    assert (foreign.status, "cut off after record 2" in foreign.err) == (1, True)

    await gateway.rows(
        "UPDATE egress_entries SET entry = replace(entry, $2, 'other') WHERE org_id = $1 AND seq = 3",
        gateway.client.org, TASK,
    )  # fmt: skip
    for command in ("verify --live", f"export {tmp_path / 'new.jsonl'}"):
        broken = await bloom_ai(way, "egress", *command.split())
        assert (broken.status, "Record 3 was changed: its text" in broken.err) == (1, True)
    assert names_in(tmp_path) == [file.name]


async def test_a_service_that_withholds_the_end_of_its_chain_is_found(
    gateway: Gateway, asked: list[ai_service_pb2.Completion], tmp_path: Path
) -> None:
    told = (await exported(gateway, tmp_path / "chain.jsonl")).out
    await gateway.rows("DELETE FROM egress_entries WHERE org_id = $1 AND seq > 4", gateway.client.org)
    assert (await bloom_ai(way_to(gateway), "egress", "verify", "--live")).status == 0
    ran = await bloom_ai(way_to(gateway), "egress", "verify", "--live", "--head", told.split()[-1])
    assert (ran.status, "it is known to reach record 6" in ran.err) == (1, True)
