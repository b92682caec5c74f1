"""Who calls: good tokens pass, every other kind is told apart and refused."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from uuid import uuid4

import pytest

from service_runtime.errors import DomainError
from service_runtime.identity import ACCESS_TYPE, TokenVerifier, identify


async def refusal(verifier: TokenVerifier, bearer: str, workload: str = "") -> str:
    with pytest.raises(DomainError) as refused:
        await identify(verifier, bearer, workload)
    return refused.value.reason_name


async def test_a_subject_and_a_workload_are_both_known(signer, verifier):
    org = uuid4()
    found = await identify(verifier, signer.subject(org, ("contracts.read",), sid="s1"), signer.workload())
    assert found.org_id == org
    assert found.permissions == {"contracts.read"}
    assert found.workload == "contracts"
    assert found.session_id == "s1"


async def test_the_token_does_not_print(signer, verifier):
    token = signer.subject()
    assert token not in repr(await identify(verifier, token, ""))


async def test_a_tampered_token_is_refused(signer, verifier):
    head, body, tail = signer.subject().split(".")
    other = signer.subject(permissions=("users.write",)).split(".")[1]
    assert await refusal(verifier, f"{head}.{other}.{tail}") == "TOKEN_INVALID"
    assert await refusal(verifier, f"{head}.{body}.{tail[:-4]}AAAA") == "TOKEN_INVALID"
    assert await refusal(verifier, "not-a-token") == "TOKEN_INVALID"


async def test_a_foreign_key_is_refused(signer, verifier):
    stranger = type(signer)()
    stranger.key = type(signer.key).generate_key("P-256", parameters={"kid": signer.key.kid})
    assert await refusal(verifier, stranger.subject()) == "TOKEN_INVALID"


async def test_an_expired_token_is_told_apart(signer, verifier):
    assert await refusal(verifier, signer.subject(exp=int(time.time()) - 60)) == "TOKEN_EXPIRED"


async def test_a_remembered_token_still_expires(signer):
    now = time.time()
    verifier = TokenVerifier(signer, clock=lambda: now)
    token = signer.subject(exp=int(now) + 30)
    await identify(verifier, token, "")
    now += 60
    assert await refusal(verifier, token) == "TOKEN_EXPIRED"


@pytest.mark.parametrize("claims", [{"iss": "someone"}, {"aud": "others"}, {"org": "x"}, {"perms": "all"}])
async def test_claims_that_are_not_ours_are_refused(signer, verifier, claims):
    assert await refusal(verifier, signer.subject(**claims)) == "TOKEN_INVALID"


async def test_a_workload_token_is_no_subject_and_the_other_way_round(signer, verifier):
    assert await refusal(verifier, signer.workload()) == "TOKEN_INVALID"
    assert await refusal(verifier, signer.subject(), signer.subject()) == "TOKEN_INVALID"


async def test_the_public_key_is_no_hmac_secret(signer, verifier):
    head = {"alg": "HS256", "kid": signer.key.kid, "typ": ACCESS_TYPE}
    body = {"iss": "bloom-auth", "aud": "bloom", "sub": "users/x", "exp": int(time.time()) + 60}
    signed = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, body))
    mac = hmac.digest(signer.key.as_pem(private=False), signed, "sha256")
    forged = (signed + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()
    assert await refusal(verifier, forged) == "TOKEN_INVALID"


async def test_an_unsigned_token_is_refused(signer, verifier):
    _, body, _ = signer.subject().split(".")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + body + "."
    assert await refusal(verifier, unsigned) == "TOKEN_INVALID"


async def test_a_rotated_key_is_fetched_and_forged_ids_do_not_flood(signer):
    verifier = TokenVerifier(signer, refetch_seconds=3600)
    await identify(verifier, signer.subject(), "")
    for _ in range(5):
        await refusal(verifier, type(signer)().subject())
    assert signer.fetches == 1
    patient = TokenVerifier(signer, refetch_seconds=0)
    await identify(patient, signer.subject(), "")
    signer.key = type(signer)().key
    await identify(patient, signer.subject(), "")
