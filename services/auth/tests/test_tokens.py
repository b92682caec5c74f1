"""Access tokens: what they say, who verifies them, and every forgery refused."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from auth_service.keys.wrapping import KeyWrap
from bloom.auth.v1 import auth_service_pb2
from service_runtime.clients import RemoteKeys
from service_runtime.identity import ACCESS_TYPE, WORKLOAD_TYPE, TokenVerifier, identify
from service_runtime.policy import permissions_of

WORKLOAD_SECRET = "only-contracts-knows-this-one"
GONE = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def real_key(mesh):
    """The key that signs: with it a test shows which checks do not rest on the signature."""
    (row,) = await mesh.rows("SELECT kid, wrapped FROM signing_keys WHERE active")
    private = KeyWrap(mesh.settings.jwt_secret).unwrap(row["wrapped"], row["kid"])
    return ECKey.import_key(json.loads(private)), row["kid"]


@pytest.fixture
def with_token(owner):
    """Calls GetMe with a token."""
    return lambda token: type(owner)(owner.mesh, token).me()


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


async def test_a_token_says_who_where_and_what(mesh, owner, role):
    decoded = await mesh.decoded(owner.access_token)
    claims = decoded.claims
    assert decoded.header["typ"] == "at+jwt"
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("bloom-auth", "bloom", owner.name)
    assert claims["org"] == str(owner.org_id)
    assert claims["roles"] == ["OWNER"]
    assert claims["perms"] == sorted(permissions_of(role.OWNER))
    assert claims["exp"] - claims["iat"] == 600
    assert claims["sid"]


async def test_other_services_verify_it_with_the_published_keys(mesh, owner):
    verifier = TokenVerifier(RemoteKeys(mesh.channel))
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    identity = await identify(verifier, owner.access_token, workload)
    assert (identity.subject, identity.org_id, identity.workload) == (owner.name, owner.org_id, "contracts")


async def test_only_public_parts_are_published(mesh):
    body = await mesh.auth.GetJwks(auth_service_pb2.GetJwksRequest())
    assert body.content_type == "application/json"
    for key in json.loads(body.data)["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


async def test_a_token_is_needed(mesh, refusal):
    assert (await refusal(mesh.auth.GetMe(auth_service_pb2.GetMeRequest()))).reason_name == "TOKEN_MISSING"


async def test_a_changed_claim_is_noticed(owner, refusal, with_token):
    head, body, signature = owner.access_token.split(".")
    for forged in (
        f"{head}.{b64(b'{}')}.{signature}",
        f"{head}.{body}.{b64(bytes(64))}",
        f"{head}.{body}.",
        owner.access_token[:-10],
        "not a token",
    ):
        assert (await refusal(with_token(forged))).reason_name == "TOKEN_INVALID"


async def test_no_other_algorithm_is_taken(mesh, owner, refusal, with_token, real_key):
    """`none`, and HMAC with the public key as its secret (CVE-2015-9235)."""
    key, kid = real_key
    body = owner.access_token.split(".")[1]
    secrets = [key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()]
    for secret in secrets:
        head = b64(json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": kid}).encode())
        signature = hmac.digest(secret, f"{head}.{body}".encode(), "sha256")
        assert (await refusal(with_token(f"{head}.{body}.{b64(signature)}"))).reason_name == "TOKEN_INVALID"
    for name in ("none", "None", "ES384"):
        head = b64(json.dumps({"alg": name, "typ": "at+jwt", "kid": kid}).encode())
        assert (await refusal(with_token(f"{head}.{body}."))).reason_name == "TOKEN_INVALID"


async def test_a_foreign_key_with_our_id_is_refused(mesh, owner, refusal, with_token, real_key):
    header = {"alg": "ES256", "typ": ACCESS_TYPE, "kid": real_key[1]}
    token = jwt.encode(header, await mesh.claims(owner.access_token), ECKey.generate_key("P-256"))
    assert (await refusal(with_token(token))).reason_name == "TOKEN_INVALID"


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "TOKEN_EXPIRED"),
        ({"iss": "somebody"}, "TOKEN_INVALID"),
        ({"aud": "elsewhere"}, "TOKEN_INVALID"),
        ({"org": "none"}, "TOKEN_INVALID"),
        ({"sub": f"users/{GONE}"}, "TOKEN_INVALID"),
        ({}, ""),
    ],
)
async def test_claims_are_checked_as_well(mesh, owner, refusal, with_token, real_key, different, reason):
    key, kid = real_key
    claims = {**await mesh.claims(owner.access_token), **different}
    call = with_token(jwt.encode({"alg": "ES256", "typ": ACCESS_TYPE, "kid": kid}, claims, key))
    if reason:
        assert (await refusal(call)).reason_name == reason
    else:
        assert (await call).subject == owner.name


async def test_the_two_kinds_of_token_do_not_stand_in_for_each_other(mesh, owner, refusal, with_token):
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    assert (await mesh.decoded(workload)).header["typ"] == WORKLOAD_TYPE
    assert (await refusal(with_token(workload))).reason_name == "TOKEN_INVALID"
    as_workload = mesh.exchange(owner.name, owner.organization, owner.access_token)
    assert (await refusal(as_workload)).reason_name == "TOKEN_INVALID"


async def test_me_is_refused_when_the_user_was_disabled(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    assert (await refusal(member.me())).reason_name == "TOKEN_INVALID"


async def test_a_workload_gets_a_token_that_grants_nothing(mesh):
    pair = await mesh.issue("contracts", WORKLOAD_SECRET)
    claims = await mesh.claims(pair.access_token)
    assert claims["sub"] == "workloads/contracts"
    assert not {"perms", "roles", "org"} & set(claims)
    assert pair.refresh_token == ""


@pytest.mark.parametrize(
    ("client", "secret"),
    [
        ("contracts", "wrong"),
        ("contracts", ""),
        ("nobody", WORKLOAD_SECRET),
        (GONE, "bsa_" + "A" * 64),
        (GONE, "é"),
    ],
)
async def test_a_wrong_client_or_secret_is_refused_alike(mesh, refusal, client, secret):
    refused = await refusal(mesh.issue(client, secret or "-"))
    assert refused.reason_name == "CREDENTIALS_INVALID"
    assert refused.message == "The client id or the client secret is wrong."


async def test_an_exchange_gives_the_subject_as_it_is_now(mesh, owner, role):
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.roles[:] = [role.LEGAL]
    await owner.update_user(user, "roles")
    pair = await mesh.exchange(member.name, owner.organization, workload)
    claims = await mesh.claims(pair.access_token)
    assert (claims["sub"], claims["roles"], claims["org"]) == (member.name, ["LEGAL"], str(owner.org_id))
    assert claims["act"] == {"sub": "workloads/contracts"}
    assert "sid" not in claims
    assert pair.refresh_token == ""
    event = (await mesh.audited(owner.org_id))[-1]
    assert (event["action"], event["resource"], event["workload"]) == (
        "token.exchanged",
        member.name,
        "contracts",
    )


async def test_an_exchange_for_a_service_account(mesh, owner, role):
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    made = await owner.create_service_account(role.VIEWER)
    pair = await mesh.exchange(made.service_account.name, owner.organization, workload)
    assert (await mesh.claims(pair.access_token))["sub"] == made.service_account.name


async def test_an_exchange_for_somebody_who_is_gone_disabled_or_foreign_is_refused(
    mesh, owner, refusal, role
):
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    other, member = await mesh.register(), await mesh.member(owner, role.VIEWER)
    for subject, organization in (
        (other.name, owner.organization),
        (f"users/{uuid4()}", owner.organization),
        (f"serviceAccounts/{uuid4()}", owner.organization),
        (owner.name, f"organizations/{uuid4()}"),
        (f"users/{'-' * 36}", owner.organization),
    ):
        assert (await refusal(mesh.exchange(subject, organization, workload))).reason_name == "NOT_FOUND"
    user = await owner.get_user(member.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    refused = await refusal(mesh.exchange(member.name, owner.organization, workload))
    assert (refused.reason_name, refused.metadata) == ("STATE_FORBIDS", {"state": "DISABLED"})


async def test_a_user_cannot_exchange_even_as_owner(mesh, owner, refusal):
    request = auth_service_pb2.ExchangeTokenRequest(subject=owner.name, organization=owner.organization)
    refused = await refusal(mesh.tokens.ExchangeToken(request, metadata=owner.metadata))
    assert refused.reason_name == "WORKLOAD_REQUIRED"


async def test_a_workload_that_left_the_settings_cannot_exchange(start, mesh, owner, refusal):
    workload = (await mesh.issue("contracts", WORKLOAD_SECRET)).access_token
    async with start(workload_secrets="{}") as later:
        refused = await refusal(later.exchange(owner.name, owner.organization, workload))
    assert refused.reason_name == "WORKLOAD_REQUIRED"
