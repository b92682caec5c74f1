"""Codes, recovery codes, and the words for what was shown: the rules alone."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from auth_service.factors import recovery, totp
from auth_service.tokens.authentication import CODE, DEVICE_KEY, PASSWORD, SYNCED_KEY, together

# RFC 6238, appendix B, the last six digits.
SECRET = b"12345678901234567890"
VECTORS = {
    59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037",
    20000000000: "353130",
}  # fmt: skip
ORG, USER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(("moment", "expected"), VECTORS.items())
def test_codes_are_those_of_the_standard(moment, expected):
    assert totp.code(SECRET, totp.step_at(moment)) == expected
    assert totp.matching(SECRET, expected, moment) == (moment // 30,)


def test_a_code_of_the_step_before_or_after_is_taken_and_no_other():
    now = 1_000_000
    taken = [
        steps for steps in range(-4, 5) if totp.matching(SECRET, totp.code(SECRET, now + steps), now * 30)
    ]
    assert taken == [-1, 0, 1]


def test_an_app_reads_the_address():
    parts = urlsplit(totp.uri(SECRET, "ada@mail.example"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Bloom%3Aada%40mail.example")
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": ["Bloom"], "algorithm": ["SHA1"],
        "digits": ["6"], "period": ["30"],
    }  # fmt: skip


def test_recovery_codes_are_ten_of_eighty_bits():
    codes = recovery.new_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ-")


def test_a_recovery_code_may_be_written_as_people_do():
    stored = recovery.digest(ORG, USER, "10AB-CDEF-GHJK-MNPQ")
    for written in ("10ab cdef ghjk mnpq", "loABCDEFGHJKMNPQ", "Io-ab-cd-ef-gh-jk-mn-pq"):
        assert recovery.digest(ORG, USER, written) == stored
    assert recovery.digest(ORG, USER, "10AB-CDEF-GHJK-MNPR") != stored


def test_equal_recovery_codes_of_two_people_do_not_show():
    digests = {
        recovery.digest(org, user, "10AB-CDEF-GHJK-MNPQ") for org in (ORG, USER) for user in (ORG, USER)
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([PASSWORD], ("pwd",)),
        ([PASSWORD, CODE], ("pwd", "otp", "mfa")),
        ([CODE, PASSWORD], ("pwd", "otp", "mfa")),
        ([PASSWORD, DEVICE_KEY], ("pwd", "hwk", "mfa")),
        ([SYNCED_KEY], ("swk", "mfa")),
        ([CODE], ("otp",)),
        ([("pwd", "otp", "mfa"), PASSWORD], ("pwd", "otp", "mfa")),
        ([], ()),
    ],
)
def test_what_was_shown_adds_up_and_is_never_taken_back(shown, expected):
    assert together(*shown) == expected
