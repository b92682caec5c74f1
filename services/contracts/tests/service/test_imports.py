"""Imports: an archive or a folder as one operation, each file with its result; and hostile archives."""

import asyncio
import io
import stat
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import pytest
from google.api import httpbody_pb2
from google.longrunning import operations_pb2

from bloom.contracts.v1 import (
    contract_pb2,
    contract_service_pb2,
    import_service_pb2,
    operation_service_pb2,
)
from contracts_service.extraction.limits import Limits
from contracts_service.fields import GROUPS
from contracts_service.imports.archive.directory import read_directory
from contracts_service.imports.archive.judging import judged
from contracts_service.queue import IMPORT
from service_runtime.errors import DomainError
from service_runtime.errors import Reason as DomainReason

from .archives import archive, encrypted, overlapping, patched, says, twice, with_mode
from .calls import OWN, under
from .conftest import AGREEMENT, TRUTH, Caller, Claude, Service, group_answer, metadata

State = import_service_pb2.ImportFileState
TEXT = b"An agreement about fuel cells, number %d."


def texts(count: int, start: int = 0) -> dict[str, bytes]:
    return {f"signed/{number}.txt": TEXT % number for number in range(start, start + count)}


async def send(who: Caller, content: bytes, **fields: Any) -> operations_pb2.Operation:
    def messages() -> Iterator[import_service_pb2.UploadArchiveRequest]:
        for start in range(0, len(content) or 1, 100_000):
            body = httpbody_pb2.HttpBody(data=content[start : start + 100_000])
            first = {"filename": "contracts.zip", **fields} if start == 0 else {}
            yield import_service_pb2.UploadArchiveRequest(content=body, **first)

    return await who.method("UploadArchive")(messages(), metadata=who.metadata, timeout=60)


def told(operation: operations_pb2.Operation) -> import_service_pb2.ImportMetadata:
    message = import_service_pb2.ImportMetadata()
    operation.metadata.Unpack(message)
    return message


async def files(who: Caller, operation: operations_pb2.Operation, **fields: Any) -> list[Any]:
    name = f"imports/{operation.name.partition('/')[2]}"
    found, token = [], ""
    while True:
        request = import_service_pb2.ListImportFilesRequest(parent=name, page_token=token, **fields)
        page = await who.call("ListImportFiles", request)
        found += page.files
        token = page.next_page_token
        if not token:
            return found


async def finished(who: Caller, operation: operations_pb2.Operation) -> Any:
    done = told(await who.finished(operation.name))
    counts = done.counts
    assert counts.total == counts.imported + counts.duplicate + counts.failed + counts.skipped
    return counts


async def results(service: Service, who: Caller, content: bytes, **fields: Any) -> dict[str, tuple[str, str]]:
    """By path: what became of the file, and why."""
    operation = await send(who, content, **fields)
    async with service.working():
        await finished(who, operation)
    return {
        file.path: (State.Name(file.state).removeprefix("IMPORT_FILE_STATE_"), file.reason)
        for file in await files(who, operation)
    }


async def contracts_of(who: Caller) -> list[Any]:
    answer = await who.call("ListContracts", contract_service_pb2.ListContractsRequest(page_size=100))
    return list(answer.contracts)


