"""The main job over REST, as a web client: a signed contract goes in, proven terms come out."""

import time
from decimal import Decimal, InvalidOperation

import pytest

from contracts_service.fields import GROUPS
from contracts_service.prompts.uses import questions_of
from sample import DOCUMENTS
from sample.truth import load_truth
from tests.support.client import WebClient
from tests.support.mesh import RunningMesh

PDF = (DOCUMENTS / "agreement.pdf").read_bytes()
DOCX = (DOCUMENTS / "agreement.docx").read_bytes()
STANDARD = questions_of(
    ("fields", "parties", "milestones", "prices", "guarantees", "obligations", "termination")
)
TRUTH = load_truth()["documents"]["agreement"]["fields"]


@pytest.fixture(scope="module")
def owner(mesh: RunningMesh) -> WebClient:
    return WebClient.register(mesh.info.rest)


@pytest.fixture(scope="module")
def contract(owner: WebClient) -> dict:
    taken = owner.upload(PDF, "agreement.pdf", label="Wrenfield")
    operation = owner.finished(taken["name"])
    assert "error" not in operation, operation
    return operation["response"]["contract"]


def test_the_document_is_described(contract):
    document = contract["document"]
    assert (document["media_type"], document["size_bytes"]) == ("application/pdf", str(len(PDF)))
    assert document["page_count"] >= 12
    assert document["text_state"] == "TEXT_STATE_READY"


def test_every_field_is_answered_with_its_evidence(owner, contract):
    pages = owner.get(f"/v1/{contract['name']}/pages", page_size=100).json()["pages"]
    text = "".join(page["text"] for page in pages)
    values = owner.values(contract["name"])
    assert set(values) == {field.name for group in GROUPS.values() for field in group}
    for value in (one for several in values.values() for one in several):
        assert value["method"] == "VALUE_METHOD_SIMULATOR"
        if value["status"] == "VALUE_STATUS_VERIFIED":
            assert value["evidence"]
        for proof in value["evidence"]:
            assert text[proof["char_start"] : proof["char_end"]] == proof["quote"]
            page = pages[proof["page"] - 1]
            assert page["char_start"] <= proof["char_start"] < page["char_end"]


def plain(value: str) -> str:
    """186.00 and 186 are one number."""
    try:
        return str(Decimal(value).normalize())
    except InvalidOperation:
        return value


def test_what_is_verified_is_true(owner, contract):
    for field, values in owner.values(contract["name"]).items():
        claimed = {plain(finding["value"]) for finding in TRUTH[field]["findings"]}
        for value in values:
            if value["status"] == "VALUE_STATUS_VERIFIED" and value["unit"] not in ("kW", "MW", "text"):
                assert plain(value["value"]) in claimed, (field, value["value"])


def test_the_contradiction_is_found_and_both_sides_kept(owner, contract):
    term = owner.values(contract["name"])["term_years"]
    assert {(value["value"], value["status"]) for value in term} == {
        ("15", "VALUE_STATUS_CONFLICT"), ("20", "VALUE_STATUS_CONFLICT"),
    }  # fmt: skip


def test_the_instruction_to_the_readers_ai_is_reported_and_not_followed(owner, contract):
    (told,) = contract["analysis"]["instructions_to_reader"]
    assert "automated readers" in told["quote"]
    values = owner.values(contract["name"])
    assert [value["value"] for value in values["energy_price"]] == ["0.1195"]
    assert [value["value"] for value in values["liability_cap"]] == ["4750000"]


def test_a_question_is_answered_sentence_by_sentence_with_evidence(owner, contract):
    events = list(owner.ask(contract["name"], "When must the buyer pay an invoice?"))
    sentences, summary = events[:-1], events[-1]["summary"]
    assert sentences
    assert all(event["sentence"]["evidence"] for event in sentences)
    assert summary["sentence_count"] == len(sentences)
    assert summary["simulated"]


