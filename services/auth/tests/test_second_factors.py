"""Codes as second factors: enrolled, asked for, counted, used up, and never to be got around."""

import logging
from base64 import b32encode
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from auth_service.challenges.model import ChallengeToken
from auth_service.factors.secrets import Secrets
from auth_service.keys.wrapping import SECOND_FACTORS, KeyWrap, WrongSecretError
from auth_service.sessions.model import RefreshToken
from bloom.auth.v1 import directory_service_pb2, factor_pb2
from services.auth.tests.second_factors import Factors, SignIn, StepUp, at_once

TOTP, PASSKEY = factor_pb2.FACTOR_KIND_TOTP, factor_pb2.FACTOR_KIND_PASSKEY
RECOVERY = factor_pb2.FACTOR_KIND_RECOVERY_CODE
PARALLEL = 20


@pytest.fixture
async def app(owner):
    return await Factors(owner).add_totp()


@pytest.fixture
def sign_in(mesh):
    return SignIn(mesh)


async def sessions_of(mesh, owner) -> int:
    rows = await mesh.rows("SELECT FROM sessions WHERE org_id = $1 AND ended_at IS NULL", owner.org_id)
    return len(rows)


async def refusals_of(mesh, owner) -> list[str]:
    events = await mesh.audited(owner.org_id)
    return [event["detail"]["why"] for event in events if event["action"] == "factor.refused"]


async def test_a_sign_in_takes_two_steps(mesh, owner, app, sign_in):
    challenge = await sign_in.asked(owner)
    assert list(challenge.factors) == [TOTP, RECOVERY]
    assert not challenge.HasField("passkey_options")
    answer = await sign_in.complete(challenge, totp_code=await app.fresh())
    claims = await mesh.claims(answer.tokens.access_token)
    assert answer.user.name == claims["sub"] == owner.name
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert abs(claims["auth_time"] - claims["iat"]) <= 1
    assert (await mesh.actions(owner.org_id))[-2:] == ["session.asked", "session.began"]


async def test_a_factor_that_was_not_confirmed_asks_nobody(mesh, owner, refusal):
    app = await Factors(owner).start_totp()
    refused = await refusal(Factors(owner).confirm_totp(app, app.wrong()))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert not (await Factors(owner).listed()).factors
    assert (await mesh.claims((await mesh.login(owner.email)).access_token))["amr"] == ["pwd"]
    await mesh.rows(
        "UPDATE factors SET created_at = now() - interval '11 min' WHERE org_id = $1", owner.org_id
    )
    assert (await refusal(Factors(owner).confirm_totp(app, app.code()))).reason_name == "NOT_FOUND"


async def test_a_code_works_once(mesh, owner, app, sign_in, refusal):
    used_to_confirm = app.code()
    refused = await refusal(sign_in.complete(await sign_in.asked(owner), totp_code=used_to_confirm))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    code = await app.fresh()
    await sign_in.complete(await sign_in.asked(owner), totp_code=code)
    for _ in range(2):
        refused = await refusal(sign_in.complete(await sign_in.asked(owner), totp_code=code))
        assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert set(await refusals_of(mesh, owner)) == {"code used before"}


async def test_a_code_works_once_for_all_who_come_at_once(mesh, owner, app, sign_in):
    challenges = [await sign_in.asked(owner) for _ in range(8)]
    code, before = await app.fresh(), await sessions_of(mesh, owner)
    went_well, _ = await at_once(sign_in.complete(one, totp_code=code) for one in challenges)
    assert (len(went_well), await sessions_of(mesh, owner)) == (1, before + 1)


async def test_a_challenge_is_answered_once(mesh, owner, app, sign_in, refusal):
    challenge = await sign_in.asked(owner)
    await sign_in.complete(challenge, totp_code=await app.fresh())
    for proof in ({"totp_code": await app.fresh()}, {"recovery_code": app.recovery_codes[0]}):
        assert (await refusal(sign_in.complete(challenge, **proof))).reason_name == "CHALLENGE_INVALID"