async def test_each_file_becomes_a_contract_or_has_a_reason(service: Service):
    who = service.someone()
    known = (await who.upload(TEXT % 0)).contract
    content = archive(
        texts(3)
        | {
            "signed/again.txt": TEXT % 1,
            "signed/empty.txt": b"",
            "signed/program.exe": b"MZ\x90\x00" + bytes(200),
            "__MACOSX/._0.txt": b"junk",
            "signed/.DS_Store": b"junk",
        }
    )
    operation = await send(who, content, defaults={"department": "Legal", "tags": ["2026"], "office": 1})
    assert told(operation).progress_percent == 25
    async with service.working():
        counts = await finished(who, operation)
    assert (counts.imported, counts.duplicate, counts.failed, counts.skipped) == (2, 2, 2, 2)

    by_path = {file.path: file for file in await files(who, operation)}
    assert by_path["signed/0.txt"].state == State.IMPORT_FILE_STATE_DUPLICATE
    assert by_path["signed/0.txt"].contract == known.name
    same = {by_path["signed/1.txt"].contract, by_path["signed/again.txt"].contract}
    assert len(same) == 1
    assert {by_path["signed/1.txt"].state, by_path["signed/again.txt"].state} == {
        State.IMPORT_FILE_STATE_IMPORTED, State.IMPORT_FILE_STATE_DUPLICATE,
    }  # fmt: skip
    assert by_path["signed/empty.txt"].reason == "DOCUMENT_EMPTY"
    assert by_path["signed/empty.txt"].message
    assert by_path["signed/program.exe"].reason == "DOCUMENT_TYPE_UNSUPPORTED"
    made = await who.call("GetContract", contract_service_pb2.GetContractRequest(name=same.pop()))
    assert (made.department, list(made.tags), made.office) == ("Legal", ["2026"], 1)
    assert made.state == contract_pb2.CONTRACT_STATE_ACTIVE
    assert len(await contracts_of(who)) == 3
    assert not list((service.objects_folder / "imports").rglob("*-*-*-*-*/*"))


async def test_files_are_listed_in_pages_and_by_state(service: Service):
    who = service.someone()
    operation = await send(who, archive(texts(5) | {"link.zip": b"PK"}))
    async with service.working():
        await finished(who, operation)
    paged = await files(who, operation, page_size=2)
    assert [file.path for file in paged] == [*texts(5), "link.zip"]
    failed = await files(who, operation, states=[State.IMPORT_FILE_STATE_FAILED])
    assert [file.path for file in failed] == ["link.zip"]


async def test_the_same_request_id_imports_once(service: Service, refusal_of):
    who, content, request_id = service.someone(), archive(texts(2)), str(uuid4())
    first = await send(who, content, request_id=request_id)
    second = await send(who, content, request_id=request_id)
    assert first.name == second.name
    other = send(who, archive(texts(3)), request_id=request_id)
    assert await refusal_of(other) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")
    async with service.working():
        assert (await finished(who, first)).imported == 2


async def test_a_folder_of_the_inbox_is_imported(service: Service, refusal_of):
    who = service.someone()
    inbox = service.objects_folder / "inbox" / str(who.org)
    for path, content in texts(3).items():
        (inbox / "november" / path).parent.mkdir(parents=True, exist_ok=True)
        (inbox / "november" / path).write_bytes(content)
    (service.objects_folder / "inbox" / str(uuid4())).mkdir()
    operation = await who.call(
        "ImportContracts", import_service_pb2.ImportContractsRequest(folder="november")
    )
    async with service.working():
        assert (await finished(who, operation)).imported == 3
    assert (inbox / "november/signed/0.txt").exists()
    for folder in ("december", "novem", "../" + str(uuid4())):
        request = import_service_pb2.ImportContractsRequest(folder=folder)
        assert await refusal_of(who.call("ImportContracts", request)) == (
            "INVALID_ARGUMENT",
            "ARCHIVE_INVALID",
        )


async def test_a_cancelled_import_begins_no_further_file(service: Service):
    who = service.someone()
    operation = await send(who, archive(texts(4)))
    request = operation_service_pb2.CancelOperationRequest(name=operation.name)
    cancelled = await who.call("CancelOperation", request)
    assert cancelled.done
    assert cancelled.error.message
    async with service.working():
        await who.finished(operation.name)
    assert {file.reason for file in await files(who, operation)} == {"IMPORT_CANCELLED"}
    assert not await contracts_of(who)


async def test_whoever_may_not_take_contracts_in_any_more_is_told_by_each_file(service: Service):
    who = service.someone()
    operation = await send(who, archive(texts(2)))
    service.auth.permissions = ("contracts.read",)
    async with service.working():
        assert (await finished(who, operation)).failed == 2
    assert {file.reason for file in await files(who, operation)} == {"PERMISSION_DENIED"}


