"""Passkeys: alone and as a second factor, each challenge once, nothing taken that was not signed for us."""

import contextlib
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.factors.model import Passkey
from auth_service.factors.passkeys import BadPasskeyError, RelyingParty, handle, id_of, owner_of
from bloom.auth.v1 import factor_pb2
from services.auth.tests.authenticator import (
    MAY_SYNC,
    PRESENT,
    SYNCED,
    VERIFIED,
    Authenticator,
    b64,
    unb64,
)
from services.auth.tests.second_factors import (
    Factors,
    SignIn,
    at_once,
    options_of,
    signed,
    struct,
)

MANY = 100
LIES = {
    "another page": {"origin": "http://localhost.evil.example"},
    "another port": {"origin": "http://localhost:8443"},
    "another site": {"party": "evil.example"},
    "a frame": {"cross_origin": True},
    "no user verified": {"flags": PRESENT},
    "nobody present": {"flags": VERIFIED},
}
PARTY = RelyingParty("localhost", ("http://localhost",))


@pytest.fixture
def sign_in(mesh):
    return SignIn(mesh)


@pytest.fixture
async def passkey(owner):
    return await Factors(owner).add_passkey()


async def last_refusal(mesh, owner) -> str:
    events = [event for event in await mesh.audited(owner.org_id) if event["action"] == "factor.refused"]
    return events[-1]["detail"]["why"] if events else ""


async def test_a_passkey_is_a_second_factor(mesh, owner, passkey, sign_in):
    challenge = await sign_in.asked(owner)
    assert list(challenge.factors) == [factor_pb2.FACTOR_KIND_PASSKEY, factor_pb2.FACTOR_KIND_RECOVERY_CODE]
    options = options_of(challenge.passkey_options)
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    assert [item["id"] for item in options["allowCredentials"]] == [b64(passkey.id)]
    answer = await sign_in.by_passkey(challenge, passkey)
    claims = await mesh.claims(answer.tokens.access_token)
    assert (claims["sub"], claims["amr"]) == (owner.name, ["pwd", "hwk", "mfa"])


async def test_a_passkey_signs_in_alone(mesh, owner, passkey, sign_in):
    challenge = await sign_in.asked_of_anybody()
    assert not options_of(challenge.passkey_options).get("allowCredentials")
    answer = await sign_in.by_passkey(challenge, passkey)
    claims = await mesh.claims(answer.tokens.access_token)
    assert (answer.user.name, claims["sub"], claims["amr"]) == (owner.name, owner.name, ["hwk", "mfa"])
    assert await mesh.refresh(answer.tokens.refresh_token)


async def test_a_passkey_is_made_to_be_found_and_to_verify_its_user(owner, passkey):
    options = options_of((await Factors(owner).start_passkey()).options)
    asked = options["authenticatorSelection"]
    assert (asked["residentKey"], asked["userVerification"]) == ("required", "required")
    assert options["user"]["id"] == b64(handle(owner.org_id, UUID(owner.name.rpartition("/")[2])))
    assert [item["id"] for item in options["excludeCredentials"]] == [b64(passkey.id)]
    assert options["attestation"] == "none"


