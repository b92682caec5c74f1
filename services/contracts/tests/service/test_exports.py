"""Exports: everything as a ZIP, with a manifest that is true of it."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from google.longrunning import operations_pb2

from bloom.contracts.v1 import export_service_pb2, grid_service_pb2, operation_service_pb2
from contracts_service.documents.objects import Objects
from contracts_service.exports.leftovers import Leftovers
from contracts_service.exports.model import KEPT
from service_runtime.postgres import Postgres

from .archives import archive
from .calls import OWN, under
from .conftest import AGREEMENT, Caller, Service
from .test_imports import send, texts


async def ask(who: Caller, **fields: Any) -> operations_pb2.Operation:
    request = export_service_pb2.ExportContractsRequest(**fields)
    operation: operations_pb2.Operation = await who.call("ExportContracts", request)
    return operation


async def download(who: Caller, operation: operations_pb2.Operation) -> bytes:
    request = export_service_pb2.DownloadExportRequest(name=f"exports/{operation.name.partition('/')[2]}")
    pieces = who.method("DownloadExport")(request, metadata=who.metadata, timeout=60)
    return b"".join([piece.data async for piece in pieces])


def told(operation: operations_pb2.Operation) -> export_service_pb2.ExportResponse:
    message = export_service_pb2.ExportResponse()
    assert operation.response.Unpack(message), operation
    return message


async def exported(
    service: Service, who: Caller, **fields: Any
) -> tuple[export_service_pb2.ExportResponse, zipfile.ZipFile]:
    operation = await ask(who, **fields)
    async with service.working():
        done = told(await who.finished(operation.name))
    content = await download(who, operation)
    assert (len(content), hashlib.sha256(content).hexdigest()) == (done.size_bytes, done.sha256)
    return done, zipfile.ZipFile(io.BytesIO(content))


def files_of(zipped: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest's files by path; each is there as the manifest says, and there is none besides."""
    manifest = json.loads(zipped.read("manifest.json"))
    found = {file["path"]: file for file in manifest["files"]}
    assert set(zipped.namelist()) == {*found, "manifest.json"}
    for path, file in found.items():
        content = zipped.read(path)
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["size_bytes"])
    return found


async def test_an_export_has_files_records_cells_and_proof(service: Service):
    who = service.someone()
    first = (await who.upload(AGREEMENT.encode(), "../../etc/agree\x7fment.txt".replace("/", "_"))).contract
    second = (await who.upload(b"Another agreement.", department="Legal")).contract
    await who.attach(second.name, b"Its next version.", "next.txt")
    async with service.working():
        await who.finished((await who.analyze(first.name)).name)
    word = grid_service_pb2.CorrectCellRequest(
        name=f"{first.name}/fields/term_years", value="16", unit="years", reason="read by me"
    )
    await who.call("CorrectCell", word)
    done, zipped = await exported(service, who)
    assert (done.contract_count, done.file_count, done.problem_count) == (2, 5, 0)

    files = files_of(zipped)
    assert {file["contract"] for file in files.values()} == {first.name, second.name}
    originals = {zipped.read(path) for path in files if "/documents/" in path}
    assert originals == {AGREEMENT.encode(), b"Another agreement.", b"Its next version."}
    assert not any(".." in path.split("/") or path.startswith("/") for path in files)

    known = json.loads(zipped.read(f"{first.name}/contract.json"))
    assert known["contract"]["name"] == first.name
    values = {value["field"]: value for value in known["values"]}
    assert values["term_years"]["value"] == "15"
    assert "fifteen (15) years" in values["term_years"]["evidence"][0]["quote"]
    cells = {cell["name"].rpartition("/")[2]: cell for cell in known["cells"]}
    assert (cells["term_years"]["value"], cells["term_years"]["review_reason"]) == ("16", "read by me")
    assert known["record"]["terms"]
    assert json.loads(zipped.read(f"{second.name}/contract.json"))["contract"]["department"] == "Legal"


async def test_an_import_exports_what_came_in(service: Service):
    who = service.someone()
    async with service.working():
        await who.finished((await send(who, archive(texts(5)))).name)
    _, zipped = await exported(service, who)
    originals = {zipped.read(path) for path in files_of(zipped) if "/documents/" in path}
    assert originals == set(texts(5).values())