async def test_imports_are_seen_by_those_who_may_read_all_and_by_whoever_asked(service: Service, refusal_of):
    who = service.someone()
    operation = await send(who, archive(texts(1)))
    colleague = service.someone(who.org, ("contracts.read",))
    assert len(await files(colleague, operation)) == 1
    some = under(service, who.org, OWN)
    name = f"imports/{operation.name.partition('/')[2]}"
    request = import_service_pb2.ListImportFilesRequest(parent=name)
    assert await refusal_of(some.call("ListImportFiles", request)) == ("NOT_FOUND", "NOT_FOUND")
    get = operation_service_pb2.GetOperationRequest(name=operation.name)
    assert await refusal_of(some.call("GetOperation", get)) == ("NOT_FOUND", "NOT_FOUND")
    stranger = service.someone()
    assert await refusal_of(stranger.call("ListImportFiles", request)) == ("NOT_FOUND", "NOT_FOUND")
    listed = await some.call("ListOperations", operation_service_pb2.ListOperationsRequest())
    assert not listed.operations
    own = await send(some, archive(texts(1, 7)))
    listed = await some.call("ListOperations", operation_service_pb2.ListOperationsRequest())
    assert [one.name for one in listed.operations] == [own.name]


async def test_what_comes_in_is_analyzed_when_asked(service: Service):
    who = service.someone()
    content = archive({"a.txt": AGREEMENT.encode(), "b.txt": AGREEMENT.encode()})
    operation = await send(who, content, analysis=import_service_pb2.IMPORT_ANALYSIS_INTERACTIVE)
    async with service.working():
        await finished(who, operation)
        (analyzed,) = [file for file in await files(who, operation) if file.analysis]
        await who.finished(analyzed.analysis)
    values = await who.values(analyzed.contract)
    assert values["term_years"].status == contract_pb2.VALUE_STATUS_VERIFIED
    shown = told(await who.operation(operation.name)).analyses
    assert (shown.requested, shown.done, shown.failed) == (1, 1, 0)


async def test_what_an_import_asked_for_waits_for_an_outage_to_end(service: Service):
    """Hundreds would fail at once otherwise; what somebody looks at fails after its attempts."""
    who, claude = service.someone(), service.claude
    away = DomainError(
        grpc.StatusCode.UNAVAILABLE,
        DomainReason.ERROR_REASON_AI_UNAVAILABLE,
        "Claude is away.",
        retry_after=timedelta(milliseconds=10),
    )
    outage = iter([away] * 4)

    def answer(group: str) -> str:
        if left := next(outage, None):
            raise left
        return group_answer(group, TRUTH)

    claude.answer = answer
    operation = await send(
        who, archive({"a.txt": AGREEMENT.encode()}), analysis=import_service_pb2.IMPORT_ANALYSIS_INTERACTIVE
    )
    async with service.working(analysis_attempts=1):
        await finished(who, operation)
        (file,) = await files(who, operation)
        shown = metadata(await who.finished(file.analysis))
    assert (shown.state, shown.attempts) == (contract_pb2.ANALYSIS_STATE_DONE, 1)


async def test_a_patient_import_asks_in_batches(service: Service):
    """What a batch does not answer is asked one by one; nothing is asked twice."""
    who, claude = service.someone(), service.claude
    claude.batches_end, claude.fails_in_batch = False, frozenset({"term"})
    operation = await send(
        who, archive({"a.txt": AGREEMENT.encode()}), analysis=import_service_pb2.IMPORT_ANALYSIS_PATIENT
    )
    async with service.working():
        await finished(who, operation)
        (file,) = await files(who, operation)
        await _polled(claude, 1)
        etag = await _etag(who, file.contract)
        await _polled(claude, 3)
        assert await _etag(who, file.contract) == etag
        assert not claude.asked
        claude.batches_end = True
        shown = metadata(await who.finished(file.analysis))
    assert shown.state == contract_pb2.ANALYSIS_STATE_DONE
    assert shown.attempts == 1
    (batch,) = claude.batches.values()
    assert len(batch.items) == len(GROUPS)
    assert claude.asked == ["term"]
    values = await who.values(file.contract)
    assert values["governing_law"].status == contract_pb2.VALUE_STATUS_VERIFIED
    assert values["term_years"].status == contract_pb2.VALUE_STATUS_VERIFIED