async def test_a_synced_passkey_is_held_by_software(mesh, owner, sign_in):
    passkey = await Factors(owner).add_passkey(
        Authenticator(flags=PRESENT | VERIFIED | MAY_SYNC | SYNCED, step=0)
    )
    for _ in range(2):
        answer = await sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey)
    assert (await mesh.claims(answer.tokens.access_token))["amr"] == ["swk", "mfa"]


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "after a password"])
async def test_of_a_hundred_answers_at_once_one_counts(mesh, owner, sign_in, alone):
    """By an authenticator that does not count, so that nothing but the challenge stands in the way."""
    passkey = await Factors(owner).add_passkey(Authenticator(step=0))
    challenge = await sign_in.asked_of_anybody() if alone else await sign_in.asked(owner)
    proof = signed(challenge, passkey)
    went_well, refused = await at_once(sign_in.complete(challenge, passkey=proof) for _ in range(MANY))
    assert (len(went_well), len(refused)) == (1, MANY - 1)
    sessions = await mesh.rows("SELECT FROM sessions WHERE org_id = $1", owner.org_id)
    assert len(sessions) == 2


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "after a password"])
async def test_a_challenge_is_over_after_one_answer_even_a_wrong_one(mesh, owner, sign_in, refusal, alone):
    passkey = await Factors(owner).add_passkey(Authenticator(step=0))
    challenge = await sign_in.asked_of_anybody() if alone else await sign_in.asked(owner)
    stranger = replace(Authenticator(), handle=passkey.handle)
    refused = await refusal(sign_in.by_passkey(challenge, stranger))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert (await refusal(sign_in.by_passkey(challenge, passkey))).reason_name == "CHALLENGE_INVALID"


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "after a password"])
async def test_what_was_signed_for_one_challenge_answers_no_other(mesh, owner, sign_in, refusal, alone):
    passkey = await Factors(owner).add_passkey(Authenticator(step=0))
    ask = sign_in.asked_of_anybody if alone else lambda: sign_in.asked(owner)
    caught = signed(await ask(), passkey)
    refused = await refusal(sign_in.complete(await ask(), passkey=caught))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert await last_refusal(mesh, owner) == "passkey"


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_nothing_is_taken_that_was_not_signed_for_us(mesh, owner, passkey, sign_in, refusal, lie):
    for challenge in (await sign_in.asked(owner), await sign_in.asked_of_anybody()):
        lying = replace(passkey, **lie, count=passkey.count + 10)
        assert (await refusal(sign_in.by_passkey(challenge, lying))).reason_name == "SECOND_FACTOR_INVALID"
    started = await Factors(owner).start_passkey()
    made = replace(Authenticator(), **lie).create(options_of(started.options))
    refused = await refusal(Factors(owner).finish_passkey(started.challenge_token, made))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert len((await Factors(owner).listed()).factors) == 1


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
async def test_a_changed_answer_is_noticed(owner, passkey, sign_in, refusal, part):
    challenge = await sign_in.asked(owner)
    answer = passkey.get(options_of(challenge.passkey_options))
    text = answer["response"][part]
    answer["response"][part] = text[:30] + ("A" if text[30] != "A" else "B") + text[31:]
    refused = await refusal(sign_in.complete(challenge, passkey=struct(answer)))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"


async def test_a_copied_passkey_is_noticed(mesh, owner, passkey, sign_in, refusal):
    copy = replace(passkey)
    for _ in range(3):
        await sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey)
    for challenge in (await sign_in.asked_of_anybody(), await sign_in.asked(owner)):
        assert (await refusal(sign_in.by_passkey(challenge, copy))).reason_name == "SECOND_FACTOR_INVALID"
        assert await last_refusal(mesh, owner) == "passkey copied: its count did not grow"
    silent = replace(passkey, count=0, step=0)
    refused = await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), silent))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert await sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey)


async def test_a_forger_does_not_make_a_passkey_look_copied(mesh, owner, passkey, sign_in, refusal):
    forged = replace(Authenticator(), id=passkey.id, handle=passkey.handle, count=-1)
    await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), forged))
    assert await last_refusal(mesh, owner) == "passkey"


async def test_of_equal_counts_at_once_one_is_the_first(mesh, owner, passkey, sign_in):
    challenges = [await sign_in.asked_of_anybody() for _ in range(8)]
    proofs = [(one, signed(one, replace(passkey))) for one in challenges]
    went_well, _ = await at_once(sign_in.complete(one, passkey=proof) for one, proof in proofs)
    assert len(went_well) == 1


async def test_a_passkey_opens_its_own_account_alone(mesh, owner, passkey, sign_in, refusal):
    other = await mesh.register()
    theirs = await Factors(other).add_passkey()
    answers = {
        "another's passkey": theirs,
        "under this name": replace(theirs, handle=passkey.handle),
        "under this id": replace(theirs, id=passkey.id),
        "under both": replace(theirs, id=passkey.id, handle=passkey.handle),
        "the right one under another name": replace(passkey, handle=theirs.handle, count=50),
    }
    for what, lying in answers.items():
        refused = await refusal(sign_in.by_passkey(await sign_in.asked(owner), lying))
        assert refused.reason_name == "SECOND_FACTOR_INVALID", what
    for what, lying in list(answers.items())[1:]:
        refused = await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), lying))
        assert refused.reason_name == "SECOND_FACTOR_INVALID", what