async def test_of_many_right_answers_at_once_one_counts(mesh, owner, app, sign_in):
    """Each by a recovery code of its own, so that nothing but the challenge stands in the way."""
    challenge, before = await sign_in.asked(owner), await sessions_of(mesh, owner)
    went_well, refused = await at_once(
        sign_in.complete(challenge, recovery_code=code) for code in app.recovery_codes
    )
    assert (len(went_well), len(refused)) == (1, 9)
    assert await sessions_of(mesh, owner) == before + 1
    assert (await Factors(owner).listed()).recovery_codes_left == 9


async def test_a_challenge_looks_at_five_codes_however_many_come_at_once(mesh, owner, app, sign_in, refusal):
    challenge, wrong = await sign_in.asked(owner), app.wrong()
    _, refused = await at_once(sign_in.complete(challenge, totp_code=wrong) for _ in range(PARALLEL))
    assert len(refused) == PARALLEL
    assert await refusals_of(mesh, owner) == ["code"] * 5
    late = await refusal(sign_in.complete(challenge, totp_code=await app.fresh()))
    assert late.reason_name == "CHALLENGE_INVALID"


async def test_wrong_codes_are_counted_over_all_challenges(start, refusal):
    async with start(second_factor_tries=3) as mesh:
        owner, sign_in = await mesh.register(), SignIn(mesh)
        app = await Factors(owner).add_totp()
        passkey = await Factors(owner).add_passkey()
        challenges = [await sign_in.asked(owner) for _ in range(PARALLEL)]
        await at_once(sign_in.complete(one, totp_code=app.wrong()) for one in challenges)
        assert await refusals_of(mesh, owner) == ["code"] * 3
        code = await app.fresh()
        for proof in ({"totp_code": code}, {"recovery_code": app.recovery_codes[0]}):
            locked = await refusal(sign_in.complete(await sign_in.asked(owner), **proof))
            assert locked.reason_name == "SIGN_IN_THROTTLED"
            assert locked.retry_after.total_seconds() > 30
        stepping = await refusal(StepUp(owner).by(totp_code=code))
        assert stepping.reason_name == "SIGN_IN_THROTTLED"
        assert await sign_in.by_passkey(await sign_in.asked(owner), passkey), "nobody guesses a signature"
        request = directory_service_pb2.UnlockUserRequest(name=owner.name)
        await mesh.directory.UnlockUser(request, metadata=owner.metadata)
        assert await sign_in.complete(await sign_in.asked(owner), totp_code=code)


async def test_right_codes_forgive_wrong_ones(start, refusal):
    async with start(second_factor_tries=3) as mesh:
        owner, sign_in = await mesh.register(), SignIn(mesh)
        app = await Factors(owner).add_totp()
        for _ in range(3):
            for _ in range(2):
                await refusal(sign_in.complete(await sign_in.asked(owner), totp_code=app.wrong()))
            assert await sign_in.complete(await sign_in.asked(owner), totp_code=await app.fresh())


async def test_a_password_alone_makes_no_address_familiar(start, refusal):
    """Else a thief of the password would be counted apart from strangers."""
    async with start(sign_in_tries=3) as mesh:
        owner, sign_in = await mesh.register(), SignIn(mesh)
        app = await Factors(owner).add_totp()
        notes = "SELECT FROM sign_in_tries WHERE ends_at > now() + interval '20 days'"
        before = len(await mesh.rows(notes))
        challenge = await sign_in.asked(owner)
        assert len(await mesh.rows(notes)) == before
        await sign_in.complete(challenge, totp_code=await app.fresh())
        assert len(await mesh.rows(notes)) == before + 1


async def test_a_challenge_belongs_to_its_account(mesh, owner, app, sign_in, refusal):
    other = await mesh.register()
    theirs = await Factors(other).add_totp()
    for proof in ({"totp_code": await theirs.fresh()}, {"recovery_code": theirs.recovery_codes[0]}):
        refused = await refusal(sign_in.complete(await sign_in.asked(owner), **proof))
        assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert (await Factors(other).listed()).recovery_codes_left == 10


@pytest.mark.parametrize("change", ["secret", "id", "organization", "garbage", "refresh token"])
async def test_a_challenge_that_was_never_given_is_refused(mesh, owner, app, sign_in, refusal, change):
    token = ChallengeToken.parse((await sign_in.asked(owner)).token)
    forged = {
        "secret": replace(token, secret=bytes(32)).encoded(),
        "id": replace(token, id=uuid4()).encoded(),
        "organization": replace(token, org_id=uuid4()).encoded(),
        "garbage": "bch_é",
        "refresh token": owner.refresh_token,
    }[change]
    refused = await refusal(sign_in.complete(forged, totp_code=await app.fresh()))
    assert refused.reason_name == "CHALLENGE_INVALID"


