"""Login: the same answer and the same work for every cause, and a record of each try."""

from uuid import UUID

import argon2
import pytest

from bloom.auth.v1 import auth_service_pb2

WRONG = "not-the-password-at-all"
NOBODY = "nobody@mail.example"


async def test_the_email_may_be_written_in_any_case(mesh, owner):
    assert (await mesh.login(owner.email.upper())).name == owner.name


async def test_unknown_email_and_wrong_password_answer_alike_and_work_alike(mesh, owner, refusal, work):
    work.clear()
    unknown = await refusal(mesh.login(NOBODY, WRONG))
    for_unknown = dict(work)
    work.clear()
    wrong = await refusal(mesh.login(owner.email, WRONG))
    assert (unknown.reason_name, unknown.message, unknown.metadata) == (
        wrong.reason_name, wrong.message, wrong.metadata,
    )  # fmt: skip
    assert unknown.reason_name == "CREDENTIALS_INVALID"
    assert for_unknown == dict(work)
    assert sum(count for what, count in for_unknown.items() if what.startswith("Parameters")) == 1


async def test_a_disabled_user_gets_the_same_answer(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.disabled = True
    user = await owner.update_user(user, "disabled")
    disabled, unknown = await refusal(mesh.login(member.email)), await refusal(mesh.login(NOBODY))
    assert (disabled.reason_name, disabled.message) == (unknown.reason_name, unknown.message)
    user.disabled = False
    await owner.update_user(user, "disabled")
    assert (await mesh.login(member.email)).name == member.name


async def test_a_refused_login_is_in_the_organizations_audit(mesh, owner, refusal):
    await refusal(mesh.login(owner.email, WRONG))
    last = (await mesh.audited(owner.org_id))[-1]
    assert (last["action"], last["resource"], last["actor"]) == ("session.refused", owner.name, "")
    before = len(await mesh.audited(UUID(int=0)))
    await refusal(mesh.login(NOBODY, WRONG))
    installation = await mesh.audited(UUID(int=0))
    assert len(installation) == before + 1
    assert NOBODY not in str(installation)


async def test_a_hash_of_older_parameters_is_renewed(mesh, owner):
    old = argon2.PasswordHasher(1, 8192, 1).hash(owner.password)
    await mesh.rows("UPDATE accounts SET password_hash = $2 WHERE email = $1", owner.email, old)
    await mesh.login(owner.email)
    (row,) = await mesh.rows("SELECT password_hash FROM accounts WHERE email = $1", owner.email)
    assert argon2.extract_parameters(row["password_hash"]) == argon2.Parameters(
        argon2.Type.ID, 19, 16, 32, 2, 19 * 1024, 1
    )
    await mesh.login(owner.email)


async def test_the_password_is_the_same_on_every_keyboard(mesh):
    owner = await mesh.register(password="cafe\u0301-and-a-lantern")
    assert (await mesh.login(owner.email, "caf\u00e9-and-a-lantern")).name == owner.name


@pytest.mark.parametrize(
    ("email", "password"), [("", "x"), ("a@b.example", ""), ("a\x00", "x"), ("a", "x" * 257)]
)
async def test_requests_that_break_the_schema_do_no_work(mesh, refusal, work, email, password):
    work.clear()
    request = auth_service_pb2.LoginRequest(email=email, password=password)
    assert (await refusal(mesh.auth.Login(request))).reason_name == "INVALID_FIELD"
    assert not work


async def test_sessions_past_their_end_are_cleared_with_their_tokens(mesh, owner):
    await mesh.rows("UPDATE sessions SET expires_at = now() - interval '1 s' WHERE org_id = $1", owner.org_id)
    await mesh.login(owner.email)
    for table in ("sessions", "refresh_tokens"):
        assert len(await mesh.rows(f"SELECT FROM {table} WHERE org_id = $1", owner.org_id)) == 1
