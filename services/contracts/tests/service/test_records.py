"""Contracts taken in, listed, changed, hidden: over the real server and database."""

import asyncio
from uuid import UUID, uuid4

import pytest
from google.api import httpbody_pb2
from google.protobuf import field_mask_pb2

from bloom.contracts.v1 import contract_pb2, contract_service_pb2
from service_runtime.postgres import Postgres

from .conftest import AGREEMENT, Caller, Service

TEXT = AGREEMENT.encode()


async def get(caller: Caller, name: str) -> contract_pb2.Contract:
    return await caller.call("GetContract", contract_service_pb2.GetContractRequest(name=name))


async def listed(caller: Caller, **fields: object) -> contract_service_pb2.ListContractsResponse:
    return await caller.call("ListContracts", contract_service_pb2.ListContractsRequest(**fields))


async def test_an_uploaded_contract_can_be_read_back(service: Service):
    caller = service.someone()
    answer = await caller.upload(TEXT, "lakeside.txt", piece=100, label="Lakeside", reference_no="R-1")
    contract = await get(caller, answer.contract.name)
    assert contract == answer.contract
    assert (contract.label, contract.reference_no) == ("Lakeside", "R-1")
    assert contract.state == contract_pb2.CONTRACT_STATE_ACTIVE
    assert contract.document.media_type == "text/plain"
    assert contract.document.size_bytes == len(TEXT)
    assert contract.document.word_count == len(AGREEMENT.split())


async def test_the_file_comes_back_byte_for_byte(service: Service):
    caller = service.someone()
    name = (await caller.upload(TEXT)).contract.name
    stub = caller.stub()
    request = contract_service_pb2.DownloadDocumentRequest(name=name)
    pieces = [body.data async for body in stub.DownloadDocument(request, metadata=caller.metadata)]
    assert b"".join(pieces) == TEXT


async def test_pages_join_to_the_stored_text(service: Service):
    caller = service.someone()
    name = (await caller.upload(b"one page\n\fsecond page\n\fthird page")).contract.name
    pages, token = [], ""
    while True:
        request = contract_service_pb2.ListPagesRequest(parent=name, page_size=1, page_token=token)
        answer = await caller.call("ListPages", request)
        pages += answer.pages
        token = answer.next_page_token
        if not token:
            break
    assert [page.number for page in pages] == [1, 2, 3]
    assert "".join(page.text for page in pages).split() == ["one", "page", "second", "page", "third", "page"]
    assert all(page.char_end - page.char_start == len(page.text) for page in pages)


async def test_the_same_bytes_are_kept_once(service: Service):
    caller = service.someone()
    first = await caller.upload(TEXT, "a.txt")
    again = await caller.upload(TEXT, "b.txt")
    assert not first.duplicate
    assert again.duplicate
    assert again.contract.name == first.contract.name