@pytest.mark.parametrize("name", [b"", b"x", bytes(32), bytes(33), uuid4().bytes * 2], ids=len)
async def test_a_passkey_that_nobody_has_is_not_recorded(mesh, owner, passkey, sign_in, refusal, name):
    before = len(await mesh.audited(owner.org_id))
    for handle_ in (name, passkey.handle):
        stranger = replace(Authenticator(), handle=handle_)
        refused = await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), stranger))
        assert refused.reason_name == "SECOND_FACTOR_INVALID"
    assert len(await mesh.audited(owner.org_id)) == before


async def test_alone_it_takes_a_passkey(owner, sign_in, refusal):
    app = await Factors(owner).add_totp()
    for proof in ({"totp_code": await app.fresh()}, {"recovery_code": app.recovery_codes[0]}):
        refused = await refusal(sign_in.complete(await sign_in.asked_of_anybody(), **proof))
        assert refused.reason_name == "SECOND_FACTOR_INVALID"


async def test_a_disabled_user_does_not_come_in_by_passkey(mesh, owner, sign_in, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    passkey = await Factors(member).add_passkey()
    user = await owner.get_user(member.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    refused = await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"


async def test_a_removed_passkey_opens_nothing(mesh, owner, passkey, sign_in, refusal):
    (factor,) = (await Factors(owner).listed()).factors
    await Factors(owner).delete(factor.name)
    refused = await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey))
    assert refused.reason_name == "SECOND_FACTOR_INVALID"


async def test_a_passkey_is_added_once_for_each_time_it_is_asked_for(mesh, owner, refusal):
    started = await Factors(owner).start_passkey()
    made = Authenticator().create(options_of(started.options))
    added, refused = await at_once(
        Factors(owner).finish_passkey(started.challenge_token, made) for _ in range(8)
    )
    assert (len(added), len(refused)) == (1, 7)
    assert len(added[0].recovery_codes) == 10
    assert len((await Factors(owner).listed()).factors) == 1


async def test_nobody_adds_a_passkey_to_another(mesh, owner, refusal, role):
    colleague, stranger = await mesh.member(owner, role.OWNER), await mesh.register()
    for caller in (colleague, stranger):
        started = await Factors(owner).start_passkey()
        made = Authenticator().create(options_of(started.options))
        refused = await refusal(Factors(caller).finish_passkey(started.challenge_token, made))
        assert refused.reason_name == "CHALLENGE_INVALID"
        assert not (await Factors(caller).listed()).factors


async def test_the_same_credential_is_not_added_twice(mesh, owner, passkey, refusal):
    refused = await refusal(Factors(owner).add_passkey(replace(passkey)))
    assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "PRESENT"})


json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8) | st.just("eyJ9"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")
credentials = st.dictionaries(st.sampled_from(("id", "rawId", "type", "response", "x")), json) | st.builds(
    lambda **response: {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response},
    **{name: json | st.binary(max_size=80).map(b64) for name in FIELDS},
)


@given(credentials)
def test_what_is_no_credential_breaks_nothing(credential):
    with pytest.raises(BadPasskeyError):
        PARTY.made(credential, b"x" * 32)
    with pytest.raises(BadPasskeyError):
        PARTY.sign_count(credential, b"x" * 32, Passkey(UUID(int=1), b"id", b"key", synced=False))
    assert owner_of(credential) is None or isinstance(owner_of(credential), tuple)
    assert isinstance(id_of(credential), bytes)


@given(st.sampled_from(("clientDataJSON", "attestationObject")), st.integers(0, 400), st.integers(1, 255))
def test_a_new_passkey_with_a_changed_byte_breaks_nothing(part, place, flip):
    """It need not be refused: attestation `none` is not signed, so another key is another passkey."""
    made = Authenticator().create({"user": {"id": "AAAA"}, "challenge": b64(b"x" * 32)})
    body = bytearray(unb64(made["response"][part]))
    body[place % len(body)] ^= flip
    made["response"][part] = b64(bytes(body))
    with contextlib.suppress(BadPasskeyError):
        assert PARTY.made(made, b"x" * 32).public_key
