"""Any text of twelve characters or more is a password, is compared whole, and is good until it is changed."""

import contextlib

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from auth_service.passwords.strength import require_strong
from bloom.auth.v1 import auth_service_pb2
from service_runtime.errors import DomainError

LONG = "a lantern for every step of the stairs " * 6


@pytest.mark.parametrize("length", [12, 64, 72, 73, 200])
async def test_every_character_counts(mesh, refusal, length):
    """Also behind the 72nd byte, where bcrypt stops reading."""
    password = ("Quiet-otter/umbrella " + LONG)[:length]
    owner = await mesh.register(password=password)
    assert (await mesh.login(owner.email, password)).name == owner.name
    for other in (password[:-1] + "x", password[:-1], password + "x", password.swapcase(), f" {password}"):
        assert (await refusal(mesh.login(owner.email, other))).reason_name == "CREDENTIALS_INVALID"


@pytest.mark.parametrize(
    "password",
    [
        "violetlampstairs",
        "  spaces at both ends  ",
        "十二文字以上の合言葉です、長い",
        "🦦🌂🪜🦦🌂🪜🌊🪁🧭🪵🦉🧶",
    ],
)
async def test_no_kind_of_character_is_asked_for_or_forbidden(mesh, password):
    owner = await mesh.register(password=password)
    assert (await mesh.login(owner.email, password)).name == owner.name


async def test_a_password_does_not_age(mesh, owner):
    await mesh.rows(
        """UPDATE users SET created_at = created_at - interval '5 years',
                            updated_at = updated_at - interval '5 years' WHERE org_id = $1""",
        owner.org_id,
    )
    assert (await mesh.login(owner.email)).name == owner.name


COMMONEST = FREQUENCY_LISTS["passwords"]


def is_refused(password: str) -> bool:
    with contextlib.suppress(DomainError):
        require_strong(password, email="ann@mail.example", organization="Lakeside Hospital")
        return False
    return True


def test_what_was_leaked_most_often_is_refused():
    """The 30,000 commonest of many leaks: the long ones, and short ones made longer by digits."""
    long_enough = [password for password in COMMONEST if len(password) >= 12]
    assert len(long_enough) > 200
    assert [password for password in long_enough if not is_refused(password)] == []
    extended = [password + "1234567890"[: max(0, 12 - len(password))] for password in COMMONEST[:3000]]
    assert [password for password in extended if not is_refused(password)] == []


@pytest.mark.parametrize(
    "password",
    [
        "Dallas2026!!",
        "q1w2e3r4t5y6u7",
        "iloveyouforever1",
        "Margaret19610704",
    ],
)
def test_what_is_guessed_soon_is_refused(password):
    assert is_refused(password)


def test_a_long_password_is_looked_at_in_no_time():
    """However bad it is to take apart."""
    assert not is_refused("a lantern of otters " * 3 + "qwertyuiop asdf 1234 !@# " * 8)


def test_the_schema_takes_256_characters():
    field = auth_service_pb2.RegisterOrganizationRequest.DESCRIPTOR.fields_by_name["password"]
    rules = str(field.GetOptions())
    assert "min_len: 12" in rules
    assert "max_len: 256" in rules