async def test_a_cancelled_patient_analysis_ends_its_batch(service: Service):
    who, claude = service.someone(), service.claude
    claude.batches_end = False
    operation = await send(
        who, archive({"a.txt": AGREEMENT.encode()}), analysis=import_service_pb2.IMPORT_ANALYSIS_PATIENT
    )
    async with service.working():
        await finished(who, operation)
        (file,) = await files(who, operation)
        await _polled(claude, 1)
        cancel = operation_service_pb2.CancelOperationRequest(name=file.analysis)
        await who.call("CancelOperation", cancel)
        async with asyncio.timeout(20):
            assert [await claude.cancelled_batches.get()] == list(claude.batches)


async def _etag(who: Caller, name: str) -> str:
    contract = await who.call("GetContract", contract_service_pb2.GetContractRequest(name=name))
    return str(contract.etag)


async def _polled(claude: Claude, times: int) -> None:
    """Until the batch was looked for so many times more."""
    while not claude.looks_at_batches.empty():
        claude.looks_at_batches.get_nowait()
    async with asyncio.timeout(20):
        for _ in range(times):
            await claude.looks_at_batches.get()


async def test_two_workers_on_one_turn_end_the_file_once(service: Service, databases):
    """A worker that was only slow is overtaken by the one that took its job over."""
    who = service.someone()
    operation = await send(who, archive(texts(6)))
    owner = await asyncpg.connect(databases.owner("contracts"))
    await owner.execute(
        """INSERT INTO pgqueuer (entrypoint, payload, priority, status)
           SELECT entrypoint, payload, priority, status FROM pgqueuer WHERE entrypoint = $1""",
        IMPORT,
    )
    await owner.close()
    async with service.working(), service.working():
        counts = await finished(who, operation)
    assert (counts.total, counts.imported) == (6, 6)
    assert len(await contracts_of(who)) == 6