async def test_a_challenge_ends_after_five_minutes(mesh, owner, app, sign_in, refusal):
    challenge = await sign_in.asked(owner)
    (row,) = await mesh.rows(
        "SELECT expires_at - now() AS left FROM challenges WHERE org_id = $1", owner.org_id
    )
    assert 290 < row["left"].total_seconds() <= 300
    await mesh.rows("UPDATE challenges SET expires_at = now() WHERE org_id = $1", owner.org_id)
    refused = await refusal(sign_in.complete(challenge, totp_code=await app.fresh()))
    assert refused.reason_name == "CHALLENGE_INVALID"
    await sign_in.asked(owner)
    assert len(await mesh.rows("SELECT FROM challenges WHERE org_id = $1", owner.org_id)) == 1


async def test_a_challenge_is_good_for_its_purpose_alone(mesh, owner, app, sign_in, refusal):
    passkey = await Factors(owner).add_passkey()
    stepping, enrolling = await StepUp(owner).asked(), await Factors(owner).start_passkey()
    for token in (stepping.token, enrolling.challenge_token):
        refused = await refusal(sign_in.complete(token, totp_code=await app.fresh()))
        assert refused.reason_name == "CHALLENGE_INVALID"
    asked = await sign_in.asked(owner)
    proof = {
        "passkey": passkey.get({"challenge": asked.passkey_options["challenge"]}),
        "challenge_token": asked.token,
    }
    assert (await refusal(StepUp(owner).by(**proof))).reason_name == "CHALLENGE_INVALID"


async def test_before_the_second_step_there_is_nothing_to_go_on_with(mesh, owner, app, sign_in, refusal):
    before = await sessions_of(mesh, owner)
    challenge = await sign_in.asked(owner)
    token = ChallengeToken.parse(challenge.token)
    assert await sessions_of(mesh, owner) == before
    as_refresh = RefreshToken(token.org_id, token.id, token.secret).encoded()
    for text in (challenge.token, as_refresh):
        assert (await refusal(mesh.refresh(text))).reason_name == "TOKEN_INVALID"
        assert (await refusal(replace(owner, access_token=text).me())).reason_name == "TOKEN_INVALID"
        refused = await refusal(mesh.exchange(owner.name, owner.organization, text))
        assert refused.reason_name == "TOKEN_INVALID"
    assert (await refusal(mesh.issue(owner.name, challenge.token))).reason_name == "CREDENTIALS_INVALID"


@pytest.mark.parametrize("change", ["disabled", "roles"])
async def test_who_lost_access_since_he_was_asked_stays_out(mesh, owner, refusal, role, change):
    member, sign_in = await mesh.member(owner, role.VIEWER), SignIn(mesh)
    app = await Factors(member).add_totp()
    challenge = await sign_in.asked(member)
    user = await owner.get_user(member.name)
    user.disabled = change == "disabled"
    user.roles[:] = [role.LEGAL]
    await owner.update_user(user, change)
    refused = await refusal(sign_in.complete(challenge, totp_code=await app.fresh()))
    assert refused.reason_name == "CHALLENGE_INVALID"


async def test_a_recovery_code_works_once(mesh, owner, app, sign_in, refusal):
    code = app.recovery_codes[3]
    answer = await sign_in.complete(await sign_in.asked(owner), recovery_code=code.lower().replace("-", " "))
    assert (await mesh.claims(answer.tokens.access_token))["amr"] == ["pwd", "otp", "mfa"]
    refused = await refusal(sign_in.complete(await sign_in.asked(owner), recovery_code=code))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert (await Factors(owner).listed()).recovery_codes_left == 9
    assert "recovery_code.used" in await mesh.actions(owner.org_id)


async def test_a_recovery_code_works_once_for_all_who_come_at_once(mesh, owner, app, sign_in):
    challenges = [await sign_in.asked(owner) for _ in range(8)]
    code = app.recovery_codes[0]
    went_well, _ = await at_once(sign_in.complete(one, recovery_code=code) for one in challenges)
    assert len(went_well) == 1


