"""What admins do with connections and domains, and what they cannot."""

# ruff: noqa: F811  fixtures are asked for by the names that they are imported by

import asyncio
from uuid import uuid4

from auth_service.sso.domain_records import DomainRecords
from auth_service.sso.service import MOST_CONNECTIONS, MOST_DOMAINS
from bloom.auth.v1 import sso_service_pb2
from services.auth.tests.single_sign_on import CLIENT_SECRET, Sso
from services.auth.tests.test_sso import (  # noqa: F401
    admin,
    connection,
    domain,
    mesh,
    nobody,
    other_site,
    records,
    site,
)

NOWHERE = f"ssoConnections/{'0' * 8}-0000-4000-8000-{'0' * 12}"


async def listed(caller: Sso) -> list[str]:
    request = sso_service_pb2.ListSsoConnectionsRequest()
    answer = await caller.stub.ListSsoConnections(request, metadata=caller._metadata)
    return [each.name for each in answer.connections]


async def test_connections_are_seen_by_their_own_organization_and_never_with_a_secret(
    mesh, admin, connection, refusal
):
    assert await admin.get(connection.name) == connection
    assert connection.client_secret == ""
    assert await listed(admin) == [connection.name]
    stranger = Sso(mesh, await mesh.register())
    assert await listed(stranger) == []
    assert (await refusal(stranger.get(connection.name))).reason_name == "NOT_FOUND"


async def test_nothing_is_done_to_what_is_not_there(admin, domain, refusal):
    for call in (
        admin.get(NOWHERE),
        admin.update(NOWHERE, "display_name", display_name="x"),
        admin.delete(NOWHERE),
        admin.add(NOWHERE, domain),
        admin.verify(NOWHERE, domain),
        admin.remove(NOWHERE, domain),
    ):
        assert (await refusal(call)).reason_name == "NOT_FOUND"


async def test_there_is_room_for_few(admin, site, connection, refusal):
    for _ in range(MOST_CONNECTIONS - 1):
        await admin.create(site)
    assert (await refusal(admin.create(site))).reason_name == "STATE_FORBIDS"
    for number in range(MOST_DOMAINS - 1):
        await admin.add(connection.name, f"d{number}-{uuid4().hex[:8]}.example")
    refused = await refusal(admin.add(connection.name, "one-more.example"))
    assert refused.reason_name == "STATE_FORBIDS"


async def test_a_change_of_another_version_is_refused(mesh, owner, admin, connection, refusal):
    """And one that changes nothing is none."""
    old = connection.etag
    renamed = await admin.update(connection.name, "display_name", display_name="Renamed", etag=old)
    assert (renamed.display_name, renamed.etag != old) == ("Renamed", True)
    stale = admin.update(connection.name, "display_name", display_name="Again", etag=old)
    assert (await refusal(stale)).reason_name == "ETAG_MISMATCH"
    before = await mesh.actions(owner.org_id)
    assert await admin.update(connection.name, "display_name", display_name="Renamed") == renamed
    assert await mesh.actions(owner.org_id) == before


async def test_another_issuer_is_never_told_the_old_ones_secret(
    mesh, owner, admin, nobody, connection, site, other_site, domain, refusal
):
    refused = await refusal(admin.update(connection.name, "issuer", issuer=other_site.issuer))
    assert refused.reason_name == "INVALID_FIELD"
    fields = {
        "issuer": other_site.issuer,
        "client_id": other_site.client().id,
        "client_secret": CLIENT_SECRET,
    }
    await admin.update(connection.name, *fields, **fields)
    signed_in = await nobody.sign_in(other_site.person(f"ann@{domain}"))
    assert signed_in.tokens.access_token
    [told] = [
        event["detail"] for event in await mesh.audited(owner.org_id)
        if event["action"] == "sso_connection.updated"
    ]  # fmt: skip
    assert (told["issuer_before"], told["issuer"], told["secret"]) == (site.issuer, other_site.issuer, True)
    assert CLIENT_SECRET not in str(told)


async def test_a_deleted_connection_leads_in_nobody_and_frees_its_domain(
    mesh, owner, admin, nobody, connection, site, domain, records
):
    await admin.delete(connection.name)
    assert await listed(admin) == []
    assert not (await nobody.start(f"ann@{domain}")).authorization_url
    other = Sso(mesh, await mesh.register())
    made = await other.create(site)
    assert (await other.own(made.name, domain, records)).domains[0].verified
    assert "sso_connection.deleted" in await mesh.actions(owner.org_id)


async def test_a_domain_is_verified_by_its_record_and_by_one_organization(
    mesh, admin, connection, site, domain, records, refusal
):
    again = await admin.add(connection.name, domain)
    assert again.domains == connection.domains
    other = Sso(mesh, await mesh.register())
    theirs = await other.add((await other.create(site)).name, domain)
    assert (await refusal(other.verify(theirs.name, domain))).reason_name == "SSO_DOMAIN_UNVERIFIED"
    records.put(theirs.domains[0].txt_name, theirs.domains[0].txt_value)
    refused = await refusal(other.verify(theirs.name, domain))
    assert (refused.reason_name, refused.metadata["cause"]) == ("SSO_DOMAIN_UNVERIFIED", "TAKEN")
    await admin.remove(connection.name, domain)
    assert (await other.verify(theirs.name, domain)).domains[0].verified


async def test_a_domain_stands_under_one_connection(admin, connection, site, domain, refusal):
    second = await admin.create(site)
    assert (await refusal(admin.add(second.name, domain))).reason_name == "ALREADY_EXISTS"
    unchanged = await admin.remove(second.name, domain)
    assert unchanged.etag == second.etag
    assert (await refusal(admin.verify(second.name, domain))).reason_name == "NOT_FOUND"
    await admin.add(second.name, "another.example")
    assert (await refusal(admin.verify(second.name, domain))).reason_name == "NOT_FOUND"


async def test_what_was_looked_up_must_be_what_is_there(admin, site, domain, records, refusal, monkeypatch):
    """Somebody removes the domain and adds it anew while DNS is asked: the record was for the old text."""
    made = await admin.create(site)
    claimed = (await admin.add(made.name, domain)).domains[0]
    records.put(claimed.txt_name, claimed.txt_value)
    looking, go_on, shows = asyncio.Event(), asyncio.Event(), DomainRecords.shows

    async def slowly(*arguments):
        found = await shows(*arguments)
        looking.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(DomainRecords, "shows", slowly)
    verifying = asyncio.create_task(refusal(admin.verify(made.name, domain)))
    await looking.wait()
    await admin.remove(made.name, domain)
    await admin.add(made.name, domain)
    go_on.set()
    assert (await verifying).reason_name == "SSO_DOMAIN_UNVERIFIED"


async def test_who_lacks_what_admins_have_makes_no_way_in(mesh, owner, site, refusal, role):
    manager = await owner.create_role("SSO_MANAGE")
    user = await owner.create_user(role.VIEWER, custom=(manager.name,))
    caller = Sso(mesh, await mesh.login(user.email))
    assert (await refusal(caller.create(site))).reason_name == "PERMISSION_DENIED"