# Archives that are refused as a whole; the first word is what the refusal calls the problem.
SOUND = archive(texts(2))
LIST_AT = SOUND.index(b"PK\x01\x02")
WHOLE = {
    "broken: no archive": b"%PDF-1.7 this is none",
    "broken: nothing": b"",
    "broken: cut off": SOUND[:-30],
    "broken: list damaged": SOUND.replace(b"PK\x01\x02", b"PK\x01\x09"),
    "broken: something after it": SOUND + b"x",
    "broken: something before it": b"MZ" + SOUND,
    "broken: list elsewhere": SOUND[:-6] + b"\x00\x00\x00\x00" + SOUND[-2:],
    "broken: entry beyond the list": patched(archive({"a.txt": b"a"}), listed={42: b"\xff\xff\x00\x00"}),
    "bomb: entries overlap": overlapping("a.txt", b"contract"),
    "bomb: too large together": says(archive({"a.txt": b"a"}), 900_000_000),
    "split: of several disks": patched(archive({"a.txt": b"a"}), listed={34: b"\x01\x00"}),
    "empty: none at all": archive({}),
    "empty: only what the computer made": archive({".DS_Store": b"x", "__MACOSX/._a.txt": b"x"}),
    "count: ten thousand": archive({f"{number}.txt": b"" for number in range(10_000)}),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_an_archive_is_refused_as_a_whole(service: Service, refusal_of, name: str):
    who = service.someone()
    refused = send(who, WHOLE[name])
    assert await refusal_of(refused) == ("INVALID_ARGUMENT", "ARCHIVE_INVALID")
    assert not await contracts_of(who)
    assert not list(service.objects_folder.rglob("*-*"))


async def test_an_archive_that_is_too_large_is_refused_while_it_comes(service: Service, refusal_of):
    who = service.someone()
    refused = send(who, bytes(4_000_000))
    assert await refusal_of(refused) == ("INVALID_ARGUMENT", "DOCUMENT_TOO_LARGE")


FINE = ("IMPORTED", "")
REFUSED = ("FAILED", "ARCHIVE_ENTRY_REFUSED")
HOSTILE = {
    "a bomb that lies about its size": (
        says(archive({"a.txt": b"abc " * 100_000}), 100),
        {"a.txt": ("FAILED", "DOCUMENT_BOMB")},
    ),
    "a file that is shorter than it says": (
        says(archive({"a.txt": b"abc"}), 100),
        {"a.txt": ("FAILED", "DOCUMENT_CORRUPT")},
    ),
    "a file that is too large": (
        says(archive({"a.txt": b"abc"}), 3_000_000),
        {"a.txt": ("FAILED", "DOCUMENT_TOO_LARGE")},
    ),
    "other bytes than were packed": (
        patched(archive({"a.txt": b"abc"}), listed={16: b"\0\0\0\0"}),
        {"a.txt": ("FAILED", "DOCUMENT_CORRUPT")},
    ),
    "a header that is none": (
        archive({"a.txt": b"abc"}).replace(b"PK\x03\x04", b"PK\x03\x09"),
        {"a.txt": ("FAILED", "DOCUMENT_CORRUPT")},
    ),
    "ways out": (
        archive({"../../etc/a.txt": TEXT % 1, "a/../../b.txt": TEXT % 2, "fine..txt": TEXT % 3}),
        {"../../etc/a.txt": REFUSED, "a/../../b.txt": REFUSED, "fine..txt": FINE},
    ),
    "absolute names": (
        archive({"/etc/a.txt": TEXT % 1, "C:\\a.txt": TEXT % 2, "x\\y.txt": TEXT % 3}),
        {"/etc/a.txt": REFUSED, "C:/a.txt": REFUSED, "x/y.txt": FINE},
    ),
    "an archive inside": (
        archive({"inner.zip": archive(texts(1)), "fine.txt": TEXT % 1}),
        {"inner.zip": ("FAILED", "DOCUMENT_TYPE_UNSUPPORTED"), "fine.txt": FINE},
    ),
    "an archive inside that says it is text": (
        archive({"inner.txt": archive(texts(1))}),
        {"inner.txt": ("FAILED", "DOCUMENT_TYPE_MISMATCH")},
    ),
    "a link": (with_mode("link.txt", b"/etc/passwd", stat.S_IFLNK | 0o777), {"link.txt": REFUSED}),
    "a device": (with_mode("disk.txt", b"", stat.S_IFBLK | 0o600), {"disk.txt": REFUSED}),
    "a password": (encrypted(archive({"a.txt": b"abc"})), {"a.txt": ("FAILED", "DOCUMENT_ENCRYPTED")}),
    "a packing that is not read": (
        archive({"a.txt": b"abc" * 50}, method=14),
        {"a.txt": REFUSED},
    ),
    "a name that is there twice": (
        twice("same.txt", TEXT % 1, TEXT % 2),
        {"same.txt": REFUSED},
    ),
    "a name that is not UTF-8": (
        archive({"Vertr_ge.txt": TEXT % 1}).replace(b"Vertr_ge", b"Vertr\x84ge"),
        {"Verträge.txt": FINE},
    ),
    "a name that says UTF-8 and is not": (
        archive({"é.txt": TEXT % 1}).replace("é".encode(), b"\xff\xfe"),
        {"": REFUSED},
    ),
    "a name with signs that steer a screen": (
        archive({"a\x1b[2J.txt": TEXT % 1}),
        {"a\N{REPLACEMENT CHARACTER}[2J.txt": REFUSED},
    ),
    "a name that is far too long": (archive({"a" * 300 + ".txt": TEXT % 1}), {"a" * 300 + ".txt": REFUSED}),
    "files that are only stored": (archive(texts(1), method=0), {"signed/0.txt": FINE}),
}  # fmt: skip


def test_a_bomb_is_known_by_its_ratio_before_it_is_unpacked():
    entries = read_directory(io.BytesIO(archive({"a.txt": bytes(10_000_000), "b.txt": b"b"})), 10)
    bomb, fine = judged(entries, Limits(), 2**30)
    assert bomb.verdict
    assert bomb.verdict.reason == "DOCUMENT_BOMB"
    assert fine.verdict is None


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_entry_is_refused_and_the_others_come_in(service: Service, name: str):
    content, expected = HOSTILE[name]
    assert await results(service, service.someone(), content) == expected