async def test_parallel_uploads_of_the_same_bytes_make_one_contract(service: Service):
    caller = service.someone()
    answers = await asyncio.gather(*(caller.upload(TEXT) for _ in range(5)))
    assert len({answer.contract.name for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1


async def test_another_organization_has_its_own_copy_and_sees_no_other(service: Service, refusal_of):
    owner, stranger = service.someone(), service.someone()
    mine = (await owner.upload(TEXT)).contract
    theirs = await stranger.upload(TEXT)
    assert not theirs.duplicate
    assert theirs.contract.name != mine.name
    foreign = refusal_of(get(stranger, mine.name))
    missing = refusal_of(get(stranger, f"contracts/{uuid4()}"))
    assert await foreign == await missing == ("NOT_FOUND", "NOT_FOUND")


@pytest.mark.parametrize(
    ("content", "filename", "reason"),
    [
        (b"", "a.txt", "DOCUMENT_EMPTY"),
        (b"x" * 2_000_001, "a.txt", "DOCUMENT_TOO_LARGE"),
        (TEXT, "a.pdf", "DOCUMENT_TYPE_MISMATCH"),
        (b"\x00\x01\x02\x03" * 50, "a.bin", "DOCUMENT_TYPE_UNSUPPORTED"),
        (b"%PDF-1.7\n%broken", "a.pdf", "DOCUMENT_CORRUPT"),
        (TEXT, "", "INVALID_FIELD"),
        (TEXT, "../../etc/passwd", "INVALID_FIELD"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused_and_leaves_nothing(
    service: Service, refusal_of, content, filename, reason
):
    caller = service.someone()
    assert await refusal_of(caller.upload(content, filename)) == ("INVALID_ARGUMENT", reason)
    assert not (await listed(caller)).contracts
    assert not list(service.objects_folder.rglob("*.*"))


async def test_an_upload_that_breaks_off_leaves_nothing(service: Service):
    caller = service.someone()
    call = caller.stub().UploadContract(metadata=caller.metadata)
    body = httpbody_pb2.HttpBody(data=TEXT)
    await call.write(contract_service_pb2.UploadContractRequest(filename="a.txt", content=body))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not (await listed(caller)).contracts


async def test_lists_page_newest_first_and_filter(service: Service, refusal_of):
    caller = service.someone()
    for number in range(5):
        await caller.upload(
            f"Agreement number {number} about fuel cells".encode(), label=f"Contract {number}"
        )
    first = await listed(caller, page_size=2)
    second = await listed(caller, page_size=2, page_token=first.next_page_token)
    third = await listed(caller, page_size=2, page_token=second.next_page_token)
    labels = [item.label for page in (first, second, third) for item in page.contracts]
    assert labels == [f"Contract {number}" for number in (4, 3, 2, 1, 0)]
    assert not third.next_page_token
    narrowed = await listed(
        caller, filter='label : "ract 3" AND state = ACTIVE AND create_time > "2020-01-01"'
    )
    assert [item.label for item in narrowed.contracts] == ["Contract 3"]
    other = listed(caller, page_token=first.next_page_token, filter="state = ACTIVE")
    assert await refusal_of(other) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")


@pytest.mark.parametrize(
    "text",
    ["label =", "label = a OR", "(state = ACTIVE", "state = ACTIVE)", "NOT", "colour = red", "state = FLYING",
     "label < a", 'label = "open', "create_time > soon", "label = a AND", "capacity > many",
     "expiration < soon", "label = '\0'"],
)  # fmt: skip
async def test_a_filter_that_cannot_be_read_says_where(service: Service, refusal_of, text):
    assert await refusal_of(listed(service.someone(), filter=text)) == ("INVALID_ARGUMENT", "FILTER_INVALID")


async def test_a_filters_values_are_only_values(service: Service):
    caller = service.someone()
    await caller.upload(TEXT, label="x")
    found = await listed(caller, filter="""label = "x' OR '1'='1" """)
    assert not found.contracts


def change(name: str, mask: tuple[str, ...] = (), request_id: str = "", **fields: object):
    return contract_service_pb2.UpdateContractRequest(
        contract=contract_pb2.Contract(name=name, **fields),
        update_mask=field_mask_pb2.FieldMask(paths=mask),
        request_id=request_id,
    )


async def test_a_change_keeps_the_rest_and_moves_the_etag(service: Service):
    caller = service.someone()
    before = (await caller.upload(TEXT, label="old", reference_no="R")).contract
    after = await caller.call(
        "UpdateContract", change(before.name, ("label", "tags"), label="new", tags=["a", "b"])
    )
    assert (after.label, list(after.tags), after.reference_no) == ("new", ["a", "b"], "R")
    assert after.etag != before.etag
    unmasked = await caller.call("UpdateContract", change(before.name, office=contract_pb2.OFFICE_KOREA))
    assert (unmasked.label, unmasked.office) == ("new", contract_pb2.OFFICE_KOREA)


async def test_a_stale_etag_is_refused(service: Service, refusal_of):
    caller = service.someone()
    read = (await caller.upload(TEXT)).contract
    await caller.call("UpdateContract", change(read.name, label="one", etag=read.etag))
    stale = caller.call("UpdateContract", change(read.name, label="two", etag=read.etag))
    assert await refusal_of(stale) == ("ABORTED", "ETAG_MISMATCH")
    assert (await get(caller, read.name)).label == "one"


async def test_a_request_id_makes_a_change_once(service: Service, refusal_of):
    caller, request_id = service.someone(), str(uuid4())
    name = (await caller.upload(TEXT)).contract.name
    first = await caller.call("UpdateContract", change(name, request_id=request_id, label="one"))
    await caller.call("UpdateContract", change(name, label="two"))
    assert await caller.call("UpdateContract", change(name, request_id=request_id, label="one")) == first
    assert (await get(caller, name)).label == "two"
    reused = caller.call("UpdateContract", change(name, request_id=request_id, label="three"))
    assert await refusal_of(reused) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("mask", "fields"),
    [(("state",), {}), (("label",), {"label": ""}), ((), {"tags": [""]}), ((), {"label": "x" * 201})],
)
async def test_a_change_that_breaks_a_rule_is_refused(service: Service, refusal_of, mask, fields):
    caller = service.someone()
    name = (await caller.upload(TEXT)).contract.name
    refused = caller.call("UpdateContract", change(name, mask, **fields))
    assert await refusal_of(refused) == ("INVALID_ARGUMENT", "INVALID_FIELD")


async def test_a_deleted_contract_is_gone_from_every_read_and_can_come_again(service: Service, refusal_of):
    caller = service.someone()
    contract = (await caller.upload(TEXT)).contract
    stale = contract_service_pb2.DeleteContractRequest(name=contract.name, etag='"99"')
    assert await refusal_of(caller.call("DeleteContract", stale)) == ("ABORTED", "ETAG_MISMATCH")
    await caller.call("DeleteContract", contract_service_pb2.DeleteContractRequest(name=contract.name))
    assert await refusal_of(get(caller, contract.name)) == ("NOT_FOUND", "NOT_FOUND")
    assert not (await listed(caller)).contracts
    again = await caller.upload(TEXT)
    assert not again.duplicate
    assert again.contract.name != contract.name


async def test_search_finds_words_and_shows_where(service: Service):
    caller = service.someone()
    name = (await caller.upload(TEXT, label="Lakeside")).contract.name
    await caller.upload(b"An unrelated solar maintenance agreement.")
    request = contract_service_pb2.SearchContractsRequest(query='"laws of the State" invoice')
    hits = (await caller.call("SearchContracts", request)).hits
    assert [hit.contract for hit in hits] == [name]
    for passage in hits[0].passages:
        assert AGREEMENT[passage.char_start : passage.char_end] == passage.text
        marked = {passage.text[mark.start : mark.end].lower() for mark in passage.highlights}
        assert marked <= {"law", "laws", "state", "invoice"}  # by stem
        assert marked


async def test_search_stays_within_the_organization_and_takes_any_words(service: Service):
    await service.someone().upload(TEXT)
    stranger = service.someone()
    for query in ("invoice", "the", '"', "-", "a & | ! <-> :*", "'; --"):
        request = contract_service_pb2.SearchContractsRequest(query=query)
        assert not (await stranger.call("SearchContracts", request)).hits


async def test_every_change_is_announced_and_the_outbox_does_not_grow(service: Service, databases, caplog):
    caplog.set_level("INFO", "bloom.events")
    caller = service.someone()
    name = (await caller.upload(TEXT)).contract.name
    await caller.call("UpdateContract", change(name, label="new"))
    postgres = await Postgres.connect(databases.app("contracts"), size=1)
    async with service.working(relay_seconds=0.02):
        async with asyncio.timeout(10):
            while await waiting(postgres, caller.org):  # noqa: ASYNC110 another process may be the relay
                await asyncio.sleep(0.02)
    await postgres.close()
    mine = [record.getMessage() for record in caplog.records if vars(record).get("contract") == name]
    assert mine == ["contract.uploaded", "contract.updated"]


async def waiting(postgres: Postgres, org: UUID) -> int:
    async with postgres.transaction(org) as connection:
        return await connection.fetchval("SELECT count(*) FROM outbox")