async def test_a_filter_and_the_callers_reach_choose(service: Service):
    who = service.someone()
    await who.upload(b"One.", department="Legal")
    sales = (await who.upload(b"Two.", department="Sales")).contract
    _, zipped = await exported(service, who, filter='department = "Sales"')
    assert {file["contract"] for file in files_of(zipped).values()} == {sales.name}

    service.auth.permissions = ()
    service.auth.conditions = ({"perms": ["contracts.read"], **OWN},)
    some = under(service, who.org, OWN)
    own = (await some.upload(b"Three.")).contract
    _, zipped = await exported(service, some)
    assert {file["contract"] for file in files_of(zipped).values()} == {own.name}


async def test_an_export_is_for_whoever_asked_and_whoever_reads_all(service: Service, refusal_of):
    who, org = service.someone(), uuid4()
    await who.upload(b"One.")
    operation = await ask(who)
    assert await refusal_of(download(who, operation)) == ("FAILED_PRECONDITION", "EXPORT_NOT_READY")
    async with service.working():
        await who.finished(operation.name)
    colleague = service.someone(who.org, ("contracts.read",))
    assert await download(colleague, operation) == await download(who, operation)
    for stranger in (service.someone(org), under(service, who.org, OWN)):
        assert await refusal_of(download(stranger, operation)) == ("NOT_FOUND", "NOT_FOUND")
        get = operation_service_pb2.GetOperationRequest(name=operation.name)
        assert await refusal_of(stranger.call("GetOperation", get)) == ("NOT_FOUND", "NOT_FOUND")


async def test_the_manifest_names_files_that_storage_lost_or_changed(service: Service):
    who = service.someone()
    lost, changed = b"This one is lost.", b"This one is changed."
    for content in (lost, changed):
        await who.upload(content)
    folder = service.objects_folder / str(who.org)
    (folder / hashlib.sha256(lost).hexdigest()).unlink()
    (folder / hashlib.sha256(changed).hexdigest()).write_bytes(b"Something else.")
    done, zipped = await exported(service, who)
    assert done.problem_count == 2
    problems = json.loads(zipped.read("manifest.json"))["problems"]
    assert {one["problem"].split(" in storage")[0].split(" from")[0] for one in problems} == {
        "The file is missing", "The file",
    }  # fmt: skip
    files_of(zipped)


async def test_a_cancelled_export_ends(service: Service, refusal_of):
    who = service.someone()
    operation = await ask(who)
    cancel = operation_service_pb2.CancelOperationRequest(name=operation.name)
    assert (await who.call("CancelOperation", cancel)).error.message
    async with service.working():
        await who.finished(operation.name)
    assert await refusal_of(download(who, operation)) == ("FAILED_PRECONDITION", "EXPORT_NOT_READY")


async def test_a_filter_that_is_none_is_refused_at_once(service: Service, refusal_of):
    who = service.someone()
    assert await refusal_of(ask(who, filter="nonsense =")) == ("INVALID_ARGUMENT", "FILTER_INVALID")


async def test_an_export_is_gone_after_its_day(service: Service, refusal_of, databases):
    who = service.someone()
    await who.upload(b"One.")
    operation = await ask(who)
    async with service.working():
        await who.finished(operation.name)
    running = await send(who, archive(texts(1)))
    postgres = await Postgres.connect(databases.app("contracts"), size=2)
    objects = Objects.open(str(service.settings.object_store_url))
    orphan = service.objects_folder / "imports" / str(who.org) / str(uuid4())
    orphan.write_bytes(b"an archive whose import was never written")
    later = datetime.now(UTC) + KEPT + timedelta(hours=2)
    await Leftovers(postgres, objects).sweep()
    assert await download(who, operation)
    await Leftovers(postgres, objects, lambda: later).sweep()
    await postgres.close()
    assert not orphan.exists()
    assert not list((service.objects_folder / "exports").rglob("*/*/1"))
    # The archive of an import that has not ended stays.
    async with service.working():
        done = await who.finished(running.name)
    assert not done.HasField("error")
    owner = await asyncpg.connect(databases.owner("contracts"))
    await owner.execute("SELECT set_config('app.org_id', $1, false)", str(who.org))
    await owner.execute("UPDATE exports SET ended_at = ended_at - interval '25 hours'")
    await owner.close()
    assert await refusal_of(download(who, operation)) == ("FAILED_PRECONDITION", "EXPORT_NOT_READY")
