"""Signing in through a provider: who comes in, as whom, and everything that must not work."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from auth_service.accounts.model import normalized
from bloom.options.v1 import policy_pb2
from oidc_provider.dns_responder import Records, responding
from oidc_provider.provider import Fault, Provider
from oidc_provider.server import serving
from services.auth.tests.conftest import PASSWORD
from services.auth.tests.second_factors import Factors, SignIn
from services.auth.tests.single_sign_on import CLIENT_SECRET, PUBLIC_URL, Back, Site, Sso, asked_in, chosen
from services.auth.tests.test_invitations import accept, invite
from services.auth.tests.test_memberships import switch


@pytest.fixture
def records():
    return Records()


@pytest.fixture
async def site(records):
    provider = Provider()
    async with serving(provider, records) as issuer:
        yield Site(issuer, provider)


@pytest.fixture
async def other_site(records):
    provider = Provider()
    async with serving(provider, records) as issuer:
        yield Site(issuer, provider)


@pytest.fixture
async def mesh(start, site, other_site, records):
    """In place of the usual one: it knows the local providers and the local DNS."""
    async with responding(records) as dns:
        issuers = [site.issuer, other_site.issuer]
        async with start(
            sso_insecure_issuers=issuers, sso_dns_servers=[dns], public_url=PUBLIC_URL
        ) as running:
            yield running


@pytest.fixture
def domain():
    return f"{uuid4().hex[:12]}.example"


@pytest.fixture
def admin(mesh, owner):
    return Sso(mesh, owner)


@pytest.fixture
async def connection(admin, site, domain, records):
    made = await admin.create(site)
    return await admin.own(made.name, domain, records)


@pytest.fixture
def nobody(mesh):
    return Sso(mesh)


async def cause_of(mesh, owner) -> str:
    refused = [event for event in await mesh.audited(owner.org_id) if event["action"] == "sso.refused"]
    return refused[-1]["detail"]["cause"]


async def test_a_person_comes_in_and_is_made_with_the_default_roles(
    mesh, owner, nobody, connection, site, domain
):
    person = site.person(f"Ann@{domain}", name="Ann Arbor")
    started = await nobody.start(person.email, path="/contracts?page=2")
    answer = await nobody.finish(await chosen(started, person), started.browser_token)
    assert answer.return_path == "/contracts?page=2"
    assert (answer.user.email, answer.user.display_name) == (normalized(person.email), "Ann Arbor")
    assert list(answer.user.roles) == [policy_pb2.ROLE_VIEWER]
    claims = await mesh.claims(answer.tokens.access_token)
    assert (claims["org"], claims["sub"]) == (str(owner.org_id), answer.user.name)
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert (await mesh.refresh(answer.tokens.refresh_token)).access_token
    assert {"user.created", "sso.bound", "session.began"} <= set(await mesh.actions(owner.org_id))


async def test_who_came_before_is_the_same_user(nobody, connection, site, domain):
    person = site.person(f"ann@{domain}")
    first = await nobody.sign_in(person)
    assert (await nobody.sign_in(person)).user.name == first.user.name


async def test_the_request_asks_for_a_code_with_pkce_and_a_nonce(nobody, connection, site, domain):
    started = await nobody.start(f"ann@{domain}")
    asked = asked_in(started.authorization_url)
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/account/sso/callback"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) >= 32
    again = asked_in((await nobody.start(f"ann@{domain}")).authorization_url)
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


async def test_an_unknown_domain_learns_nothing_else(nobody, connection, site, domain, owner):
    for email in ("ann@nowhere.example", f"ann@sub.{domain}", "no-email", f"ann@{domain}.", f"ann@{domain}x"):
        answer = await nobody.start(email)
        if email != f"ann@{domain}.":
            assert (answer.authorization_url, answer.browser_token) == ("", "")
            assert not answer.HasField("expire_time")
    assert not (await nobody.start(organization=f"organizations/{uuid4()}")).authorization_url
    assert (await nobody.start(organization=owner.organization)).authorization_url


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\tb"])
async def test_a_return_path_stays_with_us(nobody, refusal, path):
    refused = await refusal(nobody.start("a@b.example", path=path))
    assert refused.reason_name == "INVALID_FIELD"


async def test_a_state_is_good_once(mesh, owner, nobody, connection, site, domain, refusal):
    person = site.person(f"ann@{domain}")
    site.provider.faults = {Fault.CARELESS_CODES}
    started = await nobody.start(person.email)
    back = await chosen(started, person)
    both = await asyncio.gather(
        *(nobody.finish(back, started.browser_token) for _ in range(4)), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in both) == 1
    refused = await refusal(nobody.finish(back, started.browser_token))
    assert refused.reason_name == "SSO_REFUSED"


async def test_a_state_ends_after_ten_minutes(mesh, owner, nobody, connection, site, domain, refusal):
    person = site.person(f"ann@{domain}")
    started = await nobody.start(person.email)
    back = await chosen(started, person)
    (row,) = await mesh.rows(
        "SELECT expires_at - now() AS left FROM sso_flows WHERE org_id = $1", owner.org_id
    )
    assert 540 < row["left"].total_seconds() <= 600
    await mesh.rows("UPDATE sso_flows SET expires_at = now() WHERE org_id = $1", owner.org_id)
    refused = await refusal(nobody.finish(back, started.browser_token))
    assert refused.reason_name == "SSO_REFUSED"


async def test_nothing_of_a_flow_lies_open_in_the_database(mesh, owner, nobody, connection, site, domain):
    started = await nobody.start(f"ann@{domain}")
    (row,) = await mesh.rows("SELECT * FROM sso_flows WHERE org_id = $1", owner.org_id)
    stored, asked = str(dict(row)), asked_in(started.authorization_url)
    for secret in (asked["state"], asked["nonce"], started.browser_token):
        assert secret not in stored


async def test_a_code_is_good_once(mesh, owner, nobody, connection, site, domain, refusal):
    person = site.person(f"ann@{domain}")
    first, second = await nobody.start(person.email), await nobody.start(person.email)
    back = await chosen(first, person)
    await nobody.finish(back, first.browser_token)
    stolen = await chosen(second, person)
    again = Back(stolen.state, back.code, back.issuer)
    assert (await refusal(nobody.finish(again, second.browser_token))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "PROVIDER_REFUSED"


async def test_a_code_of_another_flow_has_another_nonce(
    mesh, owner, nobody, connection, site, domain, refusal
):
    """Also where the provider looks at neither verifier nor reuse: injected codes end at the nonce."""
    site.provider.faults = {Fault.CARELESS_CODES}
    person = site.person(f"ann@{domain}")
    victim, attacker = await nobody.start(person.email), await nobody.start(person.email)
    stolen, own = await chosen(victim, person), await chosen(attacker, person)
    injected = Back(own.state, stolen.code, own.issuer)
    assert (await refusal(nobody.finish(injected, attacker.browser_token))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "NONCE_OTHER"


async def test_the_provider_wants_the_verifier_of_the_challenge(
    mesh, owner, nobody, connection, site, domain, refusal
):
    person = site.person(f"ann@{domain}")
    started = await nobody.start(person.email)
    back = await chosen(started, person, code_challenge="A" * 43)
    assert (await refusal(nobody.finish(back, started.browser_token))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "PROVIDER_REFUSED"


async def test_a_stolen_code_is_worth_nothing_without_the_verifier(nobody, connection, site, domain):
    person = site.person(f"ann@{domain}")
    back = await chosen(await nobody.start(person.email), person)
    form = {
        "grant_type": "authorization_code",
        "code": back.code,
        "redirect_uri": f"{PUBLIC_URL}/account/sso/callback",
    }
    async with httpx.AsyncClient(trust_env=False, auth=(connection.client_id, CLIENT_SECRET)) as client:
        assert (await client.post(f"{site.issuer}/token", data=form)).status_code == 400


async def test_another_browser_brings_another_token(nobody, connection, site, domain, refusal):
    """Login CSRF, and whoever stole state and code; the right browser still comes in afterwards."""
    person = site.person(f"ann@{domain}")
    started, elsewhere = await nobody.start(person.email), await nobody.start(person.email)
    back = await chosen(started, person)
    for token in (elsewhere.browser_token, "x"):
        assert (await refusal(nobody.finish(back, token))).reason_name == "SSO_REFUSED"
    assert (await nobody.finish(back, started.browser_token)).user.email == person.email


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (Fault.WRONG_NONCE, "NONCE_OTHER"),
        (Fault.NO_NONCE, "NONCE_OTHER"),
        (Fault.WRONG_AUDIENCE, "AUDIENCE_OTHER"),
        (Fault.MORE_AUDIENCES, "AUDIENCE_OTHER"),
        (Fault.OTHER_PARTY, "AUDIENCE_OTHER"),
        (Fault.OTHER_ISSUER, "ISSUER_OTHER"),
        (Fault.EXPIRED, "EXPIRED"),
        (Fault.FROM_THE_FUTURE, "EXPIRED"),
        (Fault.ALG_NONE, "ALGORITHM_REFUSED"),
        (Fault.ALG_HS256, "ALGORITHM_REFUSED"),
        (Fault.FOREIGN_KEY, "SIGNATURE_WRONG"),
        (Fault.WRONG_ACCESS_TOKEN_HASH, "ACCESS_TOKEN_OTHER"),
    ],
)
async def test_an_id_token_that_is_not_true_leads_in_nobody(
    mesh, owner, nobody, connection, site, domain, refusal, fault, cause
):
    person = site.person(f"ann@{domain}")
    site.provider.faults = {fault}
    assert (await refusal(nobody.sign_in(person))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == cause
    assert not await mesh.rows("SELECT FROM users WHERE email = $1", person.email)
    site.provider.faults = set()
    assert (await nobody.sign_in(person)).user.email == person.email


@pytest.mark.parametrize("kind", ["RS256", "PS256"])
async def test_other_algorithms_with_public_keys_are_good(nobody, connection, site, domain, kind):
    site.provider.rotate(kind)
    assert (await nobody.sign_in(site.person(f"ann@{domain}"))).tokens.access_token


async def test_the_key_of_an_rsa_provider_is_no_secret_either(
    mesh, owner, nobody, connection, site, domain, refusal
):
    site.provider.rotate("RS256")
    site.provider.faults = {Fault.ALG_HS256}
    assert (await refusal(nobody.sign_in(site.person(f"ann@{domain}")))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "ALGORITHM_REFUSED"


async def test_the_issuer_that_comes_with_the_code_must_be_the_one(
    mesh, owner, nobody, connection, site, domain, refusal
):
    person = site.person(f"ann@{domain}")
    for told in ("", "https://another.example"):
        assert (await refusal(nobody.sign_in(person, issuer=told))).reason_name == "SSO_REFUSED"
        assert await cause_of(mesh, owner) == "ISSUER_OTHER"
    assert site.provider.asked.get("/token", 0) == 0


async def test_a_code_of_another_connection_is_not_mixed_up(
    mesh, owner, admin, nobody, connection, site, other_site, domain, records, refusal
):
    """A hostile provider sends the browser on to an honest one: its code is not told to the hostile one."""
    hostile_domain = f"{uuid4().hex[:12]}.example"
    hostile = await admin.create(other_site)
    await admin.own(hostile.name, hostile_domain, records)
    honest, lured = await nobody.start(f"ann@{domain}"), await nobody.start(f"eve@{hostile_domain}")
    person = site.person(f"ann@{domain}")
    victims = await chosen(honest, person, state=asked_in(lured.authorization_url)["state"])
    assert (await refusal(nobody.finish(victims, lured.browser_token))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "ISSUER_OTHER"
    assert other_site.provider.asked.get("/token", 0) == 0


async def test_a_provider_speaks_for_the_domains_of_its_own_connection_only(
    mesh, owner, admin, nobody, connection, other_site, domain, records, refusal
):
    contractors = f"{uuid4().hex[:12]}.example"
    other = await admin.create(other_site)
    await admin.own(other.name, contractors, records)
    started = await nobody.start(f"eve@{contractors}")
    back = await chosen(started, other_site.person(f"ann@{domain}"))
    assert (await refusal(nobody.finish(back, started.browser_token))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "DOMAIN_FOREIGN"


async def test_an_email_must_be_confirmed_and_of_the_domain(
    mesh, owner, nobody, connection, site, domain, refusal
):
    started = await nobody.start(f"ann@{domain}")
    back = await chosen(started, site.person(f"ann@{domain}", email_verified=False))
    assert (await refusal(nobody.finish(back, started.browser_token))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "EMAIL_UNVERIFIED"
    for email in ("ann@foreign.example", f"ann@sub.{domain}", f"ann@{domain}@foreign.example"):
        started = await nobody.start(f"ann@{domain}")
        back = await chosen(started, site.person(email))
        assert (await refusal(nobody.finish(back, started.browser_token))).reason_name == "SSO_REFUSED"
        assert await cause_of(mesh, owner) == "DOMAIN_FOREIGN"


async def test_the_user_of_another_organization_is_not_taken_over(
    mesh, owner, nobody, connection, site, domain, refusal, role
):
    stranger = await mesh.register()
    theirs = await stranger.create_user(role.ADMIN, email=f"ann@{domain}")
    person = site.person(theirs.email)
    assert (await refusal(nobody.sign_in(person))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "USER_OF_ANOTHER_ORGANIZATION"
    assert not await mesh.rows("SELECT FROM sso_subjects WHERE subject = $1", person.subject)


async def test_a_user_who_is_here_already_is_bound_by_the_first_sign_in(
    mesh, owner, nobody, connection, site, domain, role
):
    user = await owner.create_user(role.FINANCE, email=f"fin@{domain}")
    answer = await nobody.sign_in(site.person(user.email))
    assert answer.user.name == user.name
    assert list(answer.user.roles) == [role.FINANCE]
    assert (await mesh.actions(owner.org_id)).count("user.created") == 1


async def test_an_email_that_changes_hands_takes_nobody_over(
    mesh, owner, nobody, connection, site, domain, refusal
):
    ann = await nobody.sign_in(site.person(f"ann@{domain}"))
    bob = site.person(f"bob@{domain}")
    own = (await nobody.sign_in(bob)).user.name
    renamed = site.person(f"ann@{domain}")
    site.provider.people[bob.subject] = site.provider.people.pop(renamed.subject)
    object.__setattr__(site.provider.people[bob.subject], "subject", bob.subject)
    assert (await nobody.sign_in(site.provider.people[bob.subject])).user.name == own
    newcomer = site.person(f"ann@{domain}")
    assert (await refusal(nobody.sign_in(newcomer))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "USER_OF_ANOTHER_PERSON"
    assert own != ann.user.name


async def test_a_disabled_user_stays_out(mesh, owner, nobody, connection, site, domain, refusal):
    person = site.person(f"ann@{domain}")
    user = (await nobody.sign_in(person)).user
    user.disabled = True
    await owner.update_user(user, "disabled")
    assert (await refusal(nobody.sign_in(person))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "USER_DISABLED"


async def test_an_owner_is_let_in_by_no_provider(
    mesh, owner, admin, nobody, connection, site, domain, refusal, role
):
    """Admins choose the provider; one who chose his own would become an owner."""
    user = await owner.create_user(role.OWNER, email=f"boss@{domain}")
    assert (await refusal(nobody.sign_in(site.person(user.email)))).reason_name == "SSO_REFUSED"
    assert await cause_of(mesh, owner) == "USER_IS_OWNER"
    person = site.person(f"ann@{domain}")
    promoted = (await nobody.sign_in(person)).user
    promoted.roles.append(role.OWNER)
    await owner.update_user(promoted, "roles")
    assert (await refusal(nobody.sign_in(person))).reason_name == "SSO_REFUSED"


async def test_nobody_is_made_an_owner(mesh, owner, admin, nobody, connection, site, domain, refusal, role):
    made = await refusal(admin.create(site, roles=[role.OWNER]))
    changed = await refusal(admin.update(connection.name, "roles", roles=[role.VIEWER, role.OWNER]))
    assert (made.reason_name, changed.reason_name) == ("INVALID_FIELD", "INVALID_FIELD")
    with pytest.raises(Exception, match="roles"):
        await mesh.rows("UPDATE sso_connections SET roles = '{1}' WHERE org_id = $1", owner.org_id)


async def test_second_factors_are_asked_for_here_too(mesh, owner, nobody, connection, site, domain, role):
    user = await owner.create_user(role.VIEWER, email=f"ann@{domain}")
    caller = await mesh.login(user.email)
    factors = Factors(caller)
    app = await factors.start_totp()
    await factors.confirm_totp(app, app.code())
    answer = await nobody.sign_in(site.person(user.email))
    assert not answer.tokens.access_token
    assert answer.challenge.token


async def test_where_it_is_required_a_password_is_not_enough_but_for_owners(
    mesh, owner, admin, connection, site, domain, refusal, role
):
    user = await owner.create_user(role.ADMIN, email=f"ann@{domain}")
    boss = await owner.create_user(role.OWNER, email=f"boss@{domain}")
    elsewhere = await owner.create_user(role.VIEWER)
    await mesh.login(user.email)
    await admin.update(connection.name, "required", required=True)
    assert (await refusal(mesh.login(user.email))).reason_name == "SSO_REQUIRED"
    assert (await refusal(mesh.login(user.email, "wrong"))).reason_name == "CREDENTIALS_INVALID"
    for other in (boss, elsewhere):
        assert (await mesh.login(other.email)).name == other.name
    last = [event for event in await mesh.audited(owner.org_id) if event["action"] == "session.refused"][-2]
    assert (last["resource"], last["detail"]["sso_required"]) == (user.name, True)
    await admin.remove(connection.name, domain)
    assert (await mesh.login(user.email)).name == user.name


async def test_where_it_is_required_no_passkey_leads_around_it(
    mesh, owner, admin, connection, domain, refusal, role
):
    user = await owner.create_user(role.VIEWER, email=f"ann@{domain}")
    passkey = await Factors(await mesh.login(user.email)).add_passkey()
    await admin.update(connection.name, "required", required=True)
    sign_in = SignIn(mesh)
    refused = await refusal(sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey))
    assert refused.reason_name == "SSO_REQUIRED"
    await admin.update(connection.name, "required", required=False)
    assert (await sign_in.by_passkey(await sign_in.asked_of_anybody(), passkey)).tokens.access_token


async def test_where_it_is_required_an_invitation_makes_a_member_who_is_not_signed_in(
    mesh, owner, admin, nobody, connection, site, domain, refusal
):
    """Neither does a session in another organization of his lead around it."""
    await admin.update(connection.name, "required", required=True)
    person = await mesh.register(email=f"ann@{domain}")
    await invite(await mesh.verified(owner), person.email)
    answer = await accept(mesh, await mesh.token_of(person.email, "invitation"), PASSWORD)
    assert not answer.HasField("tokens")
    assert answer.user.name == person.name
    assert (await refusal(switch(person, owner.organization))).reason_name == "SSO_REQUIRED"
    signed_in = await nobody.sign_in(site.person(person.email))
    assert signed_in.user.name == person.name
    assert (await mesh.claims(signed_in.tokens.access_token))["org"] == str(owner.org_id)


async def test_whom_a_provider_brings_has_a_confirmed_email(mesh, nobody, connection, site, domain):
    await nobody.sign_in(site.person(f"ann@{domain}"))
    rows = await mesh.rows("SELECT verified_at FROM accounts WHERE email = $1", f"ann@{domain}")
    assert rows[0]["verified_at"]


async def test_the_requirement_of_one_organization_is_not_anothers(
    mesh, owner, admin, connection, domain, role
):
    stranger = await mesh.register()
    theirs = await stranger.create_user(role.VIEWER, email=f"ann@{domain}")
    await admin.update(connection.name, "required", required=True)
    assert (await mesh.login(theirs.email)).name == theirs.name


async def test_a_change_of_the_connection_ends_what_is_under_way(
    mesh, admin, nobody, connection, site, domain, refusal
):
    person = site.person(f"ann@{domain}")
    started = await nobody.start(person.email)
    back = await chosen(started, person)
    await admin.update(connection.name, "display_name", display_name="Renamed")
    assert (await refusal(nobody.finish(back, started.browser_token))).reason_name == "SSO_REFUSED"


async def test_keys_are_fetched_again_for_a_new_key_but_not_for_everybody_who_makes_one_up(
    site, domain, nobody, connection, refusal
):
    await nobody.sign_in(site.person(f"ann@{domain}"))
    assert site.provider.asked["/jwks.json"] == 1
    site.provider.rotate()
    for _ in range(3):
        assert (await refusal(nobody.sign_in(site.person(f"ann@{domain}")))).reason_name == "SSO_REFUSED"
    assert site.provider.asked["/jwks.json"] == 1


async def test_a_state_of_nobody_says_nothing_and_records_nothing(mesh, owner, nobody, connection, refusal):
    before = await mesh.actions(owner.org_id)
    for state in ("x", "bss_" + "A" * 86):
        refused = await refusal(nobody.finish(Back(state, "code", ""), "browser"))
        assert refused.reason_name == "SSO_REFUSED"
    assert await mesh.actions(owner.org_id) == before
    assert UUID(int=0) != owner.org_id
