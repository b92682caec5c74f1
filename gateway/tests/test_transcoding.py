"""REST in, gRPC out, and back: messages, streams, files."""

import json
import time
from collections.abc import Iterator

import httpx

from rest_gateway_testing.edge import Edge, reason_of
from rest_gateway_testing.fakes import BUSY, MISSING, ZERO

CONTRACT = f"{ZERO}0001"


def test_a_message_comes_in_the_schemas_own_names_with_every_field(someone: httpx.Client) -> None:
    contract = someone.get(f"/v1/contracts/{CONTRACT}").json()
    assert contract["name"] == f"contracts/{CONTRACT}"
    assert contract["office"] == "OFFICE_HQ"
    assert contract["tags"] == []
    assert contract["reference_no"] == ""


def test_query_parameters_in_either_spelling(someone: httpx.Client) -> None:
    for name in ("page_size", "pageSize"):
        listed = someone.get("/v1/contracts", params={name: 7, "filter": "state = ACTIVE"}).json()
        assert listed["contracts"][0]["name"] == "contracts/7"
        assert listed["contracts"][0]["label"] == "state = ACTIVE"


def test_a_body_that_is_one_field_and_a_mask_in_the_query(someone: httpx.Client) -> None:
    answer = someone.patch(
        f"/v1/contracts/{CONTRACT}", params={"update_mask": "label,reference_no"}, json={"label": "New"}
    )
    assert answer.json()["label"] == "New"
    assert answer.json()["reference_no"] == "label,reference_no"


def test_an_operation_carries_its_metadata_decoded(someone: httpx.Client) -> None:
    operation = someone.post(f"/v1/contracts/{CONTRACT}:analyze", json={}).json()
    assert operation["metadata"]["@type"].endswith("AnalyzeContractMetadata")
    assert operation["metadata"]["progress_percent"] == 5
    assert operation["metadata"]["cost_micro_usd"] == "0"


def test_a_post_without_a_body_is_an_empty_request(someone: httpx.Client) -> None:
    assert someone.post(f"/v1/operations/{CONTRACT}:cancel").json()["done"] is True


def test_events_arrive_one_by_one(edge: Edge, someone: httpx.Client) -> None:
    fake = edge.backends.contracts
    with someone.stream("POST", f"/v1/contracts/{CONTRACT}:ask", json={"question": "what now"}) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        seen = []
        for line in answer.iter_lines():
            if line:
                # The fake says the next sentence only after this one has arrived.
                seen.append(json.loads(line.removeprefix("data: ")))
                edge.backends.loop.loop.call_soon_threadsafe(fake.next_event.set)
    assert [event.get("sentence", {}).get("text") for event in seen] == ["sentence 1", "sentence 2", None]
    assert seen[-1]["summary"]["sentence_count"] == 2


def test_a_stream_that_is_refused_is_an_error_like_any_other(someone: httpx.Client) -> None:
    answer = someone.post(f"/v1/contracts/{CONTRACT}:ask", json={"question": "refuse me"})
    assert answer.status_code == 404
    assert reason_of(answer) == "NOT_FOUND"


def test_a_file_is_passed_on_while_it_still_comes(edge: Edge, someone: httpx.Client) -> None:
    fake = edge.backends.contracts
    fake.first_piece.clear()

    def pieces() -> Iterator[bytes]:
        yield b"a" * 100_000
        end = time.monotonic() + 5
        while not fake.first_piece.is_set() and time.monotonic() < end:
            time.sleep(0.01)
        assert fake.first_piece.is_set(), "nothing reached the service before the body had ended"
        yield b"b" * 100_000

    answer = someone.post(
        "/v1/contracts:upload",
        params={"filename": "esa.pdf", "label": "ESA", "reference_no": "7"},
        content=pieces(),
        headers={"content-type": "application/pdf"},
    ).json()
    label, reference_no, media_type, count, size = answer["contract"]["tags"]
    assert answer["contract"]["label"] == "esa.pdf"
    assert (label, reference_no, media_type, size) == ("ESA", "7", "application/pdf", "200000")
    assert int(count) > 1


def test_a_file_much_larger_than_any_buffer_passes(someone: httpx.Client) -> None:
    answer = someone.post("/v1/contracts:upload?filename=a.pdf", content=b"x" * (50 * 2**20)).json()
    assert answer["contract"]["tags"][-1] == str(50 * 2**20)


def test_a_download_is_the_bytes_and_their_media_type(someone: httpx.Client) -> None:
    answer = someone.get(f"/v1/contracts/{CONTRACT}:download")
    assert answer.content == b"%PDF-one two"
    assert answer.headers["content-type"] == "application/pdf"


def test_an_answer_of_several_megabytes_passes(someone: httpx.Client) -> None:
    assert len(someone.get(f"/v1/contracts/{CONTRACT}/pages").json()["pages"][0]["text"]) == 3_000_000


def test_a_services_refusal_keeps_its_details(someone: httpx.Client) -> None:
    missing = someone.get(f"/v1/contracts/{MISSING}")
    assert missing.status_code == 404
    assert reason_of(missing) == "NOT_FOUND"
    assert missing.json()["details"][0]["metadata"] == {"name": "it"}


def test_a_delay_asked_for_by_a_service_becomes_retry_after(someone: httpx.Client) -> None:
    busy = someone.get(f"/v1/contracts/{BUSY}")
    assert busy.status_code == 429
    assert reason_of(busy) == "OVERLOADED"
    assert busy.headers["retry-after"] == "7"


def test_wrong_credentials_are_a_challenge(anyone: httpx.Client) -> None:
    answer = anyone.post("/v1/auth:login", json={"email": "a@b.example", "password": "wrong"})
    assert answer.status_code == 401
    assert reason_of(answer) == "CREDENTIALS_INVALID"
    assert answer.headers["www-authenticate"] == "Bearer"