def test_search_filter_and_download(owner, contract):
    hits = owner.get("/v1/contracts:search", query="fuel cell").json()["hits"]
    assert contract["name"] in [hit["contract"] for hit in hits]
    passage = hits[0]["passages"][0]
    marked = [passage["text"][mark["start"] : mark["end"]].lower() for mark in passage["highlights"]]
    assert {"fuel", "cell"} & {word.rstrip("s") for word in marked}
    listed = owner.get("/v1/contracts", filter='label : "wren" AND analysis_state = DONE').json()["contracts"]
    assert [item["name"] for item in listed] == [contract["name"]]
    assert owner.get(f"/v1/{contract['name']}:download").content == PDF


def test_all_questions_but_the_first_read_the_document_from_claudes_cache(owner, contract):
    rows = owner.get("/v1/ai/usage").json()["rows"]
    reading = [row for row in rows if row["task"].startswith(("contracts.extract_", "contracts.list_"))]
    assert len(reading) == len(STANDARD) > len(GROUPS)
    assert sum(int(row["usage"]["cache_read_tokens"]) > 5_000 for row in reading) == len(STANDARD) - 1
    assert int(contract["analysis"]["cost_micro_usd"]) == sum(int(row["cost_micro_usd"]) for row in reading)


def test_what_it_cost_is_what_was_estimated(owner, contract):
    asked = owner.post(f"/v1/{contract['name']}:estimateAnalysis", {"anew": True})
    estimate = asked.raise_for_status().json()
    assert estimate["request_count"] == len(STANDARD)
    rows = [
        row for row in owner.get("/v1/ai/usage").json()["rows"]
        if row["task"].startswith(("contracts.extract_", "contracts.list_"))
    ]  # fmt: skip
    used = [row["usage"] for row in rows]
    inputs = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")
    actual = {
        "input_tokens": sum(int(usage[name]) for usage in used for name in inputs),
        "output_tokens": sum(int(usage["output_tokens"]) for usage in used),
        "cost_micro_usd": int(contract["analysis"]["cost_micro_usd"]),
    }
    for name, figure in actual.items():
        assert int(estimate[name]["low"]) <= figure <= int(estimate[name]["high"]), (name, figure, estimate)
    assert int(estimate["batch_cost_micro_usd"]["low"]) <= actual["cost_micro_usd"]


def test_obligations_and_prices_are_listed_with_their_evidence(owner, contract):
    pages = owner.get(f"/v1/{contract['name']}/pages", page_size=100).json()["pages"]
    text = "".join(page["text"] for page in pages)
    listed = owner.get(f"/v1/{contract['name']}/entries", present_only="true", page_size=500).json()[
        "entries"
    ]
    assert {"ANALYSIS_USE_OBLIGATIONS", "ANALYSIS_USE_PRICES"} <= {entry["use"] for entry in listed}
    for entry in listed:
        assert entry["method"] == "VALUE_METHOD_SIMULATOR"
        for proof in (
            *entry["evidence"],
            *(one for value in entry["attributes"] for one in value["evidence"]),
        ):
            assert text[proof["char_start"] : proof["char_end"]] == proof["quote"]


@pytest.mark.parametrize(
    ("content", "filename"),
    [
        (DOCX, "agreement.docx"),
        (b"<h1>Agreement</h1><p>The initial term shall be ten (10) years.</p><script>x()</script>", "a.html"),
        (b"The initial term of this agreement shall be ten (10) years.", "a.txt"),
    ],
)
def test_other_kinds_of_documents_are_read(owner, content, filename):
    operation = owner.finished(owner.upload(content, filename)["name"])
    assert "error" not in operation


def test_one_trace_holds_the_journey_from_gateway_to_claude(mesh, owner):
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    name = owner.upload(b"The initial term of this one shall be seven (7) years.", "t.txt")["name"]
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    operation = owner.http.post(f"/v1/{name}:analyze", json={}, headers=headers).raise_for_status().json()
    assert operation["metadata"]["trace_id"] == trace_id
    owner.until(operation["name"])
    wanted = {"gateway", "contracts", "contracts-worker", "auth", "ai-gateway"}
    end = time.monotonic() + 10
    while time.monotonic() < end:
        spans = mesh.trace(trace_id)
        if wanted <= {span.service for span in spans} and any(
            span.name.startswith("chat ") for span in spans
        ):
            return
        time.sleep(0.05)
    raise AssertionError({(span.service, span.name) for span in mesh.trace(trace_id)})
