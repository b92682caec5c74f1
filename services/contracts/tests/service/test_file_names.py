"""What a file is called by its sender is kept as words, and leads nowhere."""

import hashlib

import pytest

from .conftest import AGREEMENT, Service

PATHS = (
    "../../../../etc/passwd.txt", "/etc/passwd.txt", "..\\..\\windows\\a.txt", "a.txt/../../b.txt",
    "file:///etc/passwd.txt", "a\x00.txt", "a\r\nb.txt",
)  # fmt: skip
NAMES = ("%2e%2e%2fa.txt", "x; rm -rf ~.txt", "\u202etxt.exe.txt", "CON.txt", "..txt", '"><script>.txt')


@pytest.mark.parametrize("filename", PATHS)
async def test_a_path_is_no_name(service: Service, refusal_of, filename: str):
    code, reason = await refusal_of(service.someone().upload(AGREEMENT.encode(), filename))
    assert (code, reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")


@pytest.mark.parametrize("filename", NAMES)
async def test_a_file_is_kept_under_a_name_of_ours(service: Service, filename: str):
    caller = service.someone()
    content = AGREEMENT.encode() + filename.encode()
    document = (await caller.upload(content, filename)).contract.document
    assert document.filename == filename
    kept = service.objects_folder / str(caller.org) / hashlib.sha256(content).hexdigest()
    assert kept.read_bytes() == content
    assert [path for path in kept.parent.iterdir() if path.is_file()] == [kept]