async def test_new_recovery_codes_end_the_old_ones(mesh, owner, app, sign_in, refusal):
    codes = await Factors(owner).new_codes()
    assert len(set(codes) - set(app.recovery_codes)) == 10
    refused = await refusal(sign_in.complete(await sign_in.asked(owner), recovery_code=app.recovery_codes[0]))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert await sign_in.complete(await sign_in.asked(owner), recovery_code=codes[0])


async def test_recovery_codes_stand_for_a_factor(owner, refusal):
    refused = await refusal(Factors(owner).new_codes())
    assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "NO_FACTOR"})


async def test_the_first_factor_ends_the_sessions_that_were_begun_without(mesh, owner, refusal):
    other = await mesh.login(owner.email)
    first = await Factors(owner).add_totp()
    assert len(first.recovery_codes) == 10
    assert (await refusal(mesh.refresh(other.refresh_token))).reason_name == "TOKEN_INVALID"
    own = await mesh.refresh(owner.refresh_token)
    assert (await mesh.claims(own.access_token))["amr"] == ["pwd", "otp", "mfa"]
    second = await Factors(owner).add_totp()
    assert second.recovery_codes == ()
    assert await mesh.refresh(own.refresh_token)
    assert (await Factors(owner).listed()).recovery_codes_left == 10


async def test_a_removed_factor_opens_nothing_and_the_last_takes_the_codes_along(
    mesh, owner, app, sign_in, refusal
):
    second = await Factors(owner).add_totp()
    await Factors(owner).delete(app.name)
    refused = await refusal(sign_in.complete(await sign_in.asked(owner), totp_code=await app.fresh()))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    late = await sign_in.asked(owner)
    await Factors(owner).delete(second.name)
    for proof in ({"totp_code": second.code()}, {"recovery_code": app.recovery_codes[0]}):
        assert (await refusal(sign_in.complete(late, **proof))).reason_name == "SECOND_FACTOR_INVALID"
    listed = await Factors(owner).listed()
    assert (list(listed.factors), listed.recovery_codes_left) == ([], 0)
    assert await mesh.login(owner.email)
    assert (await mesh.actions(owner.org_id)).count("factor.deleted") == 2


async def test_factors_are_their_persons_own(mesh, owner, app, refusal, role):
    colleague, stranger = await mesh.member(owner, role.OWNER), await mesh.register()
    key = await mesh.with_key((await owner.create_key("USERS_WRITE")).key)
    for caller in (colleague, stranger, key):
        listed = await Factors(caller).listed()
        assert (list(listed.factors), listed.recovery_codes_left) == ([], 0)
        assert (await refusal(Factors(caller).delete(app.name))).reason_name == "NOT_FOUND"
        assert (await refusal(Factors(caller).confirm_totp(app, app.code()))).reason_name == "NOT_FOUND"
    (factor,) = (await Factors(owner).listed()).factors
    assert (factor.name, factor.kind, factor.display_name) == (app.name, TOTP, "Telephone")


async def test_a_program_and_a_key_have_no_factors(mesh, owner, refusal, role):
    account = await owner.create_service_account(role.ADMIN)
    token = (await mesh.issue(account.client_id, account.client_secret)).access_token
    program = replace(owner, access_token=token)
    key = await mesh.with_key((await owner.create_key("USERS_WRITE")).key)
    for caller in (program, key):
        factors = Factors(caller)
        for call in (factors.start_totp(), factors.start_passkey(), factors.new_codes()):
            refused = await refusal(call)
            assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "NO_SESSION"})
        for call in (StepUp(caller).asked(), StepUp(caller).by(password=owner.password)):
            assert (await refusal(call)).reason_name == "STATE_FORBIDS"


async def test_nobody_has_more_than_ten(owner, refusal):
    for _ in range(10):
        await Factors(owner).start_totp()
    for call in (Factors(owner).start_totp(), Factors(owner).start_passkey()):
        refused = await refusal(call)
        assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "FULL"})


