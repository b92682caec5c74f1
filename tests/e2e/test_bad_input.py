"""Bad input: a clear JSON error with its reason, and nothing lost or kept."""

import io
import time
import uuid
import zipfile
import zlib

import httpx
import pytest

from sample import variants
from tests.support.client import PASSWORD, WebClient, reason

TEXT = b"An agreement about fuel cells. The initial term shall be ten (10) years."


def docx_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b" " * 300_000_000)
    return packed.getvalue()


def pdf_bomb() -> bytes:
    stream = zlib.compress(zlib.compress(b"BT /F1 9 Tf (x) Tj ET " * 20_000_000, 9), 9)
    objects = [
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj",
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj",
        b"4 0 obj<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream" % len(stream),
    ]
    return b"%PDF-1.7\n" + b"\n".join(
        [*objects, stream, b"endstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"]
    )


@pytest.mark.parametrize(
    ("content", "filename", "expected"),
    [
        (b"", "a.txt", {"DOCUMENT_EMPTY"}),
        (TEXT, "a.pdf", {"DOCUMENT_TYPE_MISMATCH"}),
        (b"MZ\x90\x00" + b"\x00\x01\x02" * 99, "a.exe", {"DOCUMENT_TYPE_UNSUPPORTED"}),
        (variants.encrypted_pdf(), "a.pdf", {"DOCUMENT_ENCRYPTED"}),
        (variants.truncated_pdf(), "a.pdf", {"DOCUMENT_CORRUPT"}),
        (docx_bomb(), "a.docx", {"DOCUMENT_BOMB"}),
        (pdf_bomb(), "a.pdf", {"DOCUMENT_BOMB", "DOCUMENT_TIMEOUT"}),
    ],
    ids=["empty", "mislabelled", "unknown", "encrypted", "truncated", "docx bomb", "pdf bomb"],
)
def test_a_file_that_cannot_be_read_is_refused_and_not_kept(owner, content, filename, expected):
    answer = owner.send(content, filename)
    assert answer.status_code == 400
    assert reason(answer) in expected
    assert owner.get("/v1/contracts").json()["contracts"] == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(owner):
    answer = owner.send(b"x" * (51 * 1024 * 1024), "a.txt")
    assert answer.status_code == 413
    assert reason(answer) == "DOCUMENT_TOO_LARGE"


def test_a_scan_is_read_by_ocr_and_says_so(owner):
    contract = owner.upload(variants.scanned_pdf(), "scan.pdf")
    assert contract["document"]["text_state"] == "TEXT_STATE_OCR"
    assert contract["document"]["word_count"] > 100


def test_a_picture_without_words_is_kept_and_told_plainly(owner):
    contract = owner.upload(variants.pictured_pdf(), "picture.pdf")
    assert contract["document"]["text_state"] == "TEXT_STATE_NEEDS_OCR"
    refused = owner.post(f"/v1/{contract['name']}:analyze", {})
    assert (refused.status_code, reason(refused)) == (400, "DOCUMENT_NEEDS_OCR")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"email": ', "MALFORMED_JSON"),
        (b"[1, 2]", "MALFORMED_JSON"),
        (b'{"email": "a@b.co", "pasword": "x"}', "UNKNOWN_FIELD"),
        (b'{"email": "a@b.co"}', "INVALID_FIELD"),
    ],
)
def test_json_that_is_not_the_request_is_refused(url, body, expected):
    answer = httpx.post(f"{url}/v1/auth:login", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert reason(answer) == expected


def test_a_wrong_password_and_an_unknown_e_mail_answer_alike(owner):
    email = owner.get("/v1/me").json()["email"]
    wrong = owner.post("/v1/auth:login", {"email": email, "password": "not the password"})
    unknown = owner.post("/v1/auth:login", {"email": "nobody@example.com", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert reason(wrong) == "CREDENTIALS_INVALID"


def test_another_organizations_contract_is_missing(url, owner):
    theirs = WebClient.register(url).upload(TEXT)["name"]
    foreign, missing = owner.get(f"/v1/{theirs}"), owner.get(f"/v1/contracts/{uuid.uuid4()}")
    assert foreign.status_code == missing.status_code == 404
    assert reason(foreign) == reason(missing) == "NOT_FOUND"


def test_tokens_that_are_not_good_are_refused(url, owner):
    head, body, tail = owner.token.split(".")
    for token in ("", "nonsense", f"{head}.{body}.{tail[::-1]}", f"{head}.{body[::-1]}.{tail}"):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = httpx.get(f"{url}/v1/contracts", headers=headers)
        assert answer.status_code == 401
        assert reason(answer) in {"TOKEN_MISSING", "TOKEN_INVALID"}


def test_a_stale_etag_and_a_reused_request_id_are_refused(owner):
    contract = owner.upload(TEXT)
    path, request_id = f"/v1/{contract['name']}", str(uuid.uuid4())
    first = owner.http.patch(
        path, json={"label": "one", "etag": contract["etag"]}, params={"request_id": request_id}
    )
    assert first.raise_for_status().json()["label"] == "one"
    again = owner.http.patch(
        path, json={"label": "one", "etag": contract["etag"]}, params={"request_id": request_id}
    )
    assert again.json() == first.json()
    stale = owner.http.patch(path, json={"label": "two", "etag": contract["etag"]})
    assert (stale.status_code, reason(stale)) == (409, "ETAG_MISMATCH")
    reused = owner.http.patch(path, json={"label": "three"}, params={"request_id": request_id})
    assert (reused.status_code, reason(reused)) == (409, "REQUEST_ID_REUSED")


def test_an_upload_that_breaks_off_leaves_nothing(owner):
    def pieces():
        yield TEXT
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        owner.http.post(
            "/v1/contracts:upload",
            params={"filename": "a.txt"},
            content=pieces(),
            headers={"content-type": "text/plain"},
        )
    end = time.monotonic() + 1
    while time.monotonic() < end and not owner.get("/v1/contracts").json()["contracts"]:
        time.sleep(0.1)
    assert owner.get("/v1/contracts").json()["contracts"] == []
