"""Search: words and fields together, counts, what common words do, and what is saved."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from bloom.contracts.v1 import contract_pb2, contract_service_pb2, grid_service_pb2, saved_view_service_pb2
from contracts_service.search import service as searching

from .conftest import Caller, Service


async def made(who: Caller, words: str, label: str = "", **fields: str) -> str:
    """A contract with these words, and these cells as a person says them."""
    content = f"Agreement {uuid4()}. {words}".encode()
    name = (await who.upload(content, label=label or words[:50])).contract.name
    for field, value in fields.items():
        amount, _, unit = value.partition(" ")
        request = grid_service_pb2.CorrectCellRequest(
            name=f"{name}/fields/{field}", value=amount, unit=unit, reason="test"
        )
        await who.call("CorrectCell", request)
    return name


async def search(who: Caller, query: str = "", text: str = "", **fields: Any) -> Any:
    request = contract_service_pb2.SearchContractsRequest(query=query, filter=text, **fields)
    return await who.call("SearchContracts", request)


async def names(who: Caller, query: str = "", text: str = "", **fields: Any) -> list[str]:
    return [hit.contract for hit in (await search(who, query, text, **fields)).hits]


async def listed(who: Caller, text: str) -> set[str]:
    request = contract_service_pb2.ListContractsRequest(filter=text)
    return {contract.label for contract in (await who.call("ListContracts", request)).contracts}


@pytest.fixture
async def portfolio(service: Service) -> Caller:
    who = service.someone()
    await made(who, "Fuel cells on the roof.", "small", capacity="650 kW", expiration_date="2028-12-31 date")
    await made(
        who,
        "Fuel cells in the yard.",
        "large",
        capacity="1.3 MW",
        expiration_date="2029-06-30 date",
        governing_law="Delaware jurisdiction",
        energy_price="0.11 USD/kWh",
    )
    await made(
        who,
        "Solar panels in the yard.",
        "solar",
        capacity="2600 kW",
        expiration_date="2035-01-01 date",
        governing_law="Delaware jurisdiction",
        energy_price="95 USD/MWh",
    )
    await made(who, "Nothing was read from this one.", "unread")
    return who  # fmt: skip


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("capacity_kw > 1000 AND expiration < 2030-01-01", {"large"}),
        ('capacity > "1 MW"', {"large", "solar"}),
        ("capacity >= 1300", {"large", "solar"}),
        ("capacity = 1300", {"large"}),
        ("capacity != 1300", {"small", "solar"}),
        ("NOT capacity = 1300", {"small", "solar", "unread"}),
        ("-capacity = 1300 capacity : *", {"small", "solar"}),
        ("expiration : *", {"small", "large", "solar"}),
        ("energy_price < 0.1", {"solar"}),
        ('energy_price > "100 USD/MWh"', {"large"}),
        ('governing_law = "delaware"', {"large", "solar"}),
        ("governing_law : ware AND NOT solar", {"large"}),
        ("capacity.review = CORRECTED", {"small", "large", "solar"}),
        ("label = small OR label = solar expiration < 2030-01-01", {"small"}),
        ("(label = small) OR (label = solar AND expiration < 2030-01-01)", {"small"}),
        ("yard", {"large", "solar"}),
        ('"fuel cells" OR "solar panels"', {"small", "large", "solar"}),
        ("'cells in the yard' state = ACTIVE", {"large"}),
        ('NOT "fuel cells" imported = true', {"solar", "unread"}),
    ],
)
async def test_filters(portfolio, text, labels):
    assert await listed(portfolio, text) == labels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("capacity > large", "number"),
        ('capacity > "1 USD"', "kW, MW"),
        ("expiration < 2030-13-01", "date such as"),
        ("capacity : 1300", "takes = !="),
        ("capacity.colour = 1", "cannot be filtered"),
        ("solution_type > GAS", "takes = !="),
        ("(" * 30 + "yard" + ")" * 30, "parentheses"),
        (" AND ".join(["yard"] * 50), "comparisons"),
    ],
)
async def test_a_filter_that_means_nothing_says_why(service, text, told):
    import grpc

    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await listed(service.someone(), text)
    assert told in failed.value.details()


async def test_words_and_fields_together(portfolio):
    (hit,) = (await search(portfolio, "yard", "capacity_kw > 1300")).hits
    assert hit.label == "solar"
    (passage,) = hit.passages
    marked = [passage.text[one.start : one.end] for one in passage.highlights]
    assert marked == ["yard"]
    assert await names(portfolio, "yard", "capacity_kw > 9000") == []


async def test_fields_alone_are_found_newest_first(portfolio):
    found = await search(portfolio, text="capacity : *")
    assert [hit.label for hit in found.hits] == ["solar", "large", "small"]
    assert not any(hit.passages for hit in found.hits)
    first = await search(portfolio, text="capacity : *", page_size=2)
    rest = await search(portfolio, text="capacity : *", page_size=2, page_token=first.next_page_token)
    assert [hit.label for hit in rest.hits] == ["small"]


async def test_one_of_both_is_needed(service, refusal_of):
    assert (await refusal_of(search(service.someone())))[1] == "INVALID_FIELD"


async def test_words_that_mean_nothing_find_nothing(portfolio):
    assert await names(portfolio, "the of and") == []
    assert await names(portfolio, '""') == []


async def test_facets_count_what_matches(portfolio):
    found = await search(portfolio, "yard", facets=["governing_law", "state", "tags", "department"])
    assert found.total_size == 2
    law, state, tags, department = found.facets
    assert [(one.value, one.count) for one in law.counts] == [("Delaware", 2)]
    assert [(one.value, one.count) for one in state.counts] == [("ACTIVE", 2)]
    assert (tags.field, list(tags.counts)) == ("tags", [])
    assert [(one.value, one.count) for one in department.counts] == [("", 2)]
    assert not (await search(portfolio, "yard")).HasField("total_size")
    everything = await search(portfolio, text="state = ACTIVE", facets=["state"])
    assert everything.total_size == 4


async def test_what_cannot_be_counted(service, refusal_of):
    for facet in ("capacity", "nothing", "label"):
        assert (await refusal_of(search(service.someone(), "x", facets=[facet])))[1] == "INVALID_FIELD"


async def test_counts_know_nothing_of_others(service, portfolio):
    other = service.someone()
    await made(other, "A yard of others.")
    assert (await search(portfolio, "yard", facets=["state"])).total_size == 2
    assert (await search(other, "yard", facets=["state"])).total_size == 1


async def test_common_words_are_found_newest_first(portfolio, monkeypatch):
    """Where a word ranks nothing, the order is that of the list, and the passages are marked all the same."""
    ranked = await names(portfolio, "yard")
    monkeypatch.setattr(searching, "_MOST_RANKED", 1)
    found = await search(portfolio, "yard", page_size=1)
    assert [hit.label for hit in found.hits] == ["solar"]
    assert found.hits[0].passages[0].highlights
    rest = await search(portfolio, "yard", page_size=1, page_token=found.next_page_token)
    assert {hit.contract for hit in (*found.hits, *rest.hits)} == set(ranked)


async def test_what_is_not_proven_answers_no_question(service):
    """An unverified value is in the grid, and not in a filter."""
    who = service.someone()
    name = await made(who, "Some words.", "one", capacity="650 kW")
    request = grid_service_pb2.RejectCellRequest(name=f"{name}/fields/capacity", reason="of another site")
    await who.call("RejectCell", request)
    assert await listed(who, "capacity : *") == await listed(who, "capacity > 1") == set()


async def saved(who: Caller, **fields: Any) -> saved_view_service_pb2.SavedSearch:
    new = {"display_name": "Expiring", "query": "yard", "filter": "expiration < 2030-01-01", **fields}
    return await who.call(
        "CreateSavedSearch", saved_view_service_pb2.CreateSavedSearchRequest(saved_search=new)
    )


async def test_a_search_is_saved_and_run_again(portfolio, refusal_of):
    made = await saved(portfolio)
    request = saved_view_service_pb2.ListSavedSearchesRequest()
    (kept,) = (await portfolio.call("ListSavedSearches", request)).saved_searches
    assert kept == made
    assert len(await names(portfolio, kept.query, kept.filter)) == 1
    change = {"name": made.name, "filter": "expiration < 2040-01-01", "etag": made.etag}
    update = saved_view_service_pb2.UpdateSavedSearchRequest(saved_search=change)
    changed = await portfolio.call("UpdateSavedSearch", update)
    assert (changed.query, changed.filter) == ("yard", "expiration < 2040-01-01")
    assert (await refusal_of(portfolio.call("UpdateSavedSearch", update)))[1] == "ETAG_MISMATCH"
    await portfolio.call("DeleteSavedSearch", saved_view_service_pb2.DeleteSavedSearchRequest(name=made.name))
    assert (await portfolio.call("ListSavedSearches", request)).saved_searches == []


async def test_what_cannot_be_run_is_not_saved(service, refusal_of):
    assert (await refusal_of(saved(service.someone(), filter="colour = red")))[1] == "FILTER_INVALID"


async def test_a_column_set_is_no_search(service, refusal_of):
    who = service.someone()
    name = (await saved(who, shared=True)).name.replace("savedSearches", "columnSets")
    request = grid_service_pb2.QueryGridRequest(column_set=name)
    assert (await refusal_of(who.call("QueryGrid", request)))[1] == "NOT_FOUND"


async def test_a_grid_and_a_list_take_the_same_filter(portfolio):
    request = grid_service_pb2.QueryGridRequest(filter="capacity_kw > 1000", fields=["capacity"])
    rows = (await portfolio.call("QueryGrid", request)).rows
    assert [row.label for row in rows] == ["solar", "large"]
    assert rows[1].cells[0].status == contract_pb2.VALUE_STATUS_UNSPECIFIED
