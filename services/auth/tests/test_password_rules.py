"""Any text of twelve characters or more is a password, is compared whole, and is good until it is changed."""

import pytest

from bloom.auth.v1 import auth_service_pb2

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


def test_the_schema_takes_256_characters():
    field = auth_service_pb2.RegisterOrganizationRequest.DESCRIPTOR.fields_by_name["password"]
    rules = str(field.GetOptions())
    assert "min_len: 12" in rules
    assert "max_len: 256" in rules
