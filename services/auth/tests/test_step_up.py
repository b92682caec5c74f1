"""Stepping up: what is dangerous asks once more, and a stolen token cannot answer."""

import asyncio
from dataclasses import replace

import pytest

from bloom.auth.v1 import api_key_service_pb2, auth_pb2, auth_service_pb2, directory_service_pb2
from services.auth.tests.authenticator import Authenticator
from services.auth.tests.second_factors import Factors, SignIn, StepUp, aged, at_once, signed

WORKLOAD_SECRET = "only-contracts-knows-this-one"


def dangerous(caller):
    """A call that asks once more, and does nothing."""
    return caller.update_user(auth_pb2.User(name=caller.name, display_name="Ada"), "display_name")


@pytest.fixture
async def stale(owner):
    return await aged(owner)


async def test_a_fresh_sign_in_counts(mesh, owner):
    assert await dangerous(owner)
    assert await dangerous(await aged(await mesh.login(owner.email), 890))


async def test_a_sign_in_of_long_ago_does_not(mesh, owner, stale, refusal, role):
    account = (await owner.create_service_account(role.VIEWER)).service_account.name
    delete = directory_service_pb2.DeleteServiceAccountRequest(name=account)
    for call in (
        dangerous(stale),
        stale.create_user(role.VIEWER),
        stale.create_service_account(role.VIEWER),
        mesh.directory.DeleteServiceAccount(delete, metadata=stale.metadata),
        stale.create_key("CONTRACTS_READ"),
        Factors(stale).start_totp(),
        Factors(stale).start_passkey(),
        Factors(stale).new_codes(),
    ):
        refused = await refusal(call)
        assert (refused.reason_name, refused.metadata) == ("STEP_UP_REQUIRED", {"max_age_seconds": "900"})
    assert await stale.me()


async def test_the_password_is_shown_once_more(mesh, stale):
    before = await mesh.claims(stale.access_token)
    stepped = await StepUp(stale).by(password=stale.password)
    after = await mesh.claims(stepped.access_token)
    assert (after["sid"], after["sub"], after["amr"]) == (before["sid"], before["sub"], ["pwd"])
    assert after["auth_time"] > before["auth_time"] + 3000
    assert await dangerous(stepped)
    refreshed = replace(stale, access_token=(await mesh.refresh(stale.refresh_token)).access_token)
    assert await dangerous(refreshed)
    assert "session.stepped_up" in await mesh.actions(stale.org_id)


async def test_the_token_of_before_stays_as_it_was(stale, refusal):
    """So whoever has stolen it has nothing of it."""
    await StepUp(stale).by(password=stale.password)
    assert (await refusal(dangerous(stale))).reason_name == "STEP_UP_REQUIRED"


async def test_a_wrong_password_is_counted_like_any_other(start, refusal):
    async with start(sign_in_tries=3) as mesh:
        stale = await aged(await mesh.register())
        stepping = StepUp(stale)
        _, refused = await at_once(stepping.by(password="not-the-password") for _ in range(12))
        assert len(refused) == 12
        assert (await mesh.actions(stale.org_id)).count("session.step_up_refused") == 3
        locked = await refusal(stepping.by(password=stale.password))
        assert locked.reason_name == "SIGN_IN_THROTTLED"


async def test_a_wrong_password_shows_nothing(stale, refusal):
    refused = await refusal(StepUp(stale).by(password="not-the-password"))
    assert refused.reason_name == "CREDENTIALS_INVALID"
    assert (await refusal(dangerous(stale))).reason_name == "STEP_UP_REQUIRED"


async def test_who_has_a_second_factor_shows_that(mesh, owner, refusal):
    app = await Factors(owner).add_totp()
    stale = await aged(owner)
    refused = await refusal(StepUp(stale).by(password=stale.password))
    assert refused.reason_name == "SECOND_FACTOR_REQUIRED"
    code = await app.fresh()
    assert await dangerous(await StepUp(stale).by(totp_code=code))
    assert (await refusal(StepUp(stale).by(totp_code=code))).reason_name == "SECOND_FACTOR_INVALID"
    assert await dangerous(await StepUp(stale).by(recovery_code=app.recovery_codes[0]))
    used = await refusal(StepUp(stale).by(recovery_code=app.recovery_codes[0]))
    assert used.reason_name == "SECOND_FACTOR_INVALID"


async def test_a_factor_that_comes_while_the_password_is_looked_at_is_asked_for(mesh, stale, refusal):
    app = await Factors(await StepUp(stale).by(password=stale.password)).start_totp()
    async with mesh.transaction() as connection:
        await connection.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.create_task(StepUp(stale).by(password=stale.password))
        await mesh.waiting()
        await mesh.rows("UPDATE factors SET confirmed_at = now() WHERE org_id = $1", stale.org_id)
    assert (await refusal(asked)).reason_name == "SECOND_FACTOR_REQUIRED"
    assert await StepUp(stale).by(totp_code=app.code())


async def test_a_factor_is_not_removed_by_a_stolen_token(mesh, owner, refusal):
    app = await Factors(owner).add_totp()
    stale = await aged(owner)
    assert (await refusal(Factors(stale).delete(app.name))).reason_name == "STEP_UP_REQUIRED"
    assert (await refusal(Factors(stale).new_codes())).reason_name == "STEP_UP_REQUIRED"
    assert len((await Factors(stale).listed()).factors) == 1
    await Factors(await StepUp(stale).by(totp_code=await app.fresh())).delete(app.name)