async def test_secrets_are_written_down_nowhere(mesh, owner, sign_in, refusal, caplog):
    with caplog.at_level(logging.DEBUG):
        app = await Factors(owner).add_totp()
        wrong = await refusal(sign_in.complete(await sign_in.asked(owner), totp_code=app.wrong()))
        challenge, code = await sign_in.asked(owner), await app.fresh()
        answer = await sign_in.complete(challenge, totp_code=code)
        recovering = await sign_in.asked(owner)
        await sign_in.complete(recovering, recovery_code=app.recovery_codes[0])
    seen = str([vars(record) for record in caplog.records]) + wrong.message + str(wrong.metadata)
    for table in ("audit_events", "factors", "recovery_codes", "challenges", "sessions", "outbox"):
        seen += str([dict(row) for row in await mesh.rows(f"SELECT * FROM {table}")])
    token = ChallengeToken.parse(challenge.token)
    secrets = {
        str(app.secret), app.secret.hex(), b32encode(app.secret).decode(), challenge.token, recovering.token,
        str(token.secret), answer.tokens.access_token, answer.tokens.refresh_token, *app.recovery_codes,
    }  # fmt: skip
    assert "factor.added" in seen
    assert not [secret for secret in secrets if secret in seen]
    assert not [secret for secret in secrets if secret in repr(token)]
    messages = str([record.getMessage() for record in caplog.records])
    assert code not in messages


def test_a_wrapped_secret_opens_in_its_place_for_its_purpose():
    word = SecretStr("x" * 32)
    org, place = uuid4(), uuid4()
    secrets = Secrets(KeyWrap(word, SECOND_FACTORS))
    kept = secrets.wrapped(org, place, b"secret")
    assert secrets.unwrapped(org, kept) == b"secret"
    assert b"secret" not in kept.wrapped
    for other, where, moved in (
        (secrets, uuid4(), kept),
        (secrets, org, replace(kept, id=uuid4())),
        (Secrets(KeyWrap(word)), org, kept),
        (Secrets(KeyWrap(SecretStr("y" * 32), SECOND_FACTORS)), org, kept),
    ):
        with pytest.raises(WrongSecretError):
            other.unwrapped(where, moved)


async def test_a_refresh_keeps_how_and_when(mesh, owner, app, sign_in):
    answer = await sign_in.complete(await sign_in.asked(owner), totp_code=await app.fresh())
    session = (await mesh.claims(answer.tokens.access_token))["sid"]
    await mesh.rows(
        "UPDATE sessions SET authenticated_at = authenticated_at - interval '1 h' WHERE id = $1::text::uuid",
        session,
    )
    first = await mesh.claims(answer.tokens.access_token)
    pair = await mesh.refresh(answer.tokens.refresh_token)
    again = await mesh.refresh((await mesh.refresh(pair.refresh_token)).refresh_token)
    for token in (pair.access_token, again.access_token):
        claims = await mesh.claims(token)
        assert (claims["amr"], claims["auth_time"]) == (["pwd", "otp", "mfa"], first["auth_time"] - 3600)


async def test_a_session_of_before_was_begun_by_a_password(mesh, owner):
    """As its row looks after the migration."""
    await mesh.rows(
        """UPDATE sessions SET authenticated_at = NULL, amr = DEFAULT, created_at = now() - interval '1 day'
           WHERE org_id = $1""",
        owner.org_id,
    )
    claims = await mesh.claims((await mesh.refresh(owner.refresh_token)).access_token)
    assert claims["amr"] == ["pwd"]
    assert 86_390 < claims["iat"] - claims["auth_time"] < 86_410


async def test_an_exchanged_token_says_nothing_of_how(mesh, owner, app):
    workload = (await mesh.issue("contracts", "only-contracts-knows-this-one")).access_token
    claims = await mesh.claims((await mesh.exchange(owner.name, owner.organization, workload)).access_token)
    assert not {"amr", "auth_time", "sid"} & set(claims)


def test_a_token_of_a_challenge_comes_back():
    token = ChallengeToken.new(UUID(int=1), UUID(int=2))
    assert ChallengeToken.parse(token.encoded()) == token
    for text in (
        "",
        "bch_",
        "bch_" + "=" * 8,
        token.encoded()[4:],
        token.encoded() + "AA",
        "bch_" + "é" * 86,
    ):
        assert ChallengeToken.parse(text) is None
    assert token.for_passkey not in (token.hash, token.secret)