async def test_a_passkey_steps_up_by_a_challenge_of_its_own(mesh, owner, refusal):
    passkey = await Factors(owner).add_passkey()
    stale = await aged(owner)
    challenge = await StepUp(stale).asked()
    proof = {"passkey": signed(challenge, passkey), "challenge_token": challenge.token}
    stepped = await StepUp(stale).by(**proof)
    assert await dangerous(stepped)
    assert (await mesh.claims(stepped.access_token))["amr"] == ["pwd", "hwk", "mfa"]
    assert (await refusal(StepUp(stale).by(**proof))).reason_name == "CHALLENGE_INVALID"


async def test_of_many_answers_at_once_one_steps_up(mesh, owner):
    passkey = await Factors(owner).add_passkey(Authenticator(step=0))
    challenge = await StepUp(owner).asked()
    proof = {"passkey": signed(challenge, passkey), "challenge_token": challenge.token}
    went_well, refused = await at_once(StepUp(owner).by(**proof) for _ in range(20))
    assert (len(went_well), len(refused)) == (1, 19)


async def test_a_challenge_of_another_steps_nobody_up(mesh, owner, refusal, role):
    member, stranger = await mesh.member(owner, role.OWNER), await mesh.register()
    passkey = await Factors(owner).add_passkey()
    for other in (member, stranger):
        theirs = await Factors(other).add_passkey()
        challenge = await StepUp(other).asked()
        proof = {"passkey": signed(challenge, passkey), "challenge_token": challenge.token}
        assert (await refusal(StepUp(owner).by(**proof))).reason_name == "CHALLENGE_INVALID"
        own = await StepUp(owner).asked()
        proof = {"passkey": signed(own, theirs), "challenge_token": own.token}
        assert (await refusal(StepUp(owner).by(**proof))).reason_name == "SECOND_FACTOR_INVALID"


async def test_without_a_factor_there_is_no_challenge(owner, refusal):
    refused = await refusal(StepUp(owner).asked())
    assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "NO_FACTOR"})


async def test_what_was_shown_is_never_taken_back(mesh, owner):
    app = await Factors(owner).add_totp()
    passkey = await Factors(owner).add_passkey()
    sign_in = SignIn(mesh)
    alone = await sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey)
    stepped = await StepUp(replace(owner, access_token=alone.tokens.access_token)).by(
        totp_code=await app.fresh()
    )
    kept = await mesh.refresh(alone.tokens.refresh_token)
    for token in (stepped.access_token, kept.access_token):
        assert (await mesh.claims(token))["amr"] == ["otp", "hwk", "mfa"]


async def test_a_session_that_is_over_steps_up_nowhere(mesh, owner, refusal):
    app = await Factors(owner).add_totp()
    await mesh.logout(owner.refresh_token)
    for proof in ({"password": owner.password}, {"totp_code": await app.fresh()}):
        assert (await refusal(StepUp(owner).by(**proof))).reason_name == "TOKEN_INVALID"
    assert (await refusal(StepUp(owner).asked())).reason_name == "TOKEN_INVALID"


async def test_programs_pass_and_who_acts_in_a_persons_name_does_not(mesh, owner, refusal, role):
    """A service account and a key were made by somebody who had just shown who he is."""
    account = await owner.create_service_account(role.ADMIN)
    pair = await mesh.issue(account.client_id, account.client_secret)
    program = replace(owner, access_token=pair.access_token)
    assert await program.create_service_account(role.VIEWER)
    key = await mesh.with_key((await owner.create_key("SERVICEACCOUNTS_WRITE", "CONTRACTS_READ")).key)
    permitted = (await refusal(key.create_service_account(role.ADMIN))).reason_name
    assert permitted == "PERMISSION_DENIED", "a part of what the role grants is not the key's"
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    exchanged = await mesh.exchange(owner.name, owner.organization, workload)
    refused = await refusal(dangerous(replace(owner, access_token=exchanged.access_token)))
    assert refused.reason_name == "STEP_UP_REQUIRED"
    assert (
        await refusal(StepUp(replace(owner, access_token=exchanged.access_token)).asked())
    ).reason_name == ("STATE_FORBIDS")


async def test_a_stale_token_makes_no_key_that_would_pass(mesh, stale, refusal):
    request = api_key_service_pb2.CreateApiKeyRequest(owner=stale.name, display_name="x", scopes=[3])
    refused = await refusal(mesh.api_keys.CreateApiKey(request, metadata=stale.metadata))
    assert refused.reason_name == "STEP_UP_REQUIRED"


@pytest.mark.parametrize(
    "given",
    [{}, {"password": "x", "challenge_token": "x"}, {"passkey": {}}, {"totp_code": "12345"},
     {"totp_code": "12345a"}, {"totp_code": "１２３４５６"}, {"recovery_code": ""}],
)  # fmt: skip
async def test_a_proof_is_whole(mesh, owner, refusal, given):
    request = auth_service_pb2.StepUpRequest(**given)
    refused = await refusal(mesh.auth.StepUp(request, metadata=owner.metadata))
    assert refused.reason_name == "INVALID_FIELD"
